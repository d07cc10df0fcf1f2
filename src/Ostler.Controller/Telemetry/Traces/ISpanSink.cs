using Ostler.Rollout.Traces;

namespace Ostler.Controller.Telemetry.Traces;

/// <summary>Takes spans that are over.</summary>
public interface ISpanSink
{
    /// <summary>Takes them. Never waits and never fails.</summary>
    void Take(IReadOnlyList<SpanFacts> spans);
}

/// <summary>Where nobody wants traces.</summary>
public sealed class NoSpans : ISpanSink
{
    public static NoSpans Instance { get; } = new();

    public void Take(IReadOnlyList<SpanFacts> spans)
    {
    }
}
