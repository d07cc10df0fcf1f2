using Ostler.Api.Meta;
using Ostler.Api.Schema;
using Ostler.Api.Shared;

namespace Ostler.Api.NodeOSes;

/// <summary>What a node runs, as its agent observes it.</summary>
public sealed record NodeOSStatus
{
    /// <summary>The generation of the spec that the agent acted on.</summary>
    public long ObservedGeneration { get; init; }

    /// <summary>The attempt that step, conditions and error refer to.</summary>
    public long Attempt { get; init; }

    /// <summary>How far the node has come.</summary>
    public NodeStep Step { get; init; }

    /// <summary>The host tool: ostree, rpm-ostree or bootc.</summary>
    [MaxLength(63), Pattern(Patterns.Word)]
    public string? Backend { get; init; }

    /// <summary>The version of that tool.</summary>
    [MaxLength(256)]
    public string? BackendVersion { get; init; }

    /// <summary>The version of the agent.</summary>
    [MaxLength(128)]
    public string? AgentVersion { get; init; }

    /// <summary>The kernel's ID of the current boot.</summary>
    [MaxLength(128), Pattern(Patterns.Word)]
    public string? BootID { get; init; }

    /// <summary>How often user space alone was restarted in this boot. Absent: never.</summary>
    [Minimum(0)]
    public int? SoftReboots { get; init; }

    /// <summary>How the host last rebooted in this attempt.</summary>
    public NodeReboot? Reboot { get; init; }

    /// <summary>The running deployment.</summary>
    public Deployment? Booted { get; init; }

    /// <summary>The deployment that the next boot would run, if it is another one.</summary>
    public Deployment? Staged { get; init; }

    /// <summary>The deployment that is kept for rollback.</summary>
    public Deployment? Rollback { get; init; }

    /// <summary>Ready, Staged, HostHealthy, Drifted.</summary>
    [ListMap("type"), MaxItems(16)]
    public IReadOnlyList<Condition>? Conditions { get; init; }

    /// <summary>When the steps of the attempt happened, by the node's clock.</summary>
    public NodeTimings? Timings { get; init; }

    /// <summary>How the node differs from its image.</summary>
    public DriftStatus? Drift { get; init; }

    /// <summary>The last error. Absent once the same step succeeded.</summary>
    public NodeError? LastError { get; init; }
}

/// <summary>One deployment.</summary>
[Atomic]
public sealed record Deployment
{
    /// <summary>The manifest digest or the OSTree commit.</summary>
    [Pattern(Patterns.Digest)]
    public required string Digest { get; init; }

    /// <summary>The version of the image, for display.</summary>
    [MaxLength(128)]
    public string? Version { get; init; }

    /// <summary>The source: a refspec or an image.</summary>
    [MaxLength(1024)]
    public string? Reference { get; init; }

    /// <summary>Distinguishes deployments of the same digest.</summary>
    public int Serial { get; init; }

    /// <summary>Whether it is protected from cleanup.</summary>
    public bool Pinned { get; init; }

    /// <summary>Whether a reboot does not apply it.</summary>
    public bool Locked { get; init; }
}

/// <summary>How a host rebooted.</summary>
[Atomic]
public sealed record NodeReboot
{
    /// <summary><c>Reboot</c>, or <c>SoftReboot</c>: user space alone.</summary>
    public required RebootKind Method { get; init; }

    /// <summary>Why it was a full reboot even though the policy allows a soft one.</summary>
    [MaxLength(1024)]
    public string? Message { get; init; }
}

/// <summary>When the steps of an attempt happened, by the node's clock.</summary>
[Atomic]
public sealed record NodeTimings
{
    /// <summary>When the download of the target began.</summary>
    public DateTimeOffset? StagingStartedAt { get; init; }

    /// <summary>When the target was staged and locked.</summary>
    public DateTimeOffset? StagedAt { get; init; }

    /// <summary>When the host was instructed to reboot.</summary>
    public DateTimeOffset? RebootRequestedAt { get; init; }

    /// <summary>When the kernel of the current boot started; after a soft reboot, when user space started.</summary>
    public DateTimeOffset? BootedAt { get; init; }

    /// <summary>When all host checks first passed.</summary>
    public DateTimeOffset? HealthyAt { get; init; }
}

/// <summary>How a node differs from its image.</summary>
[Atomic]
public sealed record DriftStatus
{
    /// <summary>
    /// The most severe finding: <c>UnexpectedTree</c>, <c>PackagesLayered</c>, <c>TreeUnlocked</c>, <c>RemoteChanged</c> or
    /// <c>EtcChanged</c>.
    /// </summary>
    [MaxLength(63)]
    public required string Reason { get; init; }

    /// <summary>
    /// What differs, most severe first. Differences in /etc alone, which nearly every host has, do not make the node Drifted.
    /// </summary>
    [MaxItems(8)]
    public IReadOnlyList<DriftFinding>? Findings { get; init; }

    /// <summary>How many files in /etc differ from the image's defaults.</summary>
    [Minimum(0)]
    public int EtcChanges { get; init; }

    /// <summary>
    /// The first 50 of them by path: <c>M</c> (modified), <c>A</c> (added) or <c>D</c> (deleted), a space, and the path below /etc.
    /// Names only, never content. Checked after each boot and once an hour.
    /// </summary>
    [MaxItems(50), MaxLength(256)]
    public IReadOnlyList<string>? EtcFiles { get; init; }

    /// <summary>Packages that were layered, replaced or removed, the first 50. Removed ones begin with a minus.</summary>
    [MaxItems(50), MaxLength(256)]
    public IReadOnlyList<string>? Packages { get; init; }
}

/// <summary>One difference between a node and its image.</summary>
public sealed record DriftFinding
{
    /// <summary>The kind of the difference.</summary>
    [MaxLength(63)]
    public required string Reason { get; init; }

    /// <summary>The message that explains it.</summary>
    [MaxLength(1024)]
    public string? Message { get; init; }

    /// <summary>Whether spec.drift <c>Reconcile</c> undoes it, by deploying the image again and a reboot.</summary>
    public bool Reconcilable { get; init; }
}

/// <summary>An error on the node.</summary>
[Atomic]
public sealed record NodeError
{
    /// <summary>The reason.</summary>
    [MaxLength(63), Pattern(Patterns.Reason)]
    public required string Reason { get; init; }

    /// <summary>The message, with the host tool's output, trimmed.</summary>
    [MaxLength(2048)]
    public string? Message { get; init; }

    /// <summary>When it last happened.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>How often in a row.</summary>
    [Minimum(1)]
    public int Count { get; set; } = 1;
}
