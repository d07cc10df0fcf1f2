namespace Ostler.Kubernetes.Core;

/// <summary>The part of a coordination.k8s.io/v1 Lease that tells who holds it and until when.</summary>
public sealed record Lease
{
    public NamespacedMeta Metadata { get; set; } = new();
    public LeaseSpec? Spec { get; init; }
}

public sealed record LeaseSpec
{
    public string? HolderIdentity { get; init; }
    public int? LeaseDurationSeconds { get; init; }
    public DateTimeOffset? RenewTime { get; init; }
}
