using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.Schema;

namespace Ostler.Api.UpgradePolicies;

/// <summary>How far a rollout has come.</summary>
public sealed record UpgradePolicyStatus
{
    /// <summary>The generation of the spec that this status is about.</summary>
    public long ObservedGeneration { get; init; }

    /// <summary>Accepted, Ready, Progressing, Halted, Conflicted, WindowOpen, Notified, and kstatus' Reconciling and Stalled.</summary>
    [ListMap("type")]
    public IReadOnlyList<Condition>? Conditions { get; init; }

    /// <summary>The image that the nodes move to.</summary>
    public TargetImage? Target { get; init; }

    /// <summary>How many nodes are in which state.</summary>
    public NodeCounts? Nodes { get; init; }

    /// <summary>The wave in progress or waiting. Absent without waves, and when all are complete.</summary>
    [MaxLength(63)]
    public string? Wave { get; init; }

    /// <summary>The waves in order. The last one, rest, has the nodes that belong to no wave.</summary>
    [MaxItems(21)]
    public IReadOnlyList<WaveStatus>? Waves { get; init; }

    /// <summary>The gates in the order of the spec, as they were last evaluated. Absent while all nodes are updated.</summary>
    [MaxItems(20)]
    public IReadOnlyList<GateStatus>? Gates { get; init; }

    /// <summary>The nodes in flight, the first 50 by name.</summary>
    [MaxItems(50)]
    public IReadOnlyList<InFlightNode>? InFlight { get; init; }

    /// <summary>The nodes that cannot continue, the first 50 by name, with the reason.</summary>
    [MaxItems(50)]
    public IReadOnlyList<BlockedNode>? Blocked { get; init; }

    /// <summary>The nodes that differ from the image that they run, the first 50 by name.</summary>
    [MaxItems(50)]
    public IReadOnlyList<DriftedNode>? Drifted { get; init; }

    /// <summary>
    /// How many different images the nodes run. 1: the whole fleet is the same. An image for several platforms counts once.
    /// </summary>
    public int DistinctDigests { get; init; }

    /// <summary>The 10 images that most nodes run.</summary>
    [MaxItems(10)]
    public IReadOnlyList<RunningDigest>? Digests { get; init; }

    /// <summary>Digests that failed more often than maxFailures allows.</summary>
    [MaxItems(50)]
    public IReadOnlyList<FailedDigest>? FailedDigests { get; init; }

    /// <summary>When the rollout of the current target began.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When the last node reached the target.</summary>
    public DateTimeOffset? CompletedAt { get; init; }

    /// <summary>
    /// When the rollout will be complete, estimated from measured durations, maxUnavailable, soaks and windows. Absent before the first
    /// measurement and while the rollout waits for a user.
    /// </summary>
    public DateTimeOffset? EstimatedCompletion { get; init; }

    /// <summary>When nodes may be disrupted again: the next window that is long enough for a node. Absent while one is open.</summary>
    public DateTimeOffset? NextWindow { get; init; }

    /// <summary>
    /// How long the steps of an upgrade took on nodes that run the target. Until there is one, the values of the previous rollout.
    /// </summary>
    public MeasuredDurations? Durations { get; init; }

    /// <summary>The notifications about the current target, and older ones that are not delivered yet. Newest last.</summary>
    [MaxItems(100)]
    public IReadOnlyList<NotificationStatus>? Notifications { get; init; }
}

/// <summary>How far a wave has come.</summary>
[Atomic]
public sealed record WaveStatus
{
    /// <summary>The name; rest for the nodes that belong to no wave.</summary>
    [MaxLength(63)]
    public required string Name { get; init; }

    /// <summary>Nodes in the wave.</summary>
    public int Total { get; init; }

    /// <summary>Nodes that are healthy on the target.</summary>
    public int Updated { get; init; }

    /// <summary>Nodes that failed or rolled back.</summary>
    public int Failed { get; init; }

    /// <summary>When the wave was complete; its soak starts then. Nodes that join later do not undo it.</summary>
    public DateTimeOffset? CompletedAt { get; init; }

    /// <summary>The reason for its state.</summary>
    [MaxLength(63), Pattern(Patterns.Reason)]
    public required string Reason { get; init; }

    /// <summary>What it waits for, and what to do.</summary>
    [MaxLength(2048)]
    public string? Message { get; init; }
}

/// <summary>How long the steps of an upgrade took.</summary>
[Atomic]
public sealed record MeasuredDurations
{
    /// <summary>Staging the target, while workloads keep running.</summary>
    public MeasuredDuration? Staging { get; init; }

    /// <summary>From the cordon to the instruction to boot.</summary>
    public MeasuredDuration? Drain { get; init; }

    /// <summary>From the instruction to boot to the start of the new kernel.</summary>
    public MeasuredDuration? Reboot { get; init; }

    /// <summary>From the start of the new kernel until all checks passed.</summary>
    public MeasuredDuration? Verify { get; init; }

