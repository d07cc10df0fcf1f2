using Ostler.Api;

namespace Ostler.Rollout;

/// <summary>What one look at the pods of a node gave: what to evict, what is waited for, what is in the way.</summary>
public sealed record DrainPass
{
    /// <summary>Pods that must leave and may be evicted, by namespace and name.</summary>
    public IReadOnlyList<PodFacts> Evict { get; init; } = [];

    /// <summary>Pods on their way out.</summary>
    public IReadOnlyList<PodFacts> Terminating { get; init; } = [];

    /// <summary>Pods that the policy does not allow to be evicted, and why.</summary>
    public IReadOnlyList<(PodFacts Pod, string Why)> Blocked { get; init; } = [];

    /// <summary>How many pods stay: finished ones, those of DaemonSets, static ones.</summary>
    public int Skipped { get; init; }

    /// <summary>Whether the pods are known at all. Not knowing is never taken for drained.</summary>
    public bool Known { get; init; } = true;

    /// <summary>No pod is left that must leave.</summary>
    public bool Completed => Known && Evict.Count == 0 && Terminating.Count == 0 && Blocked.Count == 0;

    /// <summary>Sorts the pods by what is to be done with them. Pods that are not known make a pass that is not completed.</summary>
    public static DrainPass Over(IReadOnlyList<PodFacts>? pods, DrainSpec spec)
    {
        if (pods is null)
        {
            return new() { Known = false };
        }

        var evict = new List<PodFacts>();
        var terminating = new List<PodFacts>();
        var blocked = new List<(PodFacts, string)>();
        var skipped = 0;
        foreach (var pod in pods.OrderBy(p => p.Namespace, StringComparer.Ordinal).ThenBy(p => p.Name, StringComparer.Ordinal))
        {
            var result = DrainFilters.Apply(pod, spec);
            switch (result.Treatment)
            {
                case DrainTreatment.Evict:
                    evict.Add(pod);
                    break;
                case DrainTreatment.Wait:
                    terminating.Add(pod);
                    break;
                case DrainTreatment.Block:
                    blocked.Add((pod, result.Why));
                    break;
                default:
                    skipped++;
                    break;
            }
        }

        return new() { Evict = evict, Terminating = terminating, Blocked = blocked, Skipped = skipped };
    }
}
