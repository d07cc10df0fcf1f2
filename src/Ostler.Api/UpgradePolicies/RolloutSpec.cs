using System.Text.Json.Serialization;
using Ostler.Api.Meta;
using Ostler.Api.Schema;

namespace Ostler.Api.UpgradePolicies;

/// <summary>The pace of a rollout.</summary>
[Cel("!has(self.ignoreFreezes) || !self.ignoreFreezes || has(self.openUntil)",
    "ignoreFreezes needs openUntil: set until when freezes are ignored")]
public sealed record RolloutSpec
{
    /// <summary>
    /// How many of the selected nodes may be unavailable at once, as a count or a percentage (rounded down, at least 1). Nodes that are
    /// cordoned by anyone, not Ready, in flight or failed count. 0 is refused: set spec.paused to stop before the next node.
    /// </summary>
    [Default("1"), Minimum(1), Pattern(IntOrPercent.PositivePattern), Cel(IntOrPercent.IsPositive, "must be at least 1 or 1%: use spec.paused to stop before the next node")]
    public IntOrPercent MaxUnavailable { get; set; } = IntOrPercent.Count(1);

    /// <summary>How many zones may be disrupted at once. Default: no limit.</summary>
    public TopologySpec? Topology { get; init; }

    /// <summary>How many nodes may stage at once, ahead of their turn, as a count or a percentage. 0: only when a slot is free.</summary>
    [Default("\"25%\"")]
    public IntOrPercent StageAhead { get; set; } = IntOrPercent.Percent(25);

    /// <summary>
    /// How often a node may fail to stage the target before that counts as a failure (StagingFailed) against rollback.maxFailures. In
    /// one attempt the agent tries five times within about two minutes. Then the node waits, for 5 minutes at first and twice as long
    /// each time, at most an hour. A host of another kind than the image does not count as a failure; such a node is blocked.
    /// </summary>
    [Default("3"), Minimum(1)]
    public int StagingAttempts { get; set; } = 3;

    /// <summary>How long a node must stay healthy before its slot is freed.</summary>
    [Default("\"30s\"")]
    public Duration Soak { get; set; } = Duration.FromSeconds(30);

    /// <summary>
    /// Groups of nodes, upgraded one after the other. The remaining nodes form the last wave, rest. Nodes of later waves may stage
    /// ahead. Default: a single wave.
    /// </summary>
    [MaxItems(20), ListMap("name")]
    public IReadOnlyList<WaveSpec>? Waves { get; init; }

    /// <summary>
    /// Failures up to this time no longer count: failed nodes are tried again, and what this policy quarantined by then is released.
    /// Set it to the current time to retry a halted rollout (<c>kubectl ostler retry</c>).
    /// </summary>
    public DateTimeOffset? RetryFailuresBefore { get; init; }

    /// <summary>
    /// Nodes that run the target and booted before this time reboot without a new image, in slots, drains, windows and checks like an
    /// upgrade (<c>kubectl ostler reboot</c>). A node that is not healthy afterwards stays cordoned (<c>RebootFailed</c>); no image is
    /// blamed and nothing rolls back. Nodes with another image reboot with their upgrade. A time in the future takes effect then. Waves
    /// that are complete are not repeated.
    /// </summary>
    public DateTimeOffset? RebootBefore { get; init; }

    /// <summary>
    /// The approvals of waves with approval Manual (<c>kubectl ostler approve</c>). Each names a digest, so that an old approval does
    /// not open the next rollout. An approval for another digest or an unknown wave is ignored. If you remove an approval, no other
    /// node of the wave is disrupted.
    /// </summary>
    [MaxItems(20), ListMap("wave")]
    public IReadOnlyList<WaveApprovalGrant>? Approvals { get; init; }

    /// <summary>
    /// How long a node is expected to be out of service, from its cordon to the end of its soak. A node gets a slot only if that fits
    /// before its window closes or the next freeze begins. After the first upgrade, the measured average is used instead
    /// (status.durations), up to half of the longest window. Ignored without windows and freezes.
    /// </summary>
    [Default("\"15m\"")]
    public Duration NodeDuration { get; set; } = Duration.FromMinutes(15);

