using Ostler.Kubernetes.Core;
using Ostler.Rollout.Drain;
using Ostler.Rollout.Snapshot;

namespace Ostler.Cli.Resources;

/// <summary>From what the API server stores to the facts by which evictions are judged. Pure.</summary>
internal static class PodMapping
{
    /// <param name="pod">The pod.</param>
    /// <param name="namespaces">The labels of the namespaces; null: not read.</param>
    public static PodFacts ToFacts(this Pod pod, IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>? namespaces) => new()
    {
        Namespace = pod.Metadata.Namespace,
        Name = pod.Metadata.Name,
        Uid = pod.Metadata.Uid is { Length: > 0 } uid ? uid : pod.Metadata.ToString(),
        Phase = pod.Status?.Phase ?? "Unknown",
        Ready = pod.Status?.IsReady == true,
        DeletionTimestamp = pod.Metadata.DeletionTimestamp,
        Controller = pod.Controller is { } controller ? new(controller.Kind, controller.Name, controller.Uid) : null,
        IsMirror = pod.IsMirror,
        HasEmptyDir = pod.HasEmptyDir,
        Labels = pod.Metadata.Labels,
        NamespaceLabels = namespaces?.GetValueOrDefault(pod.Metadata.Namespace),
        CordonToleration = pod.CordonToleration,
        BoundBy = pod.BoundBy,
    };

    /// <param name="budget">The budget.</param>
    /// <param name="isV1">Whether it was read as policy/v1.</param>
    public static BudgetFacts ToFacts(this PodDisruptionBudget budget, bool isV1) => new()
    {
        Namespace = budget.Metadata.Namespace,
        Name = budget.Metadata.Name,
        Selector = budget.Spec?.Selector,
        IsV1 = isV1,
        AlwaysAllowsUnhealthy = budget.Spec?.UnhealthyPodEvictionPolicy == "AlwaysAllow",
        DisruptionsAllowed = budget.Status?.DisruptionsAllowed ?? 0,
        CurrentHealthy = budget.Status?.CurrentHealthy ?? 0,
        DesiredHealthy = budget.Status?.DesiredHealthy ?? 0,
        ExpectedPods = budget.Status?.ExpectedPods ?? 0,
    };
}
