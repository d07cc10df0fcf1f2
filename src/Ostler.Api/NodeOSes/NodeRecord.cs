using Ostler.Api.Schema;

namespace Ostler.Api.NodeOSes;

/// <summary>What the controller records about a node for its own later decisions.</summary>
public sealed record NodeRecord
{
    internal static NodeRecord Empty { get; } = new();

    /// <summary>The pods that were Ready before the boot, for each check of the kind pods.</summary>
    [MaxItems(50)]
    public IReadOnlyList<ReadyPods>? ReadyBefore { get; init; }

    /// <summary>The displaced workloads, the first 50 by name. Kept until they are available again.</summary>
    [MaxItems(50)]
    public IReadOnlyList<DisplacedWorkload>? Displaced { get; init; }

    /// <summary>When all checks of the current attempt began to pass.</summary>
    public DateTimeOffset? HealthySince { get; init; }

    /// <summary>The last failed attempt.</summary>
    public NodeFailure? Failure { get; init; }

    /// <summary>Why the node was released before its reboot, and when the next try may start.</summary>
    public NodeBackoff? Backoff { get; init; }

    /// <summary>The last reconciliation of the node after drift, and how often it was done.</summary>
    public NodeReconcile? Reconcile { get; init; }

    /// <summary>
    /// When the steps of the upgrade to image happened, once it is complete. The pace of the rollout is measured from these.
    /// </summary>
    public NodeUpgrade? LastUpgrade { get; init; }
}

/// <summary>A workload with pods that had to leave the node.</summary>
public sealed record DisplacedWorkload
{
    /// <summary>Deployment, StatefulSet, ReplicaSet or ReplicationController.</summary>
    [MaxLength(63)]
    public required string Kind { get; init; }

    /// <summary>The namespace.</summary>
    [MaxLength(63)]
    public required string Namespace { get; init; }

    /// <summary>The name.</summary>
    [MaxLength(253)]
    public required string Name { get; init; }

    /// <summary>How many of its pods were available before the drain.</summary>
    [Minimum(0)]
    public int Available { get; init; }
}

/// <summary>What a check of pods found Ready before the boot.</summary>
public sealed record ReadyPods
{
    /// <summary>The check's name.</summary>
    [MinLength(1), MaxLength(63)]
    public required string Check { get; init; }

    /// <summary>How many there were. If the list has fewer, the rest is not checked.</summary>
    [Minimum(0)]
    public int Total { get; init; }

    /// <summary>The pods, the first 100 by name.</summary>
    [MaxItems(100)]
    public IReadOnlyList<ReadyPod>? Pods { get; init; }
}

/// <summary>A pod that was Ready before the boot.</summary>
public sealed record ReadyPod
{
    /// <summary>The namespace.</summary>
    [MaxLength(63)]
    public required string Namespace { get; init; }

    /// <summary>The name.</summary>
    [MaxLength(253)]
    public required string Name { get; init; }

    /// <summary>The UID of its DaemonSet. Another pod of the same DaemonSet counts as well.</summary>
    [MaxLength(64)]
    public string? Owner { get; init; }
}

/// <summary>When the steps of an upgrade happened, by the controller's clock.</summary>
[Atomic]
public sealed record NodeUpgrade
{
    /// <summary>When the node got its slot and was cordoned.</summary>
    public DateTimeOffset? GrantedAt { get; init; }

    /// <summary>When the agent was instructed to boot.</summary>
    public DateTimeOffset? BootRequestedAt { get; init; }

    /// <summary>When all checks began to pass.</summary>
    public DateTimeOffset? HealthySince { get; init; }

    /// <summary>When the node was back in service.</summary>
    public required DateTimeOffset CompletedAt { get; init; }

    /// <summary>What the node ran before the upgrade. A rollback by spec.rollback.scope leads there.</summary>
    public PreviousOS? Previous { get; init; }
}

/// <summary>A failed attempt.</summary>
[Atomic]
public sealed record NodeFailure
{
    /// <summary>The digest that failed.</summary>
    [Pattern(Patterns.Digest)]
    public required string Digest { get; init; }

    /// <summary>The version of the image, for display.</summary>
    [MaxLength(128)]
    public string? Version { get; init; }

    /// <summary>The number of the attempt.</summary>
    public long Attempt { get; init; }

    /// <summary>The reason.</summary>
    [MaxLength(63), Pattern(Patterns.Reason)]
    public required string Reason { get; init; }

    /// <summary>The message that explains the reason.</summary>
    [MaxLength(2048)]
    public string? Message { get; init; }

    /// <summary>
    /// What the failure proves about the image. Absent: nothing. Only an image with evidence against it is quarantined, or rolled back
    /// on other nodes.
    /// </summary>
    public FailureEvidence? Evidence { get; init; }

    /// <summary>When it failed.</summary>
    public required DateTimeOffset At { get; init; }
}

/// <summary>Why a node was released before its reboot.</summary>
[Atomic]
public sealed record NodeBackoff
{
    /// <summary>The digest of the attempt.</summary>
    [Pattern(Patterns.Digest)]
    public required string Digest { get; init; }

    /// <summary>When the next try may start.</summary>
    public required DateTimeOffset Until { get; init; }

    /// <summary>How often in a row.</summary>
    [Minimum(1)]
    public int Count { get; set; } = 1;

    /// <summary>The reason.</summary>
    [MaxLength(63), Pattern(Patterns.Reason)]
    public required string Reason { get; init; }

    /// <summary>The message that explains the reason.</summary>
    [MaxLength(2048)]
    public string? Message { get; init; }
}

/// <summary>The reconciliation of a node that drifted from an image that it had reached.</summary>
[Atomic]
public sealed record NodeReconcile
{
    /// <summary>The digest of the image.</summary>
    [Pattern(Patterns.Digest)]
    public required string Digest { get; init; }

    /// <summary>The attempt that reconciles. Any other attempt is an ordinary upgrade.</summary>
    public long Attempt { get; init; }

    /// <summary>How often the node was rebooted for it on this image. After three times, Ostler leaves it to a user.</summary>
    [Minimum(0)]
    public int Count { get; init; }

    /// <summary>How the node differed.</summary>
    [MaxLength(63)]
    public required string Reason { get; init; }

    /// <summary>Whether local changes are dropped: the image is deployed again without layered packages, even if it already runs.</summary>
    public bool DropsChanges { get; init; }

    /// <summary>When the agent was last instructed to boot for it.</summary>
    public DateTimeOffset? At { get; init; }
}
