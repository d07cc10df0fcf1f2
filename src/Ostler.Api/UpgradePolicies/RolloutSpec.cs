using System.Text.Json.Serialization;
using Ostler.Api.Meta;
using Ostler.Api.Schema;

namespace Ostler.Api.UpgradePolicies;

/// <summary>The pace of a rollout.</summary>
public sealed record RolloutSpec
{
    /// <summary>
    /// How many of the selected nodes may be unavailable at once, as a count or a percentage (rounded down, never below 1).
    /// Every node that is cordoned by anyone, not Ready, in flight or failed counts. 0 is refused: use spec.paused to stop before the next node.
    /// </summary>
    [Default("1"), Minimum(1), Pattern(IntOrPercent.PositivePattern), Cel(IntOrPercent.IsPositive, "must be at least 1 or 1%: use spec.paused to stop before the next node")]
    public IntOrPercent MaxUnavailable { get; set; } = IntOrPercent.Count(1);

    /// <summary>Limits how many zones are disrupted at once. Default: no limit.</summary>
    public TopologySpec? Topology { get; init; }

    /// <summary>How many nodes may download and stage at once ahead of their turn, as a count or a percentage. 0: only when a slot is free.</summary>
    [Default("\"25%\"")]
    public IntOrPercent StageAhead { get; set; } = IntOrPercent.Percent(25);

    /// <summary>
    /// How often a node may fail to fetch and stage the target before that counts as a failure (StagingFailed) against rollback.maxFailures. In one attempt the
    /// agent tries five times within some two minutes; then the node is left alone, for 5 minutes at first and for twice as long each time, an hour at most.
    /// A host that is of another kind than the image is no failure: such a node is reported as blocked.
    /// </summary>
    [Default("3"), Minimum(1)]
    public int StagingAttempts { get; set; } = 3;

    /// <summary>How long a node must stay healthy before its slot goes to the next one.</summary>
    [Default("\"30s\"")]
    public Duration Soak { get; set; } = Duration.FromSeconds(30);

    /// <summary>
    /// Groups of nodes that go one after the other; the nodes of no wave form the last one, called rest. Nodes of later waves may be staged ahead. Default: a
    /// single wave.
    /// </summary>
    [MaxItems(20), ListMap("name")]
    public IReadOnlyList<WaveSpec>? Waves { get; init; }

    /// <summary>
    /// Failures up to this moment no longer count: their nodes are tried again and what this policy put into quarantine by then is
    /// released. Set it to the present time to retry a halted rollout.
    /// </summary>
    public DateTimeOffset? RetryFailuresBefore { get; init; }

    /// <summary>
    /// The approvals of waves whose approval is Manual. Each names the tree that it is for, so that an old one does not open the next rollout; one that
    /// names another tree, or a wave that does not exist, is ignored. Taken away, no further node of the wave is disrupted.
    /// </summary>
    [MaxItems(20), ListMap("wave")]
    public IReadOnlyList<WaveApprovalGrant>? Approvals { get; init; }

    /// <summary>
    /// How long a node is expected to be out of service, from its cordon to the end of its soak. A node is disrupted only when that fits before its window
    /// closes or the next freeze begins. Used until a node of the policy has been upgraded, from then on the mean of what was measured (status.durations),
    /// but never more than half of the longest window. Ignored without windows and freezes.
    /// </summary>
    [Default("\"15m\"")]
    public Duration NodeDuration { get; set; } = Duration.FromMinutes(15);

    /// <summary>
    /// Whether nodes that register with the taint <c>ostler.dev/outdated:NoSchedule</c> are relieved of it once they run the target. Start the kubelet with
    /// <c>--register-with-taints=ostler.dev/outdated=:NoSchedule</c>, and a node that an autoscaler adds with an old tree gets no workload before it is
    /// upgraded. Ostler never sets the taint, and NoSchedule evicts no pod. To undo it for one node: <c>kubectl taint node NAME ostler.dev/outdated-</c>.
    /// </summary>
    [Default("false")]
    public bool JoinTaint { get; init; }
}

/// <summary>A person's word that a wave may begin with one tree.</summary>
public sealed record WaveApprovalGrant
{
    /// <summary>The wave's name.</summary>
    [MinLength(1), MaxLength(63)]
    public required string Wave { get; init; }

    /// <summary>The digest of the tree, with or without <c>sha256:</c>: the one in status.target.digest.</summary>
    [Pattern("^(sha256:)?[0-9a-f]{64}$")]
    public required string Digest { get; init; }
}

/// <summary>
/// Limits how many topology domains are disrupted at once. A domain is disrupted while a node of it is in flight or held after a failure; nodes that are out
/// of service for other reasons count against maxUnavailable only, so that one broken machine does not bind the rollout to its zone.
/// </summary>
public sealed record TopologySpec
{
    /// <summary>The node label whose values are the domains. A node without it is a domain of its own.</summary>
    [Default("\"topology.kubernetes.io/zone\""), MinLength(1), MaxLength(317)]
    public string Key { get; set; } = "topology.kubernetes.io/zone";

    /// <summary>How many domains may have a node in flight.</summary>
    [Default("1"), Minimum(1)]
    public int MaxDomainsAtOnce { get; set; } = 1;
}

/// <summary>Whether a wave starts by itself.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<WaveApproval>))]
public enum WaveApproval
{
    /// <summary>It starts when the former wave has succeeded and soaked.</summary>
    Automatic,

    /// <summary>It waits for a person.</summary>
    Manual,
}

/// <summary>A group of nodes that go together.</summary>
[Cel("has(self.nodes) != has(self.nodeSelector)", "set exactly one of nodes and nodeSelector")]
public sealed record WaveSpec
{
    /// <summary>Its name, shown in status.</summary>
    [MinLength(1), MaxLength(63), Pattern("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")]
    public required string Name { get; init; }

    /// <summary>
    /// How many nodes, as a count or a percentage of the selection (at least one). They are taken from the nodes that no wave's nodeSelector matches: first
    /// those that run the target or are on their way to it, in the order in which they got there, then the others in the order in which they would go.
    /// </summary>
    [Minimum(1), Pattern(IntOrPercent.PositivePattern), Cel(IntOrPercent.IsPositive, "must be at least 1 or 1%: leave out a wave without nodes")]
    public IntOrPercent? Nodes { get; init; }

    /// <summary>Which nodes. The first wave whose selector matches a node has it.</summary>
    public LabelSelector? NodeSelector { get; init; }

    /// <summary>
    /// How long the wave must have been complete before the next one starts: none of its nodes is in flight or could go, and successThreshold is reached.
    /// </summary>
    [Default("\"0s\"")]
    public Duration Soak { get; init; }

    /// <summary>
    /// Whether it starts by itself. Manual: it waits for an entry in spec.rollout.approvals; status says what to write. To approve all the rest of a fleet by
    /// hand, end the list with a wave of <c>nodes: "100%"</c>.
    /// </summary>
    [Default("\"Automatic\"")]
    public WaveApproval Approval { get; init; }

    /// <summary>
    /// How many of its nodes must be updated before the next wave starts, as a percentage. Nodes that are not Ready and were not touched do not count; they
    /// are upgraded when they come back.
    /// </summary>
    [Default("\"100%\"")]
    public IntOrPercent SuccessThreshold { get; set; } = IntOrPercent.Percent(100);
}
