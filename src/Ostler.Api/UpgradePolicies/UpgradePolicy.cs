using System.Text.Json.Serialization;
using Ostler.Api.Meta;
using Ostler.Api.Schema;

namespace Ostler.Api.UpgradePolicies;

/// <summary>Moves a set of nodes to an OSImage: which nodes, at what pace, what healthy means, and how to roll back.</summary>
[Resource("upgradepolicies", "upgradepolicy", "osup")]
[PrintColumn("Image", "string", ".spec.imageRef.name")]
[PrintColumn("Target", "string", ".status.target.version")]
[PrintColumn("Ready", "string", ".status.conditions[?(@.type==\"Ready\")].status")]
[PrintColumn("Reason", "string", ".status.conditions[?(@.type==\"Ready\")].reason")]
[PrintColumn("Updated", "integer", ".status.nodes.updated")]
[PrintColumn("Updating", "integer", ".status.nodes.updating")]
[PrintColumn("Failed", "integer", ".status.nodes.failed")]
[PrintColumn("RolledBack", "integer", ".status.nodes.rolledBack")]
[PrintColumn("Total", "integer", ".status.nodes.total")]
[PrintColumn("Unavailable", "integer", ".status.nodes.unavailable", Priority = 1)]
[PrintColumn("ETA", "string", ".status.estimatedCompletion", Priority = 1)]
[PrintColumn("Message", "string", ".status.conditions[?(@.type==\"Ready\")].message", Priority = 1)]
[PrintColumn("Age", "date", ".metadata.creationTimestamp")]
public sealed record UpgradePolicy : IOstlerResource
{
    public string ApiVersion { get; set; } = OstlerApi.GroupVersion;

    public string Kind { get; set; } = "UpgradePolicy";

    public ObjectMeta Metadata { get; set; } = new();

    /// <summary>The rollout that you want.</summary>
    public required UpgradePolicySpec Spec { get; init; }

    /// <summary>The progress. Written by the controller.</summary>
    public UpgradePolicyStatus? Status { get; init; }
}

/// <summary>Which nodes move to which image, and how.</summary>
public sealed record UpgradePolicySpec
{
    /// <summary>The OSImage that the nodes should run.</summary>
    public required ImageReference ImageRef { get; init; }

    /// <summary>
    /// The nodes. An empty selector is refused; <c>matchLabels: {kubernetes.io/os: linux}</c> selects every Linux node. If two policies
    /// select the same node, neither acts on it.
    /// </summary>
    public required LabelSelector NodeSelector { get; init; }

    /// <summary>Stops before the next node. Nodes in flight finish, and staging continues; no other node is disrupted.</summary>
    [Default("false")]
    public bool Paused { get; init; }

    /// <summary>
    /// Policies that must be Ready first, such as that of the control plane, each for its current spec and the current digest of its
    /// image. Until then nodes may stage, but none is disrupted.
    /// </summary>
    [MaxItems(20), MaxLength(253)]
    public IReadOnlyList<string>? DependsOn { get; init; }

    /// <summary>How many nodes at once, and in which order.</summary>
    [Default("{}")]
    public RolloutSpec Rollout { get; set; } = new();

    /// <summary>
    /// When nodes may be disrupted: while any of these windows is open. Outside of windows, staging continues and nodes in flight
    /// finish. Default: always.
    /// </summary>
    [MaxItems(20)]
    public IReadOnlyList<MaintenanceWindow>? Windows { get; init; }

    /// <summary>When nodes must not be disrupted. Freezes override windows. Staging continues, and nodes in flight finish.</summary>
    [MaxItems(50)]
    public IReadOnlyList<Freeze>? Freezes { get; init; }

    /// <summary>
    /// Questions about the cluster that must be answered with yes before another node is disrupted, such as "no critical alert is
    /// active". Staging continues, and nodes in flight finish. Default: none.
    /// </summary>
    [MaxItems(20), ListMap("name")]
    public IReadOnlyList<GateSpec>? Gates { get; init; }

    /// <summary>How a node is drained before its reboot.</summary>
    [Default("{}")]
    public DrainSpec Drain { get; set; } = new();

    /// <summary>How a node reboots, and how long that may take.</summary>
    [Default("{}")]
    public RebootSpec Reboot { get; set; } = new();

    /// <summary>What must be true before a node counts as updated.</summary>
    [Default("{}")]
    public HealthSpec Health { get; set; } = new();

    /// <summary>What happens to nodes that run the target but differ from it.</summary>
    [Default("\"Report\"")]
    public DriftHandling Drift { get; init; }

    /// <summary>What happens if a node does not become healthy.</summary>
    [Default("{}")]
    public RollbackSpec Rollback { get; set; } = new();

    /// <summary>
    /// Receivers that are notified when a rollout starts, halts, rolls nodes back, waits for an approval or is complete. No rollout
    /// waits for a notification. Default: none.
    /// </summary>
    [MaxItems(10), ListMap("name")]
    public IReadOnlyList<NotificationReceiver>? Notifications { get; init; }
}

/// <summary>What happens to nodes that run the target but differ from it.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<DriftHandling>))]
public enum DriftHandling
{
    /// <summary>
    /// Drift is reported: by the condition Drifted of the NodeOS, in status.drifted, and by metrics. A node that runs another image
    /// than the target is outdated regardless, and is upgraded.
    /// </summary>
    Report,

    /// <summary>
    /// The target is deployed again, without layered, replaced or removed packages, and booted, in slots, drains, windows and checks
    /// like an upgrade. That undoes package changes and an unlocked or live-changed /usr. It never resets /etc (local changes are
    /// merged as usual), /var, kernel arguments or the URL of a remote; these are only reported. A node that is unhealthy afterwards
    /// stays cordoned. A node that drifts again after three times is left alone (<c>DriftsAgain</c>).
    /// </summary>
    Reconcile,
}

/// <summary>Names an OSImage.</summary>
public sealed record ImageReference
{
    /// <summary>The OSImage's name.</summary>
    [MinLength(1), MaxLength(253)]
    public required string Name { get; init; }
}

/// <summary>A period in which nodes may be disrupted.</summary>
public sealed record MaintenanceWindow
{
    /// <summary>
    /// When the window opens: five cron fields, as in <c>0 1 * * 6</c>. A time of day that daylight saving time skips counts at the end
    /// of the gap. One that occurs twice counts the first time only, unless the schedule runs every hour.
    /// </summary>
    [MinLength(9), MaxLength(128)]
    public required string Schedule { get; init; }

    /// <summary>How long the window stays open, in elapsed time. May be longer than the period of the schedule.</summary>
    public required Duration Duration { get; init; }

    /// <summary>
    /// The time zone of the schedule by its IANA name, such as Europe/Berlin. Earlier names, such as US/Eastern, work as well;
    /// abbreviations and offsets do not. Default: UTC.
    /// </summary>
    [Default("\"UTC\""), MaxLength(64)]
    public string TimeZone { get; set; } = "UTC";
}

/// <summary>A period in which no other node is disrupted.</summary>
[Cel("self.to > self.from", "to must be later than from")]
public sealed record Freeze
{
    /// <summary>When the freeze begins.</summary>
    public required DateTimeOffset From { get; init; }

    /// <summary>When the freeze ends.</summary>
    public required DateTimeOffset To { get; init; }

    /// <summary>Shown in status while the freeze is in effect.</summary>
    [MaxLength(256)]
    public string? Reason { get; init; }
}
