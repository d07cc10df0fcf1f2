using System.Text.Json.Serialization;
using Ostler.Api.Meta;
using Ostler.Api.Schema;
using Ostler.Api.Shared;

namespace Ostler.Api.NodeOSes;

/// <summary>The OS of one node: what it should run, how far its agent may go, and what it runs.</summary>
[Resource("nodeoses", "nodeos", "nos")]
[PrintColumn("Policy", "string", ".spec.policy")]
[PrintColumn("Goal", "string", ".spec.goal")]
[PrintColumn("Step", "string", ".status.step")]
[PrintColumn("Booted", "string", ".status.booted.version")]
[PrintColumn("Target", "string", ".spec.image.version")]
[PrintColumn("Backend", "string", ".status.backend", Priority = 1)]
[PrintColumn("Digest", "string", ".status.booted.digest", Priority = 1)]
[PrintColumn("Message", "string", ".status.conditions[?(@.type==\"Ready\")].message", Priority = 1)]
[PrintColumn("Age", "date", ".metadata.creationTimestamp")]
public sealed record NodeOS : IOstlerResource
{
    public string ApiVersion { get; set; } = OstlerApi.GroupVersion;

    public string Kind { get; set; } = "NodeOS";

    public ObjectMeta Metadata { get; set; } = new();

    /// <summary>What the node should run and how far its agent may go. Written by the controller alone.</summary>
    [Default("{\"goal\":\"Observe\"}")]
    public NodeOSSpec Spec { get; set; } = new();

    /// <summary>What the node runs. Written by the agent of the node alone.</summary>
    public NodeOSStatus? Status { get; init; }
}

/// <summary>What a node should run and how far its agent may go.</summary>
[Cel("self.goal == 'Observe' || self.goal == 'Rollback' || has(self.image)", "Stage and Boot need an image")]
[Cel("self.goal != 'Rollback' || has(self.previous)", "Rollback needs previous")]
public sealed record NodeOSSpec
{
    /// <summary>The policy that the node belongs to.</summary>
    [MaxLength(253)]
    public string? Policy { get; init; }

    /// <summary>The image to stage and boot.</summary>
    public NodeImage? Image { get; init; }

    /// <summary>
    /// The host tool that the agent drives: the value of the Node's label <c>ostler.dev/backend</c>. Default: the agent detects it.
    /// </summary>
    [MaxLength(63)]
    public string? Backend { get; init; }

    /// <summary>How far the agent may go.</summary>
    [Default("\"Observe\"")]
    public Goal Goal { get; init; }

    /// <summary>
    /// The number of the attempt. The agent repeats it, so that a report on a previous attempt is not taken for one on this attempt.
    /// </summary>
    [Default("0"), Minimum(0)]
    public long Attempt { get; init; }

    /// <summary>When the node got its slot, the permission to disrupt it.</summary>
    public DateTimeOffset? GrantedAt { get; init; }

    /// <summary>When the goal became Boot or Rollback.</summary>
    public DateTimeOffset? BootRequestedAt { get; init; }

    /// <summary>
    /// The attempt reboots the node into the image that it runs, because it booted before this time (spec.rollout.rebootBefore of the
    /// policy). Nothing is staged. Absent: the attempt moves the node to image.
    /// </summary>
    public DateTimeOffset? RebootBefore { get; init; }

    /// <summary>How the node reboots for the goal Boot. A rollback is always a full reboot. Default: a full reboot.</summary>
    public RebootMethod? RebootMethod { get; init; }

    /// <summary>What the node ran before the attempt, and where Rollback leads.</summary>
    public PreviousOS? Previous { get; init; }

    /// <summary>The deadlines of the steps in progress.</summary>
    public NodeDeadlines? Deadlines { get; init; }

    /// <summary>The checks that the agent runs on the booted image.</summary>
    [MaxItems(50)]
    public IReadOnlyList<HealthCheck>? HostChecks { get; init; }

    /// <summary>
    /// How long after the boot of the image the agent may take to declare its host healthy. Then the host rolls back on its own. At
    /// most 24h. Default: no watchdog.
    /// </summary>
    public Duration? Watchdog { get; init; }

    /// <summary>The controller's own record of the node. The agent reads it for its reports and never acts on it.</summary>
    public NodeRecord? Record
    {
        get;
        // A record without a note is none: absent on the wire, and equal to none.
        init => field = value == NodeRecord.Empty ? null : value;
    }

    /// <inheritdoc cref="NodeRecord.ReadyBefore"/>
    [JsonIgnore]
    public IReadOnlyList<ReadyPods>? ReadyBefore { get => Record?.ReadyBefore; init => Record = Noted with { ReadyBefore = value }; }

    /// <inheritdoc cref="NodeRecord.Displaced"/>
    [JsonIgnore]
    public IReadOnlyList<DisplacedWorkload>? Displaced { get => Record?.Displaced; init => Record = Noted with { Displaced = value }; }

    /// <inheritdoc cref="NodeRecord.HealthySince"/>
    [JsonIgnore]
    public DateTimeOffset? HealthySince { get => Record?.HealthySince; init => Record = Noted with { HealthySince = value }; }

    /// <inheritdoc cref="NodeRecord.Failure"/>
    [JsonIgnore]
    public NodeFailure? Failure { get => Record?.Failure; init => Record = Noted with { Failure = value }; }

