namespace Ostler.Kubernetes.Events;

/// <summary>Who records events, and how many.</summary>
public sealed record EventRecorderOptions
{
    /// <summary>The component, for example <c>ostler-controller</c>.</summary>
    public required string Component { get; init; }

    /// <summary>The pod or node on which it runs. Default: empty.</summary>
    public string Host { get; init; } = "";

    /// <summary>Events that wait to be sent; more are dropped and counted. Default 1000.</summary>
    public int Capacity { get; init; } = 1000;

    /// <summary>Events about one object at once before the spam filter drops them. Default 25.</summary>
    public int Burst { get; init; } = 25;

    /// <summary>The spam filter lets one more pass after each such time. Default 5 min.</summary>
    public TimeSpan RefillPeriod { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// Different messages for one object and reason within <see cref="SimilarWindow"/> before they become one. Default 10.
    /// </summary>
    public int MaxSimilar { get; init; } = 10;

    /// <summary>Default 10 min.</summary>
    public TimeSpan SimilarWindow { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Events, and objects, that are remembered. Default 1024 of each; the longest unused are forgotten.</summary>
    public int Remembered { get; init; } = 1024;

    /// <summary>How long a stopping recorder goes on sending what waits. Default 3 s.</summary>
    public TimeSpan FlushTimeout { get; init; } = TimeSpan.FromSeconds(3);
}
