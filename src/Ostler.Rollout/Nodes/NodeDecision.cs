using Ostler.Rollout.Plan;
using Ostler.Rollout.Slots;

namespace Ostler.Rollout.Nodes;

/// <summary>What a node, taken by itself, would like next: the budgets decide between those that want the same.</summary>
internal enum NodeWish
{
    Nothing,

    /// <summary>To be staged.</summary>
    Stage,

    /// <summary>A slot.</summary>
    Slot,

    /// <summary>To be taken back to its former tree, for which it needs a slot, too.</summary>
    GoBack,
}

/// <summary>What is decided about one node, taken by itself.</summary>
/// <remarks>
/// Not a struct: a list of 5,000 of them would be a large object, and every thirtieth plan or so would wait 10 ms for a full collection.
/// </remarks>
internal sealed record NodeDecision(NodeVerdict Verdict, IReadOnlyList<NodeAction> Actions, DateTimeOffset? WakeUp)
{
    public NodeWish Wish { get; init; }

    /// <summary>
    /// Whether neither time nor another node changes it: it holds as long as the node's own facts and what holds for all nodes (<see cref="DecisionBasis"/>).
    /// </summary>
    public bool Lasts { get; init; }

    /// <summary>Whether it fetches the target now and keeps others from doing so.</summary>
    public bool IsStaging { get; init; }

    /// <summary>What must be known to decide further. Null: nothing.</summary>
    public IReadOnlyList<Probe>? Questions { get; init; }
}
