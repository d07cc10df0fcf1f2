using Ostler.Api.Meta;

namespace Ostler.Controller.Resources;

/// <summary>The part of a policy/v1 (or v1beta1) PodDisruptionBudget that tells which pods it protects.</summary>
public sealed record PodDisruptionBudget
{
    public PodMeta Metadata { get; set; } = new();
    public PodDisruptionBudgetSpec? Spec { get; init; }
    public PodDisruptionBudgetStatus? Status { get; init; }
}

public sealed record PodDisruptionBudgetSpec
{
    public LabelSelector? Selector { get; init; }
}

public sealed record PodDisruptionBudgetStatus
{
    public int DisruptionsAllowed { get; init; }
}