    /// <summary>The time out of service, from the cordon to the end of the soak.</summary>
    public MeasuredDuration? Node { get; init; }
}

/// <summary>The measured duration of a step.</summary>
public sealed record MeasuredDuration
{
    /// <summary>The average.</summary>
    public Duration Average { get; init; }

    /// <summary>The longest.</summary>
    public Duration Max { get; init; }

    /// <summary>The number of measured nodes.</summary>
    public int Count { get; init; }
}

/// <summary>The image that the nodes move to.</summary>
[Atomic]
public sealed record TargetImage
{
    /// <summary>The manifest digest or the OSTree commit.</summary>
    [Pattern(Patterns.Digest)]
    public required string Digest { get; init; }

    /// <summary>The version of the image, for display.</summary>
    [MaxLength(128)]
    public string? Version { get; init; }
}

/// <summary>
/// How many nodes are in which state. Each selected node is in exactly one of updated, updating, staged, pending, failed and
/// rolledBack.
/// </summary>
[Atomic]
public sealed record NodeCounts
{
    /// <summary>Nodes that the policy selects.</summary>
    public int Total { get; init; }

    /// <summary>Nodes that are healthy on the target.</summary>
    public int Updated { get; init; }

    /// <summary>Nodes in flight.</summary>
    public int Updating { get; init; }

    /// <summary>Nodes that staged the target and wait for their turn.</summary>
    public int Staged { get; init; }

    /// <summary>Nodes that have not staged the target yet.</summary>
    public int Pending { get; init; }

    /// <summary>Failed nodes, which need a user.</summary>
    public int Failed { get; init; }

    /// <summary>Nodes that rolled back to the previous image.</summary>
    public int RolledBack { get; init; }

    /// <summary>
    /// Nodes that are cordoned by anyone, not Ready or in flight, which maxUnavailable limits. Overlaps the other counts.
    /// </summary>
    public int Unavailable { get; init; }

    /// <summary>
    /// Nodes that still have to move to the target and that users hold back with ostler.dev/hold. Overlaps the other counts.
    /// </summary>
    public int Held { get; init; }

    /// <summary>Nodes that differ from the image that they run (condition Drifted). Overlaps the other counts.</summary>
    public int Drifted { get; init; }
}

/// <summary>A node in flight.</summary>
public sealed record InFlightNode
{
    /// <summary>The name.</summary>
    [MaxLength(253)]
    public required string Node { get; init; }

    /// <summary>The last step that the node reached.</summary>
    public required NodeStep Step { get; init; }

    /// <summary>The reason for the wait.</summary>
    [MaxLength(63), Pattern(Patterns.Reason)]
    public required string Reason { get; init; }

    /// <summary>What the node waits for.</summary>
    [MaxLength(2048)]
    public string? Message { get; init; }

    /// <summary>When the node reached this step.</summary>
    public DateTimeOffset? Since { get; init; }
}

/// <summary>A node that cannot continue.</summary>
public sealed record BlockedNode
{
    /// <summary>The name.</summary>
    [MaxLength(253)]
    public required string Node { get; init; }

    /// <summary>The reason.</summary>
    [MaxLength(63), Pattern(Patterns.Reason)]
    public required string Reason { get; init; }

    /// <summary>The message that explains the reason, and what to do.</summary>
    [MaxLength(2048)]
    public string? Message { get; init; }
}

/// <summary>A digest that failed.</summary>
public sealed record FailedDigest
{
    /// <summary>The digest.</summary>
    [Pattern(Patterns.Digest)]
    public required string Digest { get; init; }

    /// <summary>The reason why the first node failed.</summary>
    [MaxLength(63), Pattern(Patterns.Reason)]
    public required string Reason { get; init; }

    /// <summary>The message, which names the node.</summary>
    [MaxLength(2048)]
    public string? Message { get; init; }

    /// <summary>When the last node failed.</summary>
    public required DateTimeOffset At { get; init; }
}

/// <summary>A node that differs from the image that it runs.</summary>
public sealed record DriftedNode
{
    /// <summary>The name.</summary>
    [MaxLength(253)]
    public required string Node { get; init; }

    /// <summary>The kind of the most severe difference.</summary>
    [MaxLength(63), Pattern(Patterns.Reason)]
    public required string Reason { get; init; }

    /// <summary>The message that explains it.</summary>
    [MaxLength(2048)]
    public string? Message { get; init; }
}

/// <summary>An image that nodes run.</summary>
public sealed record RunningDigest
{
    /// <summary>Its digest. For the target, the digest of the index.</summary>
    [Pattern(Patterns.Digest)]
    public required string Digest { get; init; }

    /// <summary>The version of the image, for display.</summary>
    [MaxLength(128)]
    public string? Version { get; init; }

    /// <summary>How many nodes run it.</summary>
    public int Nodes { get; init; }
}
