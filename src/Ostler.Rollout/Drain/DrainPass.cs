using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Snapshot;

namespace Ostler.Rollout.Drain;

/// <summary>What one look at the pods of a node gave: what to evict, what is waited for, what is in the way.</summary>
public sealed record DrainPass
{
    /// <summary>Pods that must leave and may be evicted now, by namespace and name.</summary>
    public IReadOnlyList<PodFacts> Evict { get; init; } = [];

    /// <summary>Pods that are evicted when all those of a lower order are gone.</summary>
    public IReadOnlyList<PodFacts> Later { get; init; } = [];

    /// <summary>Pods on their way out.</summary>
    public IReadOnlyList<PodFacts> Terminating { get; init; } = [];

    /// <summary>Pods that are waited for until they have completed.</summary>
    public IReadOnlyList<PodFacts> Waiting { get; init; } = [];

    /// <summary>Pods that the policy does not allow to be evicted, and why.</summary>
    public IReadOnlyList<(PodFacts Pod, string Why)> Blocked { get; init; } = [];

    /// <summary>Pods that run on until the reboot: static ones, those of DaemonSets, those that a rule skips.</summary>
    public IReadOnlyList<PodFacts> Staying { get; init; } = [];

    /// <summary>How many pods do not have to leave: those that stay and those that have finished.</summary>
    public int Skipped { get; init; }

    /// <summary>Namespaces whose labels a rule asks for and that are not known yet.</summary>
    public IReadOnlyList<string> UnknownNamespaces { get; init; } = [];

    /// <summary>The rule that does not say which pods it is for, as a field path; null when all do.</summary>
    public string? RuleNotUnderstood { get; init; }

    /// <summary>Whether it is known what is to be done with every pod. Not knowing is never taken for drained.</summary>
    public bool Known { get; init; } = true;

    /// <summary>No pod is left to evict.</summary>
    public bool Completed => Known && Terminating.Count == 0 && IsOnlyTerminating;

    /// <summary>What is left, if anything, is on its way out.</summary>
    public bool IsOnlyTerminating => Known && Evict.Count == 0 && Later.Count == 0 && Waiting.Count == 0 && Blocked.Count == 0;

    /// <summary>All pods that must leave and are not on their way out.</summary>
    public IEnumerable<PodFacts> Left => [.. Evict, .. Later, .. Waiting, .. Blocked.Select(b => b.Pod)];

    /// <summary>Sorts the pods by what is to be done with them. Pods that are not known make a pass that is not completed.</summary>
    public static DrainPass Over(IReadOnlyList<PodFacts>? pods, DrainSpec spec)
    {
        if (pods is null)
        {
            return new() { Known = false };
        }

        var treated = pods.OrderBy(p => p.Namespace, StringComparer.Ordinal).ThenBy(p => p.Name, StringComparer.Ordinal)
            .Select(p => (Pod: p, Result: DrainFilters.Apply(p, spec))).ToList();
        var unknown = Of(DrainTreatment.Unknown).Select(p => p.Namespace).Distinct().ToArray();
        if (unknown.Length > 0)
        {
            return DrainRules.NotUnderstood(spec) is { } rule
                ? new() { Known = false, RuleNotUnderstood = rule }
                : new() { Known = false, UnknownNamespaces = unknown };
        }

        // An order begins when nothing of a lower one is left, on its way out or not.
        var now = treated.Where(t => t.Result.Treatment is not (DrainTreatment.Skip or DrainTreatment.Stay)).Min(t => (int?)t.Result.Order);
        var evict = treated.Where(t => t.Result.Treatment == DrainTreatment.Evict).ToLookup(t => t.Result.Order == now, t => t.Pod);
        PodFacts[] staying = [.. Of(DrainTreatment.Stay)];
        return new()
        {
            Evict = [.. evict[true]],
            Later = [.. evict[false]],
            Terminating = [.. Of(DrainTreatment.Wait)],
            Waiting = [.. Of(DrainTreatment.WaitCompleted)],
            Blocked = [.. treated.Where(t => t.Result.Treatment == DrainTreatment.Block).Select(t => (t.Pod, t.Result.Why))],
            Staying = staying,
            Skipped = staying.Length + Of(DrainTreatment.Skip).Count(),
        };

        IEnumerable<PodFacts> Of(DrainTreatment treatment) => treated.Where(t => t.Result.Treatment == treatment).Select(t => t.Pod);
    }
}
