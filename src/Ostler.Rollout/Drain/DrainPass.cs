namespace Ostler.Rollout;

/// <summary>What one look at the pods of a node gave: what to evict now, what is waited for, what is in the way.</summary>
public sealed record DrainPass
{
    /// <summary>Pods to evict, in a fixed order.</summary>
    public IReadOnlyList<PodFacts> Evict { get; init; } = [];

    /// <summary>Pods on their way out.</summary>
    public IReadOnlyList<PodFacts> Terminating { get; init; } = [];

    /// <summary>Pods that the policy does not allow to be evicted, and why.</summary>
    public IReadOnlyList<(PodFacts Pod, string Why)> Blocked { get; init; } = [];

    /// <summary>How many pods stay: finished ones, those of DaemonSets, static ones.</summary>
    public int Skipped { get; init; }

    /// <summary>Whether the pods are known at all.</summary>
    public bool Known { get; init; } = true;

    /// <summary>No pod is left that must leave.</summary>
    public bool Completed => Known && Evict.Count == 0 && Terminating.Count == 0 && Blocked.Count == 0;
}