    /// <inheritdoc cref="NodeRecord.Backoff"/>
    [JsonIgnore]
    public NodeBackoff? Backoff { get => Record?.Backoff; init => Record = Noted with { Backoff = value }; }

    /// <inheritdoc cref="NodeRecord.Reconcile"/>
    [JsonIgnore]
    public NodeReconcile? Reconcile { get => Record?.Reconcile; init => Record = Noted with { Reconcile = value }; }

    /// <inheritdoc cref="NodeRecord.LastUpgrade"/>
    [JsonIgnore]
    public NodeUpgrade? LastUpgrade { get => Record?.LastUpgrade; init => Record = Noted with { LastUpgrade = value }; }

    private NodeRecord Noted => Record ?? NodeRecord.Empty;
}

/// <summary>An image, by its source and its digest.</summary>
[Cel("has(self.container) != has(self.ostree)", "set exactly one of container and ostree")]
[Atomic]
public sealed record NodeImage
{
    /// <summary>A container image.</summary>
    public NodeContainerImage? Container { get; init; }

    /// <summary>A commit of an OSTree remote.</summary>
    public NodeOstreeImage? Ostree { get; init; }

    /// <summary>The digest of the manifest of the node's own platform, or the OSTree commit. The agent boots nothing else.</summary>
    [Pattern(Patterns.Digest)]
    public required string Digest { get; init; }

    /// <summary>The version of the image, for display.</summary>
    [MaxLength(128)]
    public string? Version { get; init; }
}

/// <summary>A container image.</summary>
public sealed record NodeContainerImage
{
    /// <summary>
    /// The image with its registry, without tag and digest, as in <c>quay.io/acme/edge-os</c>. Hosts pull it as
    /// <c>repository@digest</c>, never by a tag, which may move, and never by an index.
    /// </summary>
    [MinLength(1), MaxLength(1024), Pattern("^[a-zA-Z0-9][a-zA-Z0-9.-]*(:[0-9]{1,5})?(/[a-z0-9]+([._-]+[a-z0-9]+)*)+$")]
    public required string Repository { get; init; }
}

/// <summary>A commit of an OSTree remote.</summary>
public sealed record NodeOstreeImage
{
    /// <summary>The remote's name on the host.</summary>
    [MinLength(1), MaxLength(64), Pattern("^[a-zA-Z0-9][a-zA-Z0-9._-]*$")]
    public required string Remote { get; init; }

    /// <summary>The repository's URL, for hosts without the remote.</summary>
    [MaxLength(2048), Pattern("^https?://[^\\s]+$")]
    public string? Url { get; init; }

    /// <summary>The branch.</summary>
    [MinLength(1), MaxLength(255), Pattern("^[a-zA-Z0-9_][a-zA-Z0-9._-]*(/[a-zA-Z0-9_][a-zA-Z0-9._-]*)*$")]
    public required string Ref { get; init; }

    /// <summary>Whether the host verifies GPG signatures. Used when the host adds the remote.</summary>
    [Default("true")]
    public bool GpgVerify { get; set; } = true;

    /// <summary>
    /// Whether the commit may be older than the one that the host fetched last from this branch: the OSImage says so, or pins the commit.
    /// Hosts that plain ostree updates check it; rpm-ostree has no such check.
    /// </summary>
    [Default("false")]
    public bool AllowDowngrade { get; init; }
}

/// <summary>What a node ran before the attempt.</summary>
[Atomic]
public sealed record PreviousOS
{
    /// <summary>In the place of a boot ID when the record of the order was lost: the present boot is another one.</summary>
    public const string LostBootID = "lost";

    /// <summary>The digest that was booted.</summary>
    [Pattern(Patterns.Digest)]
    public required string Digest { get; init; }

    /// <summary>The version of the image, for display.</summary>
    [MaxLength(128)]
    public string? Version { get; init; }

    /// <summary>The ID of that boot. Any other boot ID means a new boot.</summary>
    [MaxLength(128), Pattern(Patterns.Word)]
    public string? BootID { get; init; }

    /// <summary>How often user space alone was restarted in that boot. A higher number means a new boot as well. Absent: never.</summary>
    [Minimum(0)]
    public int? SoftReboots { get; init; }
}

/// <summary>The deadlines of the steps in progress.</summary>
[Atomic]
public sealed record NodeDeadlines
{
    /// <summary>Until then, the node occupies a place of stageAhead. Staging may take longer, but other nodes may start.</summary>
    public DateTimeOffset? Staged { get; init; }

    /// <summary>When the wait for the volumes of evicted pods ends. Absent if there is nothing to wait for.</summary>
    public DateTimeOffset? Detached { get; init; }

    /// <summary>When the agent must have reported from a new boot.</summary>
    public DateTimeOffset? Reboot { get; init; }

    /// <summary>When all checks must pass.</summary>
    public DateTimeOffset? Healthy { get; init; }

    /// <summary>When the node must run the previous image and be Ready.</summary>
    public DateTimeOffset? Rollback { get; init; }

    /// <summary>When the displaced workloads must be available again. Present while the node keeps its slot for them.</summary>
    public DateTimeOffset? Recovered { get; init; }
}
