using Ostler.Api.Schema;

namespace Ostler.Api.NodeOSes;

/// <summary>What the controller notes about a node for its own later decisions.</summary>
public sealed record NodeRecord
{
    internal static NodeRecord Empty { get; } = new();

    /// <summary>The pods that were Ready when the node was told to boot, for each check of that kind.</summary>
    [MaxItems(50)]
    public IReadOnlyList<ReadyPods>? ReadyBefore { get; init; }

    /// <summary>The workloads whose pods the drain makes leave, the first 50 by name. Kept until they are available again.</summary>
    [MaxItems(50)]
    public IReadOnlyList<DisplacedWorkload>? Displaced { get; init; }

    /// <summary>Since when all checks of the present attempt pass.</summary>
    public DateTimeOffset? HealthySince { get; init; }

    /// <summary>The last failed attempt.</summary>
    public NodeFailure? Failure { get; init; }

    /// <summary>Why the node was given back undisturbed, and when it may be tried again.</summary>
    public NodeBackoff? Backoff { get; init; }

    /// <summary>The last order to bring the node back to a tree that it had reached and drifted from, and how often that was done.</summary>
    public NodeReconcile? Reconcile { get; init; }

    /// <summary>When the steps of the upgrade to image happened, once it is complete. From these the pace of the rollout is told.</summary>
    public NodeUpgrade? LastUpgrade { get; init; }
}

/// <summary>A workload some of whose pods had to leave the node.</summary>
public sealed record DisplacedWorkload
{
    /// <summary>Deployment, StatefulSet, ReplicaSet or ReplicationController.</summary>
    [MaxLength(63)]
    public required string Kind { get; init; }

    /// <summary>Its namespace.</summary>
    [MaxLength(63)]
    public required string Namespace { get; init; }

    /// <summary>Its name.</summary>
    [MaxLength(253)]
    public required string Name { get; init; }

    /// <summary>How many of its pods were available before.</summary>
    [Minimum(0)]
    public int Available { get; init; }
}

/// <summary>What a check of pods found Ready before the boot.</summary>
public sealed record ReadyPods
{
    /// <summary>The check's name.</summary>
    [MinLength(1), MaxLength(63)]
    public required string Check { get; init; }

    /// <summary>How many there were. More than the list has: the rest is not looked for.</summary>
    [Minimum(0)]
    public int Total { get; init; }

    /// <summary>The first of them by name.</summary>
    [MaxItems(100)]
    public IReadOnlyList<ReadyPod>? Pods { get; init; }
}

/// <summary>A pod that was Ready before the boot.</summary>
public sealed record ReadyPod
{
    /// <summary>Its namespace.</summary>
    [MaxLength(63)]
    public required string Namespace { get; init; }

    /// <summary>Its name.</summary>
    [MaxLength(253)]
    public required string Name { get; init; }

    /// <summary>The UID of its DaemonSet: another pod of that one, under another name, will do as well.</summary>
    [MaxLength(64)]
    public string? Owner { get; init; }
}

/// <summary>When the steps of an upgrade happened, by the controller's clock.</summary>
[Atomic]
public sealed record NodeUpgrade
{
    /// <summary>When the node got its slot and was cordoned.</summary>
    public DateTimeOffset? GrantedAt { get; init; }

    /// <summary>When it was told to boot.</summary>
    public DateTimeOffset? BootRequestedAt { get; init; }

    /// <summary>Since when all checks passed.</summary>
    public DateTimeOffset? HealthySince { get; init; }

    /// <summary>When it was back in service.</summary>
    public required DateTimeOffset CompletedAt { get; init; }

    /// <summary>What the node ran before, where it goes back to when spec.rollback.scope takes it back.</summary>
    public PreviousOS? Previous { get; init; }
}

/// <summary>A failed attempt.</summary>
[Atomic]
public sealed record NodeFailure
{
    /// <summary>The digest that failed.</summary>
    [Pattern(Patterns.Digest)]
    public required string Digest { get; init; }

    /// <summary>Its version for people.</summary>
    [MaxLength(128)]
    public string? Version { get; init; }

    /// <summary>The attempt.</summary>
    public long Attempt { get; init; }

    /// <summary>Why, in one word.</summary>
    [MaxLength(63), Pattern(Patterns.Reason)]
    public required string Reason { get; init; }

    /// <summary>Why, for people.</summary>
    [MaxLength(2048)]
    public string? Message { get; init; }

    /// <summary>
    /// What the failure proves about the image. Absent: nothing. Only an image with evidence against it is quarantined, or taken back
    /// from other nodes.
    /// </summary>
    public FailureEvidence? Evidence { get; init; }

    /// <summary>When.</summary>
    public required DateTimeOffset At { get; init; }
}

/// <summary>Why a node was given back undisturbed.</summary>
[Atomic]
public sealed record NodeBackoff
{
    /// <summary>The digest that it was to get.</summary>
    [Pattern(Patterns.Digest)]
    public required string Digest { get; init; }

    /// <summary>Not before this it is tried again.</summary>
    public required DateTimeOffset Until { get; init; }

    /// <summary>How often in a row.</summary>
    [Minimum(1)]
    public int Count { get; set; } = 1;

    /// <summary>Why, in one word.</summary>
    [MaxLength(63), Pattern(Patterns.Reason)]
    public required string Reason { get; init; }

    /// <summary>Why, for people.</summary>
    [MaxLength(2048)]
    public string? Message { get; init; }
}

/// <summary>A node that had reached a tree and drifted from it is brought back to it.</summary>
[Atomic]
public sealed record NodeReconcile
{
    /// <summary>The tree.</summary>
    [Pattern(Patterns.Digest)]
    public required string Digest { get; init; }

    /// <summary>The attempt that does it. Any other is an upgrade like all.</summary>
    public long Attempt { get; init; }

    /// <summary>How often the node was rebooted for it on this tree. After three times it is left to a person.</summary>
    [Minimum(0)]
    public int Count { get; init; }

    /// <summary>How it differed, in one word.</summary>
    [MaxLength(63)]
    public required string Reason { get; init; }

    /// <summary>
    /// Whether what was changed on the host is dropped: the tree is laid down anew, without layered packages, although it may be the one
    /// that runs.
    /// </summary>
    public bool DropsChanges { get; init; }

    /// <summary>When the node was last told to boot for it.</summary>
    public DateTimeOffset? At { get; init; }
}
