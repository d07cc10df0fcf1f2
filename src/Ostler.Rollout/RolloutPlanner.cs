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
        var waves = WavePlan.Of(context, decisions);
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

        HoldBackLaterWaves();
        var scope = ScopeRollback.Of(context, decisions, waves);
        wantSlot.AddRange(scope?.Candidates ?? []);
        var limits = new SlotLimits(context);
        var freeSlots = budget.Free;
        var preflight = new Preflight(context, context.HeldBack);
        var blocked = wantSlot.FindAll(IsBlocked);
        wantSlot.RemoveAll(new HashSet<int>(blocked).Contains);
        var unknown = new List<NodeFacts>();
        // While nodes go back none goes forward.
        foreach (var i in scope is null ? First(wantSlot, budget.Free, limits.Any) : wantSlot)
        {
            if (freeSlots == 0)
            {
                break;
            }

            if (limits.Refusal(decisions[i].Node) is { } refusal)
            {
                Say(i, decisions[i].Decision.Verdict with { Reason = refusal.Reason, Message = refusal.Message });
                continue;
            }

            freeSlots--;
            limits.Take(decisions[i].Node);
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
            Say(i, verdict);
            actions.Add(action);
        }

        if (budget.Free > 0)
        {
            questions.AddRange(preflight.Questions(unknown, blocked.ConvertAll(i => decisions[i].Node), budget.Free));
        }

        // A slot that nobody may take now is none to stage for.
        var mayBeTaken = context.Gate is null && (waves.Waves.Count == 0 || wantStage.Any(i => waves.Of(i)!.Open));
        foreach (var i in First(wantStage, StageAhead.Allowed(context.Spec, context.Total, mayBeTaken ? freeSlots : 0) - staging))
        {
            var (verdict, action) = NodeTransitions.Stage(context, decisions[i].Node, decisions[i].Decision.Verdict);
            Say(i, verdict);
            wakeUp = Moments.Earliest(wakeUp, verdict.Deadline);
            actions.Add(action);
        }

        wakeUp = Moments.Earliest(wakeUp, Moments.Earliest(waves.WakeUp, context.Window.WakeUp));
        return new()
        {
            Actions = actions,
            Nodes = decisions.ConvertAll(static d => d.Decision.Verdict),
            Questions = questions,
            NextWakeUp = wakeUp,
            Target = context.Target,
            Trees = context.Trees,
            Gate = context.Gate,
            Problems = context.Problems,
            Conflicts = context.Conflicts.Policies,
            Failures = context.Failures,
            TakingBack = scope?.Progress,
            Availability = budget,
            Waves = waves.Waves,
            Window = context.Window,
        };

        void Say(int i, NodeVerdict verdict) => decisions[i] = (decisions[i].Node, decisions[i].Decision with { Verdict = verdict });

        bool IsBlocked(int i)
        {
            if (preflight.Obstacle(decisions[i].Node) is not { } obstacle)
            {
                return false;
            }

            Say(i, decisions[i].Decision.Verdict with
            {
                Reason = Reasons.DrainWouldBlock,
                Message = obstacle.Message,
                Blocked = true,
                NeedsPerson = obstacle.NeedsPerson,
            });
            return true;
        }

        void HoldBackLaterWaves()
        {
            if (waves.Waves.Count == 0)
            {
                return;
            }

            wantSlot.RemoveAll(i =>
            {
                if (waves.Of(i) is not { Open: false } wave)
                {
                    return false;
                }

                Say(i, decisions[i].Decision.Verdict with { Reason = wave.Reason, Message = $"Has the target staged. Wave {wave.Name}: {wave.Message}" });
                return true;
            });
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
        IEnumerable<int> First(List<int> candidates, int room, bool all = false)
        {
            if (candidates.Count == 0 || room <= 0)
            {
                return [];
            }

            var ordered = candidates.ConvertAll(i => GrantOrder.Of(context, decisions[i].Node, i, waves.IndexOf(i)));
            if (room == 1 && !all)
            {
                return [ordered.Min().Index];
            }

            ordered.Sort();
            return (all ? ordered : ordered.Take(room)).Select(o => o.Index);
        }
    }
}
