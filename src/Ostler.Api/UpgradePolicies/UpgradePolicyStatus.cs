using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.Schema;

namespace Ostler.Api.UpgradePolicies;

/// <summary>How far a rollout has come.</summary>
public sealed record UpgradePolicyStatus
{
    /// <summary>The generation of the spec that this speaks of.</summary>
    public long ObservedGeneration { get; init; }

    /// <summary>Accepted, Ready, Progressing, Halted, Conflicted, WindowOpen, Notified; Reconciling and Stalled as kstatus has them.</summary>
    [ListMap("type")]
    public IReadOnlyList<Condition>? Conditions { get; init; }

    /// <summary>The tree that the nodes are moved to.</summary>
    public TargetImage? Target { get; init; }

    /// <summary>How many nodes are where.</summary>
    public NodeCounts? Nodes { get; init; }

    /// <summary>The wave under way, or that waits. Absent without waves, and when all are complete.</summary>
    [MaxLength(63)]
    public string? Wave { get; init; }

    /// <summary>The waves in their order, the nodes of no wave last.</summary>
    [MaxItems(21)]
    public IReadOnlyList<WaveStatus>? Waves { get; init; }

    /// <summary>The nodes in flight, the first 50 by name.</summary>
    [MaxItems(50)]
    public IReadOnlyList<InFlightNode>? InFlight { get; init; }

    /// <summary>The nodes that cannot go on, the first 50 by name, and why.</summary>
    [MaxItems(50)]
    public IReadOnlyList<BlockedNode>? Blocked { get; init; }

    /// <summary>The nodes that differ from the tree that they run, the first 50 by name.</summary>
    [MaxItems(50)]
    public IReadOnlyList<DriftedNode>? Drifted { get; init; }

    /// <summary>How many different trees run on the nodes: 1 when the fleet is the same everywhere. A tree of a release for several platforms counts once.</summary>
    public int DistinctDigests { get; init; }

    /// <summary>Which, the 10 that most nodes run.</summary>
    [MaxItems(10)]
    public IReadOnlyList<RunningDigest>? Digests { get; init; }

    /// <summary>Digests that failed more often than maxFailures allows.</summary>
    [MaxItems(50)]
    public IReadOnlyList<FailedDigest>? FailedDigests { get; init; }

    /// <summary>When the rollout of the present target began.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When the last node reached it.</summary>
    public DateTimeOffset? CompletedAt { get; init; }

    /// <summary>
    /// When the rollout will be complete, from the time that nodes took so far, maxUnavailable, the soak of the waves and the windows. Absent while nothing was
    /// measured or the rollout waits for a person.
    /// </summary>
    public DateTimeOffset? EstimatedCompletion { get; init; }

    /// <summary>When nodes may be disrupted again: the next opening in which a node fits. Absent while they may be now.</summary>
    public DateTimeOffset? NextWindow { get; init; }

    /// <summary>How long the steps of an upgrade took on the nodes that run the target; of the former rollout until one does.</summary>
    public MeasuredDurations? Durations { get; init; }

    /// <summary>The notifications of the present target, and older ones that have not arrived yet; the newest last.</summary>
    [MaxItems(100)]
    public IReadOnlyList<NotificationStatus>? Notifications { get; init; }
}

/// <summary>How far a wave has come.</summary>
[Atomic]
public sealed record WaveStatus
{
    /// <summary>Its name; rest for the nodes of no wave.</summary>
    [MaxLength(63)]
    public required string Name { get; init; }

    /// <summary>Nodes that belong to it.</summary>
    public int Total { get; init; }

    /// <summary>Those that run the target and are healthy.</summary>
    public int Updated { get; init; }

    /// <summary>Those that failed or went back.</summary>
    public int Failed { get; init; }

    /// <summary>When it was complete, from which its soak counts. Nodes that join later do not undo it.</summary>
    public DateTimeOffset? CompletedAt { get; init; }

    /// <summary>How it stands, in one word.</summary>
    [MaxLength(63), Pattern(Patterns.Reason)]
    public required string Reason { get; init; }

    /// <summary>What it waits for, for people, and what to do.</summary>
    [MaxLength(2048)]
    public string? Message { get; init; }
}

/// <summary>How long the steps of an upgrade took.</summary>
[Atomic]
public sealed record MeasuredDurations
{
    /// <summary>Fetching the target and laying it down, beside the node's work.</summary>
    public MeasuredDuration? Staging { get; init; }

    /// <summary>From the cordon to the order to boot.</summary>
    public MeasuredDuration? Drain { get; init; }

    /// <summary>From the order to boot to the start of the new kernel.</summary>
    public MeasuredDuration? Reboot { get; init; }

