using Ostler.Api;

namespace Ostler.Rollout;

/// <summary>What a drain does with one pod.</summary>
internal enum DrainTreatment
{
    /// <summary>It stays: nothing runs, or it belongs to the node.</summary>
    Skip,

    /// <summary>It is on its way out.</summary>
    Wait,

    /// <summary>The policy forbids it to be evicted.</summary>
    Block,

    /// <summary>It is evicted.</summary>
    Evict,
}

/// <summary>What a drain does with one pod, and for a pod in the way, why.</summary>
internal readonly record struct DrainFilterResult(DrainTreatment Treatment, string Why = "");

/// <summary>The filters of a drain, in order; the first that speaks of a pod decides. The order is that of kubectl and Cluster API.</summary>
internal static class DrainFilters
{
    private static readonly Func<PodFacts, DrainSpec, DrainFilterResult?>[] Ordered =
    [
        Finished,
        Static,
        OfDaemonSet,
        Terminating,
        KeepsLocalData,
        Unmanaged,
    ];

    public static DrainFilterResult Apply(PodFacts pod, DrainSpec spec)
    {
        foreach (var filter in Ordered)
        {
            if (filter(pod, spec) is { } result)
            {
                return result;
            }
        }

        return new(DrainTreatment.Evict);
    }

    // Nothing of it runs; to delete it would only take its logs and its exit code from those who want them.
    private static DrainFilterResult? Finished(PodFacts pod, DrainSpec spec) =>
        pod.Phase is "Succeeded" or "Failed" ? new(DrainTreatment.Skip) : null;

    // The API server would only delete the mirror, and the kubelet create it again.
    private static DrainFilterResult? Static(PodFacts pod, DrainSpec spec) => pod.IsMirror ? new(DrainTreatment.Skip) : null;

    // Its controller tolerates the cordon and would start it again here at once.
    private static DrainFilterResult? OfDaemonSet(PodFacts pod, DrainSpec spec) =>
        pod.Controller?.Kind == "DaemonSet" ? new(DrainTreatment.Skip) : null;

    private static DrainFilterResult? Terminating(PodFacts pod, DrainSpec spec) =>
        pod.DeletionTimestamp is null ? null : new(DrainTreatment.Wait);

    private static DrainFilterResult? KeepsLocalData(PodFacts pod, DrainSpec spec) => pod.HasEmptyDir && !spec.DeleteEmptyDirData
        ? new(DrainTreatment.Block, "has emptyDir data, which spec.drain.deleteEmptyDirData keeps")
        : null;

    private static DrainFilterResult? Unmanaged(PodFacts pod, DrainSpec spec) =>
        pod.Controller is null && spec.UnmanagedPods == UnmanagedPods.Block
            ? new(DrainTreatment.Block, "has no controller that would start it again: delete it, or set spec.drain.unmanagedPods to Delete")
            : null;
}
