namespace Ostler.Rollout.Traces;

/// <summary>A span that is over: something that took time, from recorded moments.</summary>
public sealed record SpanFacts
{
    public required SpanIdentity Id { get; init; }

    /// <summary>The span of the same trace that it is a part of; null: it is the root.</summary>
    public string? ParentSpanId { get; init; }

    /// <summary>What it was, from a small set: a step, <c>upgrade</c>, <c>rollout</c>, <c>node</c> or <c>halted</c>.</summary>
    public required string Name { get; init; }

    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>Never before <see cref="StartedAt"/>, though node and controller have clocks of their own.</summary>
    public required DateTimeOffset EndedAt { get; init; }

    public SpanResult Result { get; init; }

    /// <summary>How it ended, in one word: one of <see cref="Ostler.Api.Meta.Reasons"/>.</summary>
    public required string Reason { get; init; }

    /// <summary>How it ended, for people.</summary>
    public string? Message { get; init; }

    /// <summary>What it is about: <c>ostler.policy</c>, <c>k8s.node.name</c> and the like.</summary>
    public IReadOnlyList<KeyValuePair<string, object>> Attributes { get; init; } = [];

    /// <summary>Spans of other traces that belong to it.</summary>
    public IReadOnlyList<SpanIdentity> Links { get; init; } = [];
}

/// <summary>The three states that OpenTelemetry has for a span.</summary>
public enum SpanResult
{
    /// <summary>Neither: it was given up for reasons that are no failure, as a changed target.</summary>
    Unset,

    Ok,

    Error,
}
