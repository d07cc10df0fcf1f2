using Ostler.Api.Meta;
using Ostler.Rollout.Snapshot;

namespace Ostler.Rollout.Drain;

/// <summary>A PodDisruptionBudget as the eviction API judges by it.</summary>
public sealed record BudgetFacts
{
    public required string Namespace { get; init; }

    public required string Name { get; init; }

    /// <summary>Null selects no pod.</summary>
    public LabelSelector? Selector { get; init; }

    /// <summary>
    /// Whether it is served as policy/v1, where an empty selector selects every pod of the namespace; in v1beta1 it selects none.
    /// </summary>
    public bool IsV1 { get; init; } = true;

    /// <summary>Whether spec.unhealthyPodEvictionPolicy is AlwaysAllow.</summary>
    public bool AlwaysAllowsUnhealthy { get; init; }

    public int DisruptionsAllowed { get; init; }

    public int CurrentHealthy { get; init; }

    public int DesiredHealthy { get; init; }

    public int ExpectedPods { get; init; }

    /// <summary>Whether it would allow no disruption even with all of its pods healthy.</summary>
    public bool NeverAllows => DesiredHealthy >= ExpectedPods;

    public override string ToString() => $"{Namespace}/{Name}";
}

/// <summary>
/// Whether an eviction would be allowed, by what the API server looks at. Preflight asks the server itself, by a dry run; <c>kubectl ostler
/// doctor</c>, which may not evict, comes to the same answer by this. What a refusal means for a drain both ask <see cref="IsObstacle"/>.
/// </summary>
public static class BudgetRules
{
    /// <summary>The budgets that select a pod, by name.</summary>
    public static IReadOnlyList<BudgetFacts> Of(PodFacts pod, IEnumerable<BudgetFacts> budgets) =>
        [.. budgets.Where(b => b.Namespace == pod.Namespace && Selects(b.Selector, pod.Labels, b.IsV1)).OrderBy(b => b.Name, StringComparer.Ordinal)];

    /// <summary>No selector selects nothing. An empty one selects every pod in policy/v1, and none in v1beta1.</summary>
    public static bool Selects(LabelSelector? selector, IReadOnlyDictionary<string, string>? labels, bool isV1) =>
        selector is not null && (selector.IsEmpty ? isV1 : selector.Matches(labels));

    /// <summary>How the API server would answer an eviction of a pod that these budgets select.</summary>
    public static EvictionOutcome Judge(PodFacts pod, IReadOnlyList<BudgetFacts> budgets)
    {
        // A pod that does not run yet or any more disturbs nobody.
        if (budgets.Count == 0 || pod.Phase is "Pending" or "Succeeded" or "Failed" || pod.DeletionTimestamp is not null)
        {
            return EvictionOutcome.Accepted;
        }

        if (budgets is not [var budget])
        {
            return EvictionOutcome.SeveralBudgets;
        }

        // One that is not Ready counts for nothing in its budget.
        var unhealthy = !pod.Ready && (budget.AlwaysAllowsUnhealthy || (budget.DesiredHealthy > 0 && budget.CurrentHealthy >= budget.DesiredHealthy));
        return unhealthy || budget.DisruptionsAllowed > 0 ? EvictionOutcome.Accepted : EvictionOutcome.BlockedByBudget;
    }

    /// <summary>Whether the answer to an eviction, or to a dry run of it, keeps a node from being drained.</summary>
    public static bool IsObstacle(PodFacts pod, EvictionOutcome outcome) => outcome switch
    {
        EvictionOutcome.SeveralBudgets => true,
        // Its webhook refuses a dry run and a real eviction alike, and moves the machine for the latter.
        EvictionOutcome.BlockedByBudget when pod.MigratesOnEviction => false,
        // A cordon makes such a pod move, if there is somewhere to move to: without one it would only wait.
        EvictionOutcome.BlockedByBudget => !pod.MayMoveOnCordon || pod.ReadyPeers == 0,
        EvictionOutcome.Accepted or EvictionOutcome.Migrating or EvictionOutcome.Gone or EvictionOutcome.NamespaceTerminating or EvictionOutcome.Failed => false,
    };
}
