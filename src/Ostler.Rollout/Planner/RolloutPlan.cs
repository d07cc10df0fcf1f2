using Ostler.Api.NodeOSes;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Context;
using Ostler.Rollout.Images;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Slots;
using Ostler.Rollout.Validation;
using Ostler.Rollout.Windows;

namespace Ostler.Rollout.Planner;

/// <summary>What to do now, where every node is, and when to look again.</summary>
public sealed record RolloutPlan
{
    /// <summary>The writes, in order, those of one node together: nodes in flight first, then new slots, then staging.</summary>
    public required IReadOnlyList<NodeAction> Actions { get; init; }

    /// <summary>Every node of the snapshot that is not being deleted, sorted by name.</summary>
    public required IReadOnlyList<NodeVerdict> Nodes { get; init; }

    /// <summary>
    /// When time alone changes something: the nearest deadline, end of a soak or a backoff, the next try of a drain, the next edge of a
    /// window or a freeze.
    /// </summary>
    public DateTimeOffset? NextWakeUp { get; init; }

    /// <summary>What must be known to go on, and when it is to be asked.</summary>
    public IReadOnlyList<Probe> Probes { get; init; } = [];

    /// <summary>What is watched and checked from now on.</summary>
    public Watches Watches { get; init; } = Watches.None;

    /// <summary>The tree that the nodes are moved to; null while the image names none.</summary>
    public NodeImage? Target { get; init; }

    /// <summary>The same on each platform.</summary>
    internal TargetTrees? Trees { get; init; }

    /// <summary>Why no new slot is granted, whatever the budget; null when nothing stands in the way.</summary>
    public RolloutGate? Gate { get; init; }

    /// <summary>The gates of spec.gates as they stand; empty while no node needs a slot.</summary>
    internal IReadOnlyList<GateView> ClusterGates { get; init; } = [];

    /// <summary>What is wrong with the policy's spec.</summary>
    public IReadOnlyList<FieldProblem> Problems { get; init; } = [];

    /// <summary>The policies that select some of the same nodes, and which.</summary>
    public IReadOnlyList<PolicyConflict> Conflicts { get; init; } = [];

    /// <summary>How many nodes failed on the target, and how many may.</summary>
    public FailureBudget Failures { get; init; } = FailureBudget.None;

    /// <summary>How far the nodes have come that go back because others failed; null when none do.</summary>
    public RollbackProgress? TakingBack { get; init; }

    /// <summary>How many nodes may be unavailable at once, and how many are.</summary>
    public AvailabilityBudget Availability { get; init; } = new(0, 0, 0);

    /// <summary>The waves in their order, the nodes of no wave last; empty when none are declared.</summary>
    public IReadOnlyList<WaveProgress> Waves { get; init; } = [];

    /// <summary>Whether windows and freezes let a node be disrupted now.</summary>
    public WindowState Window { get; init; } = WindowState.Always;

    /// <summary>How long the steps took on the nodes that run the target, else in the former rollout; null: nobody knows.</summary>
    public MeasuredDurations? Measured { get; init; }

    /// <summary>What each of <see cref="Nodes"/> was judged by.</summary>
    internal FleetIndex Known { get; init; } = FleetIndex.None;

    /// <summary>What was decided about each by itself; the next plan begins with it.</summary>
    internal DecidedNodes? Decided { get; init; }

    /// <summary>
    /// The index in <see cref="Waves"/> of each of <see cref="Nodes"/>; -1: it is not selected. Empty when no waves are declared.
    /// </summary>
    internal IReadOnlyList<int> WaveOf { get; init; } = [];
}
