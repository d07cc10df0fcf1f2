using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Context;
using Ostler.Rollout.Failures;
using Ostler.Rollout.Nodes;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Slots;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Text;
using Ostler.Rollout.Waves;

namespace Ostler.Rollout.Planner;

/// <summary>
/// Nodes that are well and go back, because too many others failed and spec.rollback.scope is Wave or Policy: which, and in which order.
/// They need slots as others do; what is decided here is only who may ask for one.
/// </summary>
internal sealed class ScopeRollback
{
    private ScopeRollback(List<int> candidates, RollbackProgress progress)
    {
        Candidates = candidates;
        Progress = progress;
    }

    /// <summary>
    /// The planner's nodes that may be granted a slot, in the order in which they are: those upgraded last first, the leader's own node at
    /// the end.
    /// </summary>
    public List<int> Candidates { get; }

    public RollbackProgress Progress { get; }

    /// <summary>Null when no node goes back. What each node waits for is said in its decision.</summary>
    public static ScopeRollback? Of(RolloutContext context, DecidedNodes decisions, WavePlan waves)
    {
        if (!context.TakesBack)
        {
            return null;
        }

        var failedWaves = context.Spec.Rollback.Scope == RollbackScope.Policy ? null : FailedWaves(context, decisions, waves);
        var candidates = new List<int>();
        int back = 0, underWay = 0, waiting = 0, stuck = 0;
        for (var i = 0; i < decisions.Count; i++)
        {
            var (node, decision) = decisions[i];
            var view = new NodeView(context, node);
            if (view.Selected && context.FailureCounts(view.Spec.Failure, Reasons.RolledBackByScope))
            {
                back += view.Spec.Goal == Goal.Observe ? 1 : 0;
                underWay += view.Spec.Goal == Goal.Rollback && decision.Verdict.Tally != NodeTally.Failed ? 1 : 0;
                stuck += decision.Verdict.Tally == NodeTally.Failed ? 1 : 0;
            }
            else if (view.IsGoingBack)
            {
                underWay += decision.Verdict.NeedsPerson ? 0 : 1;
                stuck += decision.Verdict.NeedsPerson ? 1 : 0;
            }
            else if (decision.Wish == NodeWish.GoBack && failedWaves?.Contains(waves.IndexOf(i)) != false)
            {
                var verdict = Judge(context, view, decision.Verdict);
                decisions.SetVerdict(i, verdict);
                waiting += verdict.NeedsPerson ? 0 : 1;
                stuck += verdict.NeedsPerson ? 1 : 0;
                if (!verdict.Blocked && context.BackGate is null)
                {
                    candidates.Add(i);
                }
            }
        }

        candidates.Sort((x, y) => Compare(context, decisions[x].Node, decisions[y].Node));
        return new(candidates, new(back, underWay, waiting, stuck, context.BackGate));
    }

    /// <summary>
    /// The progress once the slots are given away: what only a person can get out of the way of a drain is found only then.
    /// </summary>
    public RollbackProgress After(DecidedNodes decisions)
    {
        var stuck = Candidates.Count(i => decisions[i].Decision.Verdict.NeedsPerson);
        return Progress with { Waiting = Progress.Waiting - stuck, Stuck = Progress.Stuck + stuck };
    }

    private static bool IsForItsWave(NodeFailure failure) => failure.Evidence is not null || failure.Reason == Reasons.RolledBackByScope;

    // A wave whose failed node is gone is known by those that went back for it.
    private static HashSet<int> FailedWaves(RolloutContext context, DecidedNodes decisions, WavePlan waves) =>
        [.. Enumerable.Range(0, decisions.Count)
            .Where(i => decisions[i].Node.OS?.Spec.Failure is { } failure && IsForItsWave(failure)
                && context.FailureCounts(failure)).Select(waves.IndexOf)];

    private static NodeVerdict Judge(RolloutContext context, NodeView view, NodeVerdict verdict)
    {
        if (!view.KeepsFormer)
        {
            return verdict with { Reason = Reasons.RollbackImpossible, Message = ReturnMessages.Impossible(view), Blocked = true, NeedsPerson = true };
        }

        if (Eligibility.Check(context, view) is { } why)
        {
            return verdict with { Reason = why.Reason, Message = $"Should roll back. {why.Message}", Blocked = true, NeedsPerson = why.NeedsPerson };
        }

        return context.BackGate is { } gate
            ? verdict with { Reason = gate.Reason, Message = $"Should roll back to {MessageText.Of(view.Spec.LastUpgrade!.Previous!)}. {gate.Message}" }
            : verdict with { Reason = Reasons.WaitingForSlot, Message = $"Waiting for a slot to roll back to {MessageText.Of(view.Spec.LastUpgrade!.Previous!)}." };
    }

    private static int Compare(RolloutContext context, NodeFacts x, NodeFacts y)
    {
        var order = (x.Name == context.Snapshot.LeaderNode).CompareTo(y.Name == context.Snapshot.LeaderNode);
        if (order == 0)
        {
            order = y.OS!.Spec.LastUpgrade!.CompletedAt.CompareTo(x.OS!.Spec.LastUpgrade!.CompletedAt);
        }

        return order == 0 ? string.CompareOrdinal(x.Name, y.Name) : order;
    }
}
