using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Snapshot;

namespace Ostler.Rollout.Drain;

/// <summary>What a drain does with one pod.</summary>
internal enum DrainTreatment
{
    /// <summary>It stays: nothing of it runs any more.</summary>
    Skip,

    /// <summary>It stays and runs on: it belongs to the node, or a rule says so.</summary>
    Stay,

    /// <summary>What is to be done depends on something that is not known yet.</summary>
    Unknown,

    /// <summary>It is on its way out.</summary>
    Wait,

    /// <summary>It runs until it has completed.</summary>
    WaitCompleted,

    /// <summary>The policy forbids it to be evicted.</summary>
    Block,

    /// <summary>It is evicted.</summary>
    Evict,
}

/// <summary>What a drain does with one pod; for a pod in the way, why; and in which order.</summary>
internal readonly record struct DrainFilterResult(DrainTreatment Treatment, string Why = "", int Order = 0);

/// <summary>
/// The filters of a drain, in order; the first that speaks of a pod decides. The order is that of kubectl and Cluster API.
/// </summary>
internal static class DrainFilters
{
    private static readonly Func<PodFacts, DrainSpec, DrainRule?, DrainFilterResult?>[] Ordered =
    [
        Finished,
        Static,
        OfDaemonSet,
        RuleIsNotKnown,
        SkippedByRule,
        Terminating,
        OwnControllerWithoutOtherNode,
        WaitedForByRule,
        KeepsLocalData,
        Unmanaged,
    ];

    public static DrainFilterResult Apply(PodFacts pod, DrainSpec spec)
    {
        var rule = DrainRules.Find(pod, spec).Rule;
        foreach (var filter in Ordered)
        {
            if (filter(pod, spec, rule) is { } result)
            {
                return result with { Order = rule?.Order ?? 0 };
            }
        }

        return new(DrainTreatment.Evict, Order: rule?.Order ?? 0);
    }

    // Nothing of it runs; to delete it would only take its logs and its exit code from those who want them.
    private static DrainFilterResult? Finished(PodFacts pod, DrainSpec spec, DrainRule? rule) =>
        pod.Phase is "Succeeded" or "Failed" ? new(DrainTreatment.Skip) : null;

    // The API server would only delete the mirror, and the kubelet create it again.
    private static DrainFilterResult? Static(PodFacts pod, DrainSpec spec, DrainRule? rule) =>
        pod.IsMirror ? new(DrainTreatment.Stay) : null;

    // Its controller tolerates the cordon and would start it again here at once.
    private static DrainFilterResult? OfDaemonSet(PodFacts pod, DrainSpec spec, DrainRule? rule) =>
        pod.Controller?.Kind == "DaemonSet" ? new(DrainTreatment.Stay) : null;

    private static DrainFilterResult? RuleIsNotKnown(PodFacts pod, DrainSpec spec, DrainRule? rule) =>
        DrainRules.Find(pod, spec).Known ? null : new(DrainTreatment.Unknown);

    // Before Terminating: a pod that may stay is not waited for either.
    private static DrainFilterResult? SkippedByRule(PodFacts pod, DrainSpec spec, DrainRule? rule) =>
        rule?.Behavior == DrainBehavior.Skip ? new(DrainTreatment.Stay) : null;

    private static DrainFilterResult? Terminating(PodFacts pod, DrainSpec spec, DrainRule? rule) =>
        pod.DeletionTimestamp is null ? null : new(DrainTreatment.Wait);

    // Evicted, it would be Pending until the node is back, with nobody left to instruct the agent; and the chart's own budget would hold
    // the last replica for ever. It goes down with the node instead, and the kubelet starts it again. The agent needs no controller
    // meanwhile.
    private static DrainFilterResult? OwnControllerWithoutOtherNode(PodFacts pod, DrainSpec spec, DrainRule? rule) =>
        pod is { IsOstlerController: true, HasOtherNode: false } ? new(DrainTreatment.Stay) : null;

    // Before the protections: who is not evicted needs none.
    private static DrainFilterResult? WaitedForByRule(PodFacts pod, DrainSpec spec, DrainRule? rule) =>
        rule?.Behavior == DrainBehavior.WaitCompleted ? new(DrainTreatment.WaitCompleted) : null;

    private static DrainFilterResult? KeepsLocalData(PodFacts pod, DrainSpec spec, DrainRule? rule) => pod.HasEmptyDir && !spec.DeleteEmptyDirData
        ? new(DrainTreatment.Block, "has emptyDir data, which spec.drain.deleteEmptyDirData keeps")
        : null;

    private static DrainFilterResult? Unmanaged(PodFacts pod, DrainSpec spec, DrainRule? rule) =>
        pod.Controller is null && spec.UnmanagedPods == UnmanagedPods.Block
            ? new(DrainTreatment.Block, "has no controller that would start it again: delete it, or set spec.drain.unmanagedPods to Delete")
            : null;
}
