using Ostler.Api.Meta;
using Ostler.Api.Schema;
using Ostler.Api.Shared;

namespace Ostler.Api.NodeOSes;

/// <summary>What a node runs, as its agent found it.</summary>
public sealed record NodeOSStatus
{
    /// <summary>The generation of the spec that the agent has acted on.</summary>
    public long ObservedGeneration { get; init; }

    /// <summary>The attempt that step, conditions and error speak of.</summary>
    public long Attempt { get; init; }

    /// <summary>How far the node has come.</summary>
    public NodeStep Step { get; init; }

    /// <summary>How the host is updated: ostree, rpm-ostree or bootc.</summary>
    [MaxLength(63), Pattern(Patterns.Word)]
    public string? Backend { get; init; }

    /// <summary>The version of that tool.</summary>
    [MaxLength(256)]
    public string? BackendVersion { get; init; }

    /// <summary>The version of the agent.</summary>
    [MaxLength(128)]
    public string? AgentVersion { get; init; }

    /// <summary>The kernel's ID of the present boot.</summary>
    [MaxLength(128), Pattern(Patterns.Word)]
    public string? BootID { get; init; }

    /// <summary>How often user space alone was restarted in this boot. Absent: never.</summary>
    [Minimum(0)]
    public int? SoftReboots { get; init; }

    /// <summary>How the host was last told to reboot in this attempt.</summary>
    public NodeReboot? Reboot { get; init; }

    /// <summary>What runs.</summary>
    public Deployment? Booted { get; init; }

    /// <summary>What the next boot would run, when that is another tree.</summary>
    public Deployment? Staged { get; init; }

    /// <summary>What is kept to go back to.</summary>
    public Deployment? Rollback { get; init; }

    /// <summary>Ready, Staged, HostHealthy, Drifted.</summary>
    [ListMap("type"), MaxItems(16)]
    public IReadOnlyList<Condition>? Conditions { get; init; }

    /// <summary>When the steps of the attempt happened, by the node's clock.</summary>
    public NodeTimings? Timings { get; init; }

    /// <summary>How the node differs from its tree.</summary>
    public DriftStatus? Drift { get; init; }

    /// <summary>What went wrong last; gone when it went right since.</summary>
    public NodeError? LastError { get; init; }
}

/// <summary>One deployed tree.</summary>
[Atomic]
public sealed record Deployment
{
    /// <summary>The manifest digest or the OSTree commit.</summary>
    [Pattern(Patterns.Digest)]
    public required string Digest { get; init; }

    /// <summary>Its version for people.</summary>
    [MaxLength(128)]
    public string? Version { get; init; }

    /// <summary>Where it comes from: a refspec or an image.</summary>
    [MaxLength(1024)]
    public string? Reference { get; init; }

    /// <summary>Tells apart two deployments of the same tree.</summary>
    public int Serial { get; init; }

    /// <summary>Whether it is kept from being cleaned up.</summary>
    public bool Pinned { get; init; }

    /// <summary>Whether a reboot would not apply it.</summary>
    public bool Locked { get; init; }
}

/// <summary>How a host was told to reboot.</summary>
[Atomic]
public sealed record NodeReboot
{
    /// <summary><c>Reboot</c>, or <c>SoftReboot</c>: user space alone.</summary>
    public required RebootKind Method { get; init; }

    /// <summary>Why it was a full reboot although the policy allows a soft one.</summary>
    [MaxLength(1024)]
    public string? Message { get; init; }
}

/// <summary>When the steps of an attempt happened, by the node's clock.</summary>
[Atomic]
public sealed record NodeTimings
{
    /// <summary>When fetching the target began.</summary>
    public DateTimeOffset? StagingStartedAt { get; init; }

    /// <summary>When the target was laid down and locked.</summary>
    public DateTimeOffset? StagedAt { get; init; }

    /// <summary>When the host was told to reboot.</summary>
    public DateTimeOffset? RebootRequestedAt { get; init; }

    /// <summary>When the kernel of the present boot started; after a soft reboot, when its user space did.</summary>
    public DateTimeOffset? BootedAt { get; init; }

    /// <summary>When all host checks first passed.</summary>
    public DateTimeOffset? HealthyAt { get; init; }
}

/// <summary>How a node differs from its tree.</summary>
[Atomic]
public sealed record DriftStatus
{
    /// <summary>The weightiest of the findings, in one word: <c>UnexpectedTree</c>, <c>PackagesLayered</c>, <c>TreeUnlocked</c>, <c>RemoteChanged</c> or <c>EtcChanged</c>.</summary>
    [MaxLength(63)]
    public required string Reason { get; init; }

    /// <summary>What differs, the weightiest first. Differences of /etc alone, which nearly every host has, do not make the node Drifted.</summary>
    [MaxItems(8)]
    public IReadOnlyList<DriftFinding>? Findings { get; init; }

    /// <summary>How many files of /etc differ from the tree's defaults.</summary>
    [Minimum(0)]
    public int EtcChanges { get; init; }

    /// <summary>
    /// The first 50 of them, sorted by path: <c>M</c> (modified), <c>A</c> (added) or <c>D</c> (deleted), a space, and the path below /etc. Names only, never what is in
    /// them. Looked at after each boot and once an hour.
    /// </summary>
    [MaxItems(50), MaxLength(256)]
    public IReadOnlyList<string>? EtcFiles { get; init; }

    /// <summary>Packages that were layered, replaced or removed, the first 50; removed ones with a minus before the name.</summary>
    [MaxItems(50), MaxLength(256)]
    public IReadOnlyList<string>? Packages { get; init; }
}

/// <summary>One way in which a node differs from its tree.</summary>
public sealed record DriftFinding
{
    /// <summary>What, in one word.</summary>
    [MaxLength(63)]
    public required string Reason { get; init; }

    /// <summary>What, for people.</summary>
    [MaxLength(1024)]
    public string? Message { get; init; }

    /// <summary>Whether laying the tree down anew and a reboot would undo it: what spec.drift <c>Reconcile</c> does.</summary>
    public bool Reconcilable { get; init; }
}

/// <summary>What went wrong on the node.</summary>
[Atomic]
public sealed record NodeError
{
    /// <summary>Why, in one word.</summary>
    [MaxLength(63), Pattern(Patterns.Reason)]
    public required string Reason { get; init; }

    /// <summary>Why, for people: the host tool's own words, trimmed.</summary>
    [MaxLength(2048)]
    public string? Message { get; init; }

    /// <summary>When it happened last.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>How often in a row.</summary>
    [Minimum(1)]
    public int Count { get; set; } = 1;
}
