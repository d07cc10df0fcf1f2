using Ostler.Api;

namespace Ostler.Rollout;

/// <summary>Decides what to do next about one policy. Pure and total: the same snapshot always gives the same plan, and none throws.</summary>
public static class RolloutPlanner
{
    /// <summary>
    /// The plan: first each node by itself, then the budgets between those that want a slot or want to stage. At most one step of each node; what
    /// follows from it is for the next snapshot to tell.
    /// </summary>
    public static RolloutPlan Plan(RolloutSnapshot snapshot)
    {
        var context = RolloutContext.From(snapshot);
        var nodes = snapshot.Nodes;
        var decisions = new List<(NodeFacts Node, NodeDecision Decision)>(nodes.Count);
        var unavailable = 0;
        var staging = 0;
        DateTimeOffset? wakeUp = null;
        foreach (var node in nodes)
        {
            if (node.Deleting)
            {
                continue;
            }

            var decision = NodeStateMachine.Decide(context, node);
            unavailable += decision.Verdict.Unavailable ? 1 : 0;
            staging += decision.IsStaging ? 1 : 0;
            wakeUp = decision.WakeUp > snapshot.Now ? Moments.Earliest(wakeUp, decision.WakeUp) : wakeUp;
            decisions.Add((node, decision));
        }

        // The plan must not depend on the order in which the nodes were gathered.
        decisions.Sort(static (x, y) => string.CompareOrdinal(x.Node.Name, y.Node.Name));
        var wantSlot = IndexesOf(NodeWish.Slot);
        var wantStage = IndexesOf(NodeWish.Stage);
        var budget = new AvailabilityBudget(context.Total, Availability.Limit(context.Spec.Rollout.MaxUnavailable, context.Total), unavailable);
        var actions = new List<NodeAction>();
        var questions = new List<NodeQuestion>();
        foreach (var (_, decision) in decisions)
        {
            actions.AddRange(decision.Actions);
            questions.AddRange(decision.Questions ?? []);
        }

        var order = new GrantOrder(snapshot.LeaderNode);
        var freeSlots = budget.Free;
        var preflight = new Preflight(context, context.HeldBack);
        var blocked = wantSlot.FindAll(IsBlocked);
        wantSlot.RemoveAll(new HashSet<int>(blocked).Contains);
        var unknown = new List<NodeFacts>();
        foreach (var i in First(wantSlot, budget.Free))
        {
            freeSlots--;
            if (preflight.MustAsk(decisions[i].Node))
            {
                unknown.Add(decisions[i].Node);
                continue;
            }

            // Again: one that was granted a slot just now may wait for a pod of this one.
            if (IsBlocked(i))
            {
                continue;
            }

            context.HeldBack.AddGranted(decisions[i].Node, snapshot.Now);
            var (verdict, action) = NodeTransitions.Grant(context, decisions[i].Node, decisions[i].Decision.Verdict);
            decisions[i] = (decisions[i].Node, decisions[i].Decision with { Verdict = verdict });
            actions.Add(action);
        }

        if (budget.Free > 0)
        {
            questions.AddRange(preflight.Questions(unknown, blocked.ConvertAll(i => decisions[i].Node), budget.Free));
        }

        foreach (var i in First(wantStage, StageAhead.Allowed(context.Spec, context.Total, freeSlots) - staging))
        {
            var (verdict, action) = NodeTransitions.Stage(context, decisions[i].Node, decisions[i].Decision.Verdict);
            decisions[i] = (decisions[i].Node, decisions[i].Decision with { Verdict = verdict });
            wakeUp = Moments.Earliest(wakeUp, verdict.Deadline);
            actions.Add(action);
        }

        return new()
        {
            Actions = actions,
            Nodes = decisions.ConvertAll(static d => d.Decision.Verdict),
            Questions = questions,
            NextWakeUp = wakeUp,
            Target = context.Target,
            Gate = context.Gate,
            Problems = context.Problems,
            Conflicts = context.Conflicts.Policies,
            Failures = context.Failures,
            Availability = budget,
        };

        bool IsBlocked(int i)
        {
            var (node, decision) = decisions[i];
            if (preflight.Obstacle(node) is not { } obstacle)
            {
                return false;
            }

            decisions[i] = (node, decision with
            {
                Verdict = decision.Verdict with
                {
                    Reason = Reasons.DrainWouldBlock,
                    Message = obstacle.Message,
                    Blocked = true,
                    NeedsPerson = obstacle.NeedsPerson,
                },
            });
            return true;
        }

        List<int> IndexesOf(NodeWish wish)
        {
            var indexes = new List<int>();
            for (var i = 0; i < decisions.Count; i++)
            {
                if (decisions[i].Decision.Wish == wish)
                {
                    indexes.Add(i);
                }
            }

            return indexes;
        }

        // Only as many are picked as there is room for: a fleet that waits behind one slot is not sorted at every pass.
        IEnumerable<int> First(List<int> candidates, int room)
        {
            if (candidates.Count == 0 || room <= 0)
            {
                return [];
            }

            if (room == 1)
            {
                return [candidates.MinBy(i => decisions[i].Node, order)];
            }

            candidates.Sort((x, y) => order.Compare(decisions[x].Node, decisions[y].Node));
            return candidates.Take(room);
        }
    }
}