    /// <summary>
    /// Until then, windows count as open (<c>kubectl ostler open</c>). Freezes still apply, unless ignoreFreezes is true. A time in the
    /// past has no effect, and neither has the field without windows and freezes.
    /// </summary>
    public DateTimeOffset? OpenUntil { get; init; }

    /// <summary>Whether freezes are ignored as well until openUntil.</summary>
    [Default("false")]
    public bool IgnoreFreezes { get; init; }

    /// <summary>
    /// Whether Ostler removes the taint <c>ostler.dev/outdated:NoSchedule</c> from nodes that run the target. Start the kubelet with
    /// <c>--register-with-taints=ostler.dev/outdated=:NoSchedule</c>: a node that an autoscaler adds with an old image then gets no
    /// workload before it is upgraded. Ostler never sets the taint, and NoSchedule evicts no pod. To remove it from one node:
    /// <c>kubectl taint node NAME ostler.dev/outdated-</c>.
    /// </summary>
    [Default("false")]
    public bool JoinTaint { get; init; }
}

/// <summary>The approval of a wave for one digest.</summary>
public sealed record WaveApprovalGrant
{
    /// <summary>The wave's name.</summary>
    [MinLength(1), MaxLength(63)]
    public required string Wave { get; init; }

    /// <summary>The digest, with or without <c>sha256:</c>, as in status.target.digest.</summary>
    [Pattern("^(sha256:)?[0-9a-f]{64}$")]
    public required string Digest { get; init; }
}

/// <summary>
/// How many topology domains, such as zones, may be disrupted at once. A domain is disrupted while one of its nodes is in flight or
/// stays cordoned after a failure. Nodes that are unavailable for other reasons count against maxUnavailable only, so that one broken
/// machine does not tie the rollout to its zone.
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

/// <summary>Whether a wave starts on its own.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<WaveApproval>))]
public enum WaveApproval
{
    /// <summary>The wave starts when the previous wave is complete and has soaked.</summary>
    Automatic,

    /// <summary>The wave waits for an approval.</summary>
    Manual,
}

/// <summary>A group of nodes.</summary>
[Cel("has(self.nodes) != has(self.nodeSelector)", "set exactly one of nodes and nodeSelector")]
public sealed record WaveSpec
{
    /// <summary>The name, shown in status.</summary>
    [MinLength(1), MaxLength(63), Pattern("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")]
    public required string Name { get; init; }

    /// <summary>
    /// How many nodes, as a count or a percentage of the selection (at least 1). They are taken from the nodes that no wave's
    /// nodeSelector matches: first nodes that run the target or are in progress, in the order of their slots, then the others in the
    /// order in which they would be upgraded.
    /// </summary>
    [Minimum(1), Pattern(IntOrPercent.PositivePattern), Cel(IntOrPercent.IsPositive, "must be at least 1 or 1%: leave out a wave without nodes")]
    public IntOrPercent? Nodes { get; init; }

    /// <summary>Which nodes. A node belongs to the first wave whose selector matches.</summary>
    public LabelSelector? NodeSelector { get; init; }

    /// <summary>
    /// How long the wave must be complete before the next one starts. A wave is complete when none of its nodes is in flight or could
    /// start, and successThreshold is reached.
    /// </summary>
    [Default("\"0s\"")]
    public Duration Soak { get; init; }

    /// <summary>
    /// Whether the wave starts on its own. Manual: it waits for an entry in spec.rollout.approvals (<c>kubectl ostler approve</c>). To
    /// approve the rest of the fleet by hand, end the list with a wave of <c>nodes: "100%"</c>.
    /// </summary>
    [Default("\"Automatic\"")]
    public WaveApproval Approval { get; init; }

    /// <summary>
    /// How many of its nodes must be updated before the next wave starts, as a percentage. Nodes that are not Ready and were not
    /// touched, and nodes on hold (ostler.dev/hold), do not count; they are upgraded when they return or are released.
    /// </summary>
    [Default("\"100%\"")]
    public IntOrPercent SuccessThreshold { get; set; } = IntOrPercent.Percent(100);
}
