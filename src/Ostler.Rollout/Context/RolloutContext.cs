using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Images;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Validation;
using Ostler.Rollout.Windows;

namespace Ostler.Rollout.Context;

/// <summary>What holds for all nodes of one decision, found once.</summary>
internal sealed record RolloutContext
{
    public required RolloutSnapshot Snapshot { get; init; }

    public required FleetIndex Nodes { get; init; }

    public required DateTimeOffset Now { get; init; }

    /// <summary>The policy's name.</summary>
    public required string Policy { get; init; }

    /// <summary>Whether the policy asks for anything. False: its nodes are only brought to an end.</summary>
    public required bool Exists { get; init; }

    /// <summary>The policy's spec, or the defaults when it is gone.</summary>
    public required UpgradePolicySpec Spec { get; init; }

    public required IReadOnlyList<FieldProblem> Problems { get; init; }

    public required Conflicts Conflicts { get; init; }

    /// <summary>
    /// What the nodes are moved to, as a whole; null while there is nothing. What a single node gets: <see cref="NodeView.Target"/>.
    /// </summary>
    public NodeImage? Target { get; init; }

    /// <summary>The same, tree by tree.</summary>
    public TargetTrees? Trees { get; init; }

    /// <summary>How many nodes the policy selects.</summary>
    public required int Total { get; init; }

    public required FailureBudget Failures { get; init; }

    /// <summary>Whether windows and freezes let a node be disrupted now.</summary>
    public required WindowState Window { get; init; }

    /// <summary>The gates of the spec as they stand, in its order.</summary>
    public IReadOnlyList<GateView> ClusterGates { get; init; } = [];

    /// <summary>Whether a node has had a slot for the target, so that gates of the rollout's start no longer hold it back.</summary>
    public bool HasBegun { get; init; }

    /// <summary>Why no wave begins, though others continue; null: no gate says so.</summary>
    public RolloutGate? WaveGate { get; init; }

    /// <summary>Why no new slot is granted; null: by the budget alone.</summary>
    public RolloutGate? Gate { get; init; }

    /// <summary>
    /// Whether the rollout is halted and nodes that run its target go back to their former tree, too (spec.rollback.scope).
    /// </summary>
    public bool TakesBack { get; init; }

    /// <summary>Why no slot is granted to a node that goes back; null: by the budget alone.</summary>
    public RolloutGate? BackGate { get; init; }

    /// <summary>The pods that budgets hold back on the nodes that are being drained.</summary>
    public BudgetBlockedPods HeldBack { get; init; } = BudgetBlockedPods.None;

    public DateTimeOffset? RetryBefore => Spec.Rollout.RetryFailuresBefore;

    public bool Selects(NodeFacts node) => Exists && Spec.NodeSelector.Matches(node.Labels) && NodeMarks.WhyNoAgent(node.Labels) is null;

    /// <summary>How long the steps took, as far as nodes have shown; null: none has.</summary>
    public MeasuredDurations? Measured { get; init; }
}
