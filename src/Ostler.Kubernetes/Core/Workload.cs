namespace Ostler.Kubernetes.Core;

/// <summary>
/// The part that Deployments, StatefulSets, ReplicaSets and ReplicationControllers have in common: how many there should be, and how many
/// serve.
/// </summary>
public sealed record Workload
{
    public NamespacedMeta Metadata { get; set; } = new();
    public WorkloadSpec? Spec { get; init; }
    public WorkloadStatus? Status { get; init; }
}

public sealed record WorkloadSpec
{
    public int? Replicas { get; init; }
}

public sealed record WorkloadStatus
{
    /// <summary>StatefulSets have it from Kubernetes 1.22 on.</summary>
    public int? AvailableReplicas { get; init; }

    public int? ReadyReplicas { get; init; }
}
