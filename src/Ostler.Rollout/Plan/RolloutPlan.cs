using Ostler.Api;

namespace Ostler.Rollout;

/// <summary>What to do now, where every node is, and when to look again.</summary>
public sealed record RolloutPlan
{
    /// <summary>The writes, in order, those of one node together: nodes in flight first, then new slots, then staging.</summary>
    public required IReadOnlyList<NodeAction> Actions { get; init; }

    /// <summary>Every node of the snapshot that is not being deleted, sorted by name.</summary>
    public required IReadOnlyList<NodeVerdict> Nodes { get; init; }

    /// <summary>
    /// When time alone changes something: the nearest deadline, end of a soak or a backoff, the next try of a drain, the next edge of a window or a freeze.
    /// </summary>
    public DateTimeOffset? NextWakeUp { get; init; }

    /// <summary>What must be known to go on, and when it is to be asked.</summary>
    public IReadOnlyList<NodeQuestion> Questions { get; init; } = [];

    /// <summary>The tree that the nodes are moved to; null while the image names none.</summary>
    public NodeImage? Target { get; init; }

    /// <summary>The same on each platform.</summary>
    internal TargetTrees? Trees { get; init; }

    /// <summary>Why no new slot is granted, whatever the budget; null when nothing stands in the way.</summary>
    public RolloutGate? Gate { get; init; }

    /// <summary>What is wrong with the policy's spec.</summary>
    public IReadOnlyList<FieldProblem> Problems { get; init; } = [];

    /// <summary>The policies that select some of the same nodes, and which.</summary>
    public IReadOnlyList<PolicyConflict> Conflicts { get; init; } = [];

    /// <summary>How many nodes failed on the target, and how many may.</summary>
    public FailureBudget Failures { get; init; } = FailureBudget.None;

    /// <summary>How far the nodes have come that go back because others failed; null when none do.</summary>
    public TakingBack? TakingBack { get; init; }

    /// <summary>How many nodes may be unavailable at once, and how many are.</summary>
    public AvailabilityBudget Availability { get; init; } = new(0, 0, 0);

    /// <summary>The waves in their order, the nodes of no wave last; empty when none are declared.</summary>
    public IReadOnlyList<WaveProgress> Waves { get; init; } = [];

    /// <summary>Whether windows and freezes let a node be disrupted now.</summary>
    public WindowState Window { get; init; } = WindowState.Always;

    /// <summary>How long the steps took on the nodes that run the target, else in the former rollout; null: nobody knows.</summary>
    public MeasuredDurations? Measured { get; init; }

    /// <summary>What each of <see cref="Nodes"/> was judged by.</summary>
    internal KnownNodes Known { get; init; } = KnownNodes.None;

    /// <summary>What was decided about each by itself; the next plan begins with it.</summary>
    internal DecidedNodes? Decided { get; init; }

    /// <summary>The index in <see cref="Waves"/> of each of <see cref="Nodes"/>; -1: it is not selected. Empty when no waves are declared.</summary>
    internal IReadOnlyList<int> WaveOf { get; init; } = [];
}

/// <summary>Why no new slot is granted.</summary>
public sealed record RolloutGate(string Reason, string Message)
{
    /// <summary>Whether nodes may still be staged (as while paused): the rollout is held back, and nothing is wrong when all nodes are updated.</summary>
    public bool StagingAllowed { get; init; }

    /// <summary>Whether a node that holds a slot and was not yet told to boot gives it back.</summary>
    public bool ReleasesSlots { get; init; }

    /// <summary>Whether nodes that have staged, or are staging, are told to stop.</summary>
    public bool WithdrawsStaging { get; init; }

    /// <summary>Whether only a person can open it.</summary>
    public bool NeedsPerson { get; init; }
}

/// <summary>Another policy that selects some of the same nodes.</summary>
/// <param name="Policy">Its name.</param>
/// <param name="Count">How many nodes both select.</param>
/// <param name="Examples">The first three by name.</param>
public sealed record PolicyConflict(string Policy, int Count, IReadOnlyList<string> Examples);

/// <summary>How many nodes failed on the target, and how many may.</summary>
/// <param name="Failed">Failures that count.</param>
/// <param name="Allowed">maxFailures of the selection.</param>
/// <param name="Halted">Whether no further node is touched.</param>
/// <param name="First">The earliest of them, which the message names.</param>
/// <param name="LastAt">When the latest happened.</param>
public sealed record FailureBudget(int Failed, int Allowed, bool Halted, (string Node, NodeFailure Failure)? First, DateTimeOffset? LastAt)
{
    /// <summary>
    /// Whether the target failed on a node that ran it. A tree that could not be fetched says nothing about the nodes that run it: none goes back for that.
    /// </summary>
    public bool TreeRan { get; init; }

    public static FailureBudget None { get; } = new(0, 0, false, null, null);
}

/// <summary>How many nodes of the selection may be unavailable at once, and how many are.</summary>
public sealed record AvailabilityBudget(int Total, int Limit, int Unavailable)
{
    /// <summary>How many slots may be granted now.</summary>
    public int Free => Math.Max(0, Limit - Unavailable);
}
