using System.Text.Json.Serialization;
using Ostler.Api.Meta;
using Ostler.Api.Schema;

namespace Ostler.Api.UpgradePolicies;

/// <summary>Which nodes move to which OS tree, at what pace, what healthy means, and how to go back.</summary>
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

    /// <summary>What should happen.</summary>
    public required UpgradePolicySpec Spec { get; init; }

    /// <summary>What has happened. Written by the controller.</summary>
    public UpgradePolicyStatus? Status { get; init; }
}

/// <summary>What should happen to which nodes.</summary>
public sealed record UpgradePolicySpec
{
    /// <summary>The OSImage that the nodes should run.</summary>
    public required ImageReference ImageRef { get; init; }

    /// <summary>
    /// The nodes. It must not be empty: <c>matchLabels: {kubernetes.io/os: linux}</c> selects every Linux node. Neither of two policies that select the same
    /// node acts on it.
    /// </summary>
    public required LabelSelector NodeSelector { get; init; }

    /// <summary>Stops before the next node: staging may go on, a node already in flight is brought to its end, no other is disrupted.</summary>
    [Default("false")]
    public bool Paused { get; init; }

    /// <summary>
    /// Policies that must be Ready first, for instance that of the control plane: each for its own present spec and for the tree that its image names now.
    /// Until then nodes may be staged, but none is disrupted.
    /// </summary>
    [MaxItems(20), MaxLength(253)]
    public IReadOnlyList<string>? DependsOn { get; init; }

    /// <summary>How many nodes at once, in which order.</summary>
    [Default("{}")]
    public RolloutSpec Rollout { get; set; } = new();

    /// <summary>
    /// When nodes may be disrupted; while any of them is open. Outside of them staging goes on, and a node already in flight (cordoned, draining or beyond) is
    /// brought to its end. Default: always.
    /// </summary>
    [MaxItems(20)]
    public IReadOnlyList<MaintenanceWindow>? Windows { get; init; }

    /// <summary>When nodes must not be disrupted; stronger than any window. Staging and nodes in flight go on.</summary>
    [MaxItems(50)]
    public IReadOnlyList<Freeze>? Freezes { get; init; }

    /// <summary>How a node is emptied before its reboot.</summary>
    [Default("{}")]
    public DrainSpec Drain { get; set; } = new();

    /// <summary>How a node is rebooted, and how long that may take.</summary>
    [Default("{}")]
    public RebootSpec Reboot { get; set; } = new();

    /// <summary>What must hold before a node counts as updated.</summary>
    [Default("{}")]
    public HealthSpec Health { get; set; } = new();

    /// <summary>What is done about nodes that run the target and differ from it.</summary>
    [Default("\"Report\"")]
    public DriftHandling Drift { get; init; }

    /// <summary>What happens when a node does not become healthy.</summary>
    [Default("{}")]
    public RollbackSpec Rollback { get; set; } = new();

    /// <summary>Whom to tell when a rollout starts, halts, takes nodes back, waits for an approval or is complete. Never in the rollout's way. Default: nobody.</summary>
    [MaxItems(10), ListMap("name")]
    public IReadOnlyList<NotificationReceiver>? Notifications { get; init; }
}

/// <summary>What is done about nodes that run the target and differ from it.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<DriftHandling>))]
public enum DriftHandling
{
    /// <summary>
    /// It is told: by the condition Drifted of the NodeOS, in status.drifted and by metrics. A node that runs another tree than the target is outdated all the same, and is
    /// upgraded.
    /// </summary>
    Report,

    /// <summary>
    /// The target is laid down anew, without layered, replaced or removed packages, and booted: in slots, drains, windows and checks as an upgrade. That undoes packages and an
    /// unlocked or live-changed /usr. It never resets /etc (local changes are merged as ever), /var, kernel arguments or the address of a remote, which are only told. A node that
    /// is not healthy afterwards stays cordoned for a person, and one that drifts again after three times is left alone as blocked (<c>DriftsAgain</c>).
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

/// <summary>When nodes may be disrupted.</summary>
public sealed record MaintenanceWindow
{
    /// <summary>
    /// When it opens: five cron fields, as in <c>0 1 * * 6</c>. A time of day that daylight saving time skips is taken at the end of the gap; one that
    /// comes twice counts the first time only, unless the schedule runs through every hour.
    /// </summary>
    [MinLength(9), MaxLength(128)]
    public required string Schedule { get; init; }

    /// <summary>How long it stays open, in time that passes and not as clocks show it. May be longer than the period of the schedule.</summary>
    public required Duration Duration { get; init; }

    /// <summary>
    /// The time zone of the schedule by its IANA name, as in Europe/Berlin. Earlier names, as US/Eastern, are known as well; abbreviations and offsets are not.
    /// Default: UTC.
    /// </summary>
    [Default("\"UTC\""), MaxLength(64)]
    public string TimeZone { get; set; } = "UTC";
}

/// <summary>A time in which no further node is disrupted.</summary>
[Cel("self.to > self.from", "to must be later than from")]
public sealed record Freeze
{
    /// <summary>The first moment of the freeze.</summary>
    public required DateTimeOffset From { get; init; }

    /// <summary>The moment after its last.</summary>
    public required DateTimeOffset To { get; init; }

    /// <summary>Shown in status while the freeze is on.</summary>
    [MaxLength(256)]
    public string? Reason { get; init; }
}
