using Ostler.Api.Meta;

namespace Ostler.Kubernetes.Core;

/// <summary>The part of a policy/v1 (or v1beta1) PodDisruptionBudget that tells which pods it protects and how many may go.</summary>
public sealed record PodDisruptionBudget
{
    public NamespacedMeta Metadata { get; set; } = new();
    public PodDisruptionBudgetSpec? Spec { get; init; }
    public PodDisruptionBudgetStatus? Status { get; init; }
}

public sealed record PodDisruptionBudgetSpec
{
    public LabelSelector? Selector { get; init; }

    /// <summary>Null from servers before 1.26.</summary>
    public string? UnhealthyPodEvictionPolicy { get; init; }
}

public sealed record PodDisruptionBudgetStatus
{
    public int DisruptionsAllowed { get; init; }
    public int CurrentHealthy { get; init; }
    public int DesiredHealthy { get; init; }
    public int ExpectedPods { get; init; }
}