    /// <summary>From there until all checks passed.</summary>
    public MeasuredDuration? Verify { get; init; }

    /// <summary>The whole time out of service, from the cordon to the end of the soak.</summary>
    public MeasuredDuration? Node { get; init; }
}

/// <summary>What was measured of a step.</summary>
public sealed record MeasuredDuration
{
    /// <summary>The mean.</summary>
    public Duration Average { get; init; }

    /// <summary>The longest.</summary>
    public Duration Max { get; init; }

    /// <summary>On how many nodes.</summary>
    public int Count { get; init; }
}

/// <summary>The tree that the nodes are moved to.</summary>
[Atomic]
public sealed record TargetImage
{
    /// <summary>The manifest digest or the OSTree commit.</summary>
    [Pattern(Patterns.Digest)]
    public required string Digest { get; init; }

    /// <summary>Its version for people.</summary>
    [MaxLength(128)]
    public string? Version { get; init; }
}

/// <summary>How many nodes are where. Each node of the selection is in just one of updated, updating, staged, pending, failed and rolledBack.</summary>
[Atomic]
public sealed record NodeCounts
{
    /// <summary>Nodes that the policy selects.</summary>
    public int Total { get; init; }

    /// <summary>Nodes that run the target and are healthy.</summary>
    public int Updated { get; init; }

    /// <summary>Nodes in flight.</summary>
    public int Updating { get; init; }

    /// <summary>Nodes that have the target staged and wait for their turn.</summary>
    public int Staged { get; init; }

    /// <summary>Nodes that still have to fetch the target.</summary>
    public int Pending { get; init; }

    /// <summary>Nodes that a person must look at.</summary>
    public int Failed { get; init; }

    /// <summary>Nodes that went back to their former tree.</summary>
    public int RolledBack { get; init; }

    /// <summary>Nodes that are cordoned by anyone, not Ready or in flight: what maxUnavailable limits. Overlaps the others.</summary>
    public int Unavailable { get; init; }

    /// <summary>Nodes that differ from the tree that they run (condition Drifted). Overlaps the others.</summary>
    public int Drifted { get; init; }
}

/// <summary>A node in flight.</summary>
public sealed record InFlightNode
{
    /// <summary>Its name.</summary>
    [MaxLength(253)]
    public required string Node { get; init; }

    /// <summary>The last step that it has reached.</summary>
    public required NodeStep Step { get; init; }

    /// <summary>What it waits for, in one word.</summary>
    [MaxLength(63), Pattern(Patterns.Reason)]
    public required string Reason { get; init; }

    /// <summary>What it waits for, for people.</summary>
    [MaxLength(2048)]
    public string? Message { get; init; }

    /// <summary>Since when it is in this step.</summary>
    public DateTimeOffset? Since { get; init; }
}

/// <summary>A node that cannot go on.</summary>
public sealed record BlockedNode
{
    /// <summary>Its name.</summary>
    [MaxLength(253)]
    public required string Node { get; init; }

    /// <summary>Why, in one word.</summary>
    [MaxLength(63), Pattern(Patterns.Reason)]
    public required string Reason { get; init; }

    /// <summary>Why, for people, and what to do about it.</summary>
    [MaxLength(2048)]
    public string? Message { get; init; }
}

/// <summary>A digest that failed.</summary>
public sealed record FailedDigest
{
    /// <summary>The digest.</summary>
    [Pattern(Patterns.Digest)]
    public required string Digest { get; init; }

    /// <summary>Why the first node failed, in one word.</summary>
    [MaxLength(63), Pattern(Patterns.Reason)]
    public required string Reason { get; init; }

    /// <summary>Why, for people, naming the node.</summary>
    [MaxLength(2048)]
    public string? Message { get; init; }

    /// <summary>When the last of the failures happened.</summary>
    public required DateTimeOffset At { get; init; }
}

/// <summary>A node that differs from the tree that it runs.</summary>
public sealed record DriftedNode
{
    /// <summary>Its name.</summary>
    [MaxLength(253)]
    public required string Node { get; init; }

    /// <summary>How, in one word.</summary>
    [MaxLength(63), Pattern(Patterns.Reason)]
    public required string Reason { get; init; }

    /// <summary>How, for people.</summary>
    [MaxLength(2048)]
    public string? Message { get; init; }
}

/// <summary>A tree that nodes run.</summary>
public sealed record RunningDigest
{
    /// <summary>Its digest: that of the release where it is the target.</summary>
    [Pattern(Patterns.Digest)]
    public required string Digest { get; init; }

    /// <summary>Its version for people.</summary>
    [MaxLength(128)]
    public string? Version { get; init; }

    /// <summary>How many nodes run it.</summary>
    public int Nodes { get; init; }
}
