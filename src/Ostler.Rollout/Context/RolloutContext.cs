using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Failures;
using Ostler.Rollout.Images;
using Ostler.Rollout.Nodes;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Validation;
using Ostler.Rollout.Windows;

namespace Ostler.Rollout.Context;

/// <summary>What holds for all nodes of one decision, found once.</summary>
internal sealed class RolloutContext
{
    // A policy that is gone leaves its nodes to the defaults that it would have had.
    private static readonly UpgradePolicySpec Defaults = new() { ImageRef = new() { Name = "" }, NodeSelector = new() };

    private RolloutContext(RolloutSnapshot snapshot, FleetIndex? former)
    {
        Snapshot = snapshot;
        Nodes = FleetIndex.Of(snapshot, former);
        Now = snapshot.Now;
        Policy = snapshot.Policy.Name;
        Exists = snapshot.Policy.Exists;
        Spec = snapshot.Policy.Spec ?? Defaults;
        Problems = Exists ? SpecValidation.Validate(Spec, Now, snapshot.Namespace) : [];
        Total = Nodes.Selected;
        Conflicts = Conflicts.Find(snapshot.Policy, snapshot.OtherPolicies, Nodes);
        var (target, targetGate) = Exists ? TargetResolution.Resolve(Spec.ImageRef.Name, snapshot.Image) : (null, null);
        Trees = target;
        Target = target?.Release;
        Failures = FailureRules.Of(Spec, Trees, Nodes, snapshot.Image, snapshot.Policy.PreviousStatus);
        Measured = MeasuredSteps.Of(snapshot, Nodes, Trees);
        Window = Exists && Problems.Count == 0 ? WindowOf() : WindowState.Always;
        Gate = Gates.Find(snapshot, Problems, Target, targetGate, Failures, Window) ?? WorkloadRecovery.Gate(this);
        TakesBack = Exists && Problems.Count == 0 && Target is not null && Failures is { Halted: true, TreeRan: true } && Spec.Rollback is { Automatic: true, Scope: not RollbackScope.Node };
        BackGate = TakesBack ? Gates.FindBack(Spec, Window) ?? WorkloadRecovery.Gate(this) : null;
        HeldBack = new(this);
    }

    /// <param name="snapshot">What was seen.</param>
    /// <param name="former">The nodes of a former plan; see <see cref="FleetIndex.Of"/>.</param>
    public static RolloutContext From(RolloutSnapshot snapshot, FleetIndex? former = null) => new(snapshot, former);

    public RolloutSnapshot Snapshot { get; }

    public FleetIndex Nodes { get; }

    public DateTimeOffset Now { get; }

    /// <summary>The policy's name.</summary>
    public string Policy { get; }

    /// <summary>Whether the policy asks for anything. False: its nodes are only brought to an end.</summary>
    public bool Exists { get; }

    /// <summary>The policy's spec, or the defaults when it is gone.</summary>
    public UpgradePolicySpec Spec { get; }

    public IReadOnlyList<FieldProblem> Problems { get; }

    public Conflicts Conflicts { get; }

    /// <summary>What the nodes are moved to, as a whole; null while there is nothing. What a single node gets: <see cref="NodeView.Target"/>.</summary>
    public NodeImage? Target { get; }

    /// <summary>The same, tree by tree.</summary>
    public TargetTrees? Trees { get; }

    /// <summary>How many nodes the policy selects.</summary>
    public int Total { get; }

    public FailureBudget Failures { get; }

    /// <summary>Whether windows and freezes let a node be disrupted now.</summary>
    public WindowState Window { get; }

    /// <summary>Why no new slot is granted; null: by the budget alone.</summary>
    public RolloutGate? Gate { get; }

    /// <summary>Whether the rollout is halted and nodes that run its target go back to their former tree, too (spec.rollback.scope).</summary>
    public bool TakesBack { get; }

    /// <summary>Why no slot is granted to a node that goes back; null: by the budget alone.</summary>
    public RolloutGate? BackGate { get; }

    /// <summary>The pods that budgets hold back on the nodes that are being drained.</summary>
    public BudgetBlockedPods HeldBack { get; }

    public DateTimeOffset? RetryBefore => Spec.Rollout.RetryFailuresBefore;

    public bool Selects(NodeFacts node) => Exists && Spec.NodeSelector.Matches(node.Labels) && NodeMarks.WhyNoAgent(node.Labels) is null;

    /// <summary>How long the steps took, as far as nodes have shown; null: none has.</summary>
    public MeasuredDurations? Measured { get; }

    private WindowState WindowOf()
    {
        if (Spec is { Windows: null or { Count: 0 }, Freezes: null or { Count: 0 } })
        {
            return WindowState.Always;
        }

        return WindowState.Of(Spec, Measured?.Node, Now);
    }

    public bool FailureCounts(NodeFailure? failure, string reason) => failure?.Reason == reason && FailureCounts(failure);

    public bool FailureCounts(NodeFailure? failure) => FailureRules.Counts(failure, Trees, RetryBefore);
}
