using Ostler.Api.NodeOSes;
using Ostler.Rollout.Context;
using Ostler.Rollout.Plan;

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
    /// Whether neither time nor another node changes it: it holds as long as the node's own facts and what holds for all nodes.
    /// </summary>
    public bool IsTimeInvariant { get; init; }

    /// <summary>Whether it fetches the target now and keeps others from doing so.</summary>
    public bool IsStaging { get; init; }

    /// <summary>What must be known to decide further. Null: nothing.</summary>
    public IReadOnlyList<Probe>? Probes { get; init; }

    /// <summary>Nothing is done: status says where the node stands.</summary>
    public static NodeDecision Report(
        NodeView view, NodeStep step, string reason, string message, NodeTally tally, bool blocked = false, bool needsPerson = false,
        DateTimeOffset? deadline = null) => new(
            new()
            {
                Node = view.Node.Name,
                Step = step,
                Reason = reason,
                Message = message,
                Tally = tally,
                Blocked = blocked,
                NeedsPerson = needsPerson,
                InFlight = tally == NodeTally.Updating,
                Unavailable = Availability.IsUnavailable(view),
                Selected = view.Selected,
                Deadline = deadline,
            },
            [],
            deadline);
}
