using System.Text.Json;
using System.Text.Json.Serialization;
using Ostler.Api.Meta;
using Ostler.Api.Schema;
using Ostler.Api.Shared;

namespace Ostler.Api.UpgradePolicies;

/// <summary>
/// A question about the cluster, of exactly one kind, that must be answered with yes before another node is disrupted. While a gate is
/// closed, nodes in flight finish and staging continues. A closed gate never fails a node, halts a rollout or quarantines an image.
/// </summary>
[Cel(
    "(has(self.prometheus) ? 1 : 0) + (has(self.http) ? 1 : 0) + (has(self.condition) ? 1 : 0) + (has(self.pods) ? 1 : 0)"
    + " + (has(self.alerts) ? 1 : 0) + (has(self.nodeConditions) ? 1 : 0) == 1",
    "set exactly one of prometheus, http, condition, pods, alerts and nodeConditions")]
[Cel("!has(self.http) || (has(self.http.from) && self.http.from == 'Controller')",
    "http.from must be Controller: a gate belongs to no host")]
public sealed record GateSpec
{
    /// <summary>The name, shown wherever the gate is closed.</summary>
    [MinLength(1), MaxLength(63), Pattern("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")]
    public required string Name { get; init; }

    /// <summary>
    /// How long the answer must have been yes, without interruption, before the gate opens. Counted from the controller's first look; a
    /// restart of the controller begins again.
    /// </summary>
    [Default("\"0s\"")]
    public Duration For { get; set; } = Duration.FromSeconds(0);

    /// <summary>What the gate holds back.</summary>
    [Default("\"Slot\"")]
    public GatePoint At { get; init; }

    /// <summary>
    /// What an evaluation that fails means: the server is unreachable or its answer is unusable. A server that answers that there is
    /// nothing to judge closes the gate regardless (GateMissing).
    /// </summary>
    [Default("\"Close\"")]
    public GateErrorHandling OnError { get; init; }

    /// <summary>
    /// How often the gate is evaluated while nodes are outdated. An older answer opens nothing. From 5s to 1h. Before a node gets its
    /// slot, a gate whose answer is older than 30s is evaluated again.
    /// </summary>
    [Default("\"30s\"")]
    public Duration Interval { get; set; } = Duration.FromSeconds(30);

    /// <summary>The timeout of one evaluation. When it expires, the evaluation has failed. From 1s to 20s.</summary>
    [Default("\"10s\"")]
    public Duration Timeout { get; set; } = Duration.FromSeconds(10);

    /// <summary>A Prometheus query, without the placeholders {node} and {address}.</summary>
    public PrometheusCheck? Prometheus { get; init; }

    /// <summary>
    /// An HTTP GET by the controller that must answer with 200 to 299. Set <c>from: Controller</c>; the placeholders {node} and
    /// {address} are not available.
    /// </summary>
    public HttpCheck? Http { get; init; }

    /// <summary>A condition on a field of any object, or of all objects that a selector selects.</summary>
    public ConditionCheck? Condition { get; init; }

    /// <summary>Pods that must not exist, or that must be Ready.</summary>
    public PodsGate? Pods { get; init; }

    /// <summary>No matching alert of an Alertmanager is active.</summary>
    public AlertsCheck? Alerts { get; init; }

    /// <summary>Conditions of Nodes.</summary>
    public NodeConditionsGate? NodeConditions { get; init; }

    /// <summary>
    /// Fields that this version does not know, as a kind of gate that a newer one added. Kept so that such a gate can be named when it
    /// is refused. Null: none.
    /// </summary>
    [JsonExtensionData]
    public Dictionary<string, JsonElement>? Unknown { get; set; }
}

/// <summary>What a closed gate holds back.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<GatePoint>))]
public enum GatePoint
{
    /// <summary>Every slot: no further node is disrupted while the gate is closed.</summary>
    Slot,

    /// <summary>The start of a wave. A wave that has begun continues. Without waves, as Rollout.</summary>
    Wave,

    /// <summary>The start of the rollout of an image. A rollout that has begun continues.</summary>
    Rollout,
}

/// <summary>What an evaluation of a gate that fails means.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<GateErrorHandling>))]
public enum GateErrorHandling
{
    /// <summary>The gate is closed.</summary>
    Close,

    /// <summary>The gate counts as open.</summary>
    Open,
}

/// <summary>Where a gate looks, and what it holds back.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<GateScope>))]
public enum GateScope
{
    /// <summary>Each node by itself: a node for which the answer is no gets no slot, and others do.</summary>
    Node,

    /// <summary>All nodes that the policy selects. One no closes the gate for all.</summary>
    Policy,

    /// <summary>All nodes of the cluster. One no closes the gate for all.</summary>
    Cluster,
}

/// <summary>Pods that must not exist, or that must all be Ready.</summary>
public sealed record PodsGate
{
    /// <summary>The pods. Pods that have completed or failed do not count.</summary>
    public required LabelSelector Selector { get; init; }

    /// <summary>The namespace. Default: all namespaces.</summary>
    [MaxLength(63)]
    public string? Namespace { get; init; }

    /// <summary>
    /// true: no such pod may exist, as for a backup that must not be interrupted. false: all such pods must be Ready, and there must be
    /// one (with the scope Node: on each node).
    /// </summary>
    [Default("false")]
    public bool Absent { get; init; }

    /// <summary>Which pods: those on the node in question, on the policy's nodes, or all.</summary>
    [Default("\"Cluster\"")]
    public GateScope Scope { get; set; } = GateScope.Cluster;
}

/// <summary>Conditions of Nodes, such as those that Node Problem Detector sets.</summary>
public sealed record NodeConditionsGate
{
    /// <summary>The types, such as KernelDeadlock. A Node that lacks one is missing an answer.</summary>
    [MinItems(1), MaxItems(32), MinLength(1), MaxLength(316)]
    public required IReadOnlyList<string> Types { get; init; }

    /// <summary>The status that each must have. false: the problem does not exist.</summary>
    [Default("false")]
    public bool Status { get; init; }

    /// <summary>Which Nodes: the one in question, those that the policy selects, or all.</summary>
    [Default("\"Policy\"")]
    public GateScope Scope { get; set; } = GateScope.Policy;
}

/// <summary>A gate as it was last evaluated. Gates are evaluated while nodes are outdated.</summary>
[Atomic]
public sealed record GateStatus
{
    /// <summary>The gate's name.</summary>
    [MaxLength(63)]
    public required string Name { get; init; }

    /// <summary>GateOpen, GateClosed, GateError, GateMissing, or WaitingForGate before the first answer.</summary>
    [MaxLength(63), Pattern(Patterns.Reason)]
    public required string Reason { get; init; }

    /// <summary>The server's own answer, and what to do.</summary>
    [MaxLength(2048)]
    public string? Message { get; init; }

    /// <summary>Since when the gate has been open, or not open.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>When this answer was last given. While the answer stays the same, renewed every 5 minutes.</summary>
    public DateTimeOffset? ObservedAt { get; init; }
}
