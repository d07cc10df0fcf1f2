using Ostler.Api.Meta;
using Ostler.Rollout.Nodes;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Slots;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Text;
using Ostler.Rollout.Waves;

namespace Ostler.Rollout.Planner;

/// <summary>Decides what to do next about one policy. Pure and total: the same snapshot always gives the same plan, and none throws.</summary>
public static class RolloutPlanner
{
    /// <summary>The nodes whose checks the controller runs, and with which.</summary>
    public static IReadOnlyList<CheckSubject> CheckSubjects(RolloutSnapshot snapshot) => CheckSubject.Find(ContextAssembly.Assemble(snapshot));

    /// <summary>
    /// The plan: first each node by itself, then the budgets between those that want a slot or want to stage. At most one step of each node; what
    /// follows from it is for the next snapshot to tell.
    /// </summary>
    /// <param name="snapshot">What was seen.</param>
    /// <param name="former">
    /// A former plan of the same policy: what is decided is the same with it and without. It saves time when most nodes have not changed, their
    /// <see cref="NodeFacts"/> being the very same objects.
    /// </param>
    public static RolloutPlan Plan(RolloutSnapshot snapshot, RolloutPlan? former = null)
    {
        var context = ContextAssembly.Assemble(snapshot, former?.Known);
        var decisions = new DecidedNodes(context, former?.Decided);
        var unavailable = 0;
        var staging = 0;
        DateTimeOffset? wakeUp = null;
        var actions = new List<NodeAction>();
        var questions = new List<Probe>();
        for (var i = 0; i < decisions.Count; i++)
        {
            var decision = decisions[i].Decision;
            unavailable += decision.Verdict.Unavailable ? 1 : 0;
            staging += decision.IsStaging ? 1 : 0;
            wakeUp = decision.WakeUp > snapshot.Now ? TimeMath.Earliest(wakeUp, decision.WakeUp) : wakeUp;
            if (decision.Actions.Count > 0)
            {
                actions.AddRange(decision.Actions);
            }

            if (decision.Questions is { } asked)
            {
                questions.AddRange(asked);
            }
        }

        var waves = WavePlan.Of(context, decisions);
        var wantSlot = decisions.Wishing(NodeWish.Slot);
        var wantStage = decisions.Wishing(NodeWish.Stage);
        var budget = new AvailabilityBudget(context.Total, Availability.Limit(context.Spec.Rollout.MaxUnavailable, context.Total), unavailable);
        HoldBackLaterWaves();
        var scope = ScopeRollback.Of(context, decisions, waves);
        wantSlot.AddRange(scope?.Candidates ?? []);
        var limits = new SlotLimits(context);
        var freeSlots = budget.Free;
        var preflight = new Preflight(context, context.HeldBack);
        var blocked = wantSlot.FindAll(IsBlocked);
        if (blocked.Count > 0)
        {
            wantSlot.RemoveAll(new HashSet<int>(blocked).Contains);
        }

        var unknown = new List<NodeFacts>();
        // While nodes go back none goes forward.
        foreach (var i in scope is null ? First(wantSlot, budget.Free, mayRefuse: true) : wantSlot)
        {
            if (freeSlots == 0)
            {
                break;
            }

            if (limits.Refusal(decisions[i].Node) is { } refusal)
            {
                decisions.Say(i, decisions[i].Decision.Verdict with { Reason = refusal.Reason, Message = refusal.Message });
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
            decisions.Say(i, verdict);
            actions.Add(action);
        }

        if (budget.Free > 0)
        {
            questions.AddRange(preflight.Questions(unknown, blocked.ConvertAll(i => decisions[i].Node), budget.Free));
        }

        // A slot that nobody may take now is none to stage for.
        var mayBeTaken = context.Gate is null && (waves.Waves.Count == 0 || wantStage.Any(i => waves.Of(i)!.Open));
        foreach (var i in First(wantStage, StageAhead.Allowed(context.Spec, context.Total, mayBeTaken ? freeSlots : 0) - staging, mayRefuse: false))
        {
            var (verdict, action) = NodeTransitions.Stage(context, decisions[i].Node, decisions[i].Decision.Verdict);
            decisions.Say(i, verdict);
            wakeUp = TimeMath.Earliest(wakeUp, verdict.Deadline);
            actions.Add(action);
        }

        wakeUp = TimeMath.Earliest(wakeUp, TimeMath.Earliest(waves.WakeUp, context.Window.WakeUp));
        return new()
        {
            Actions = actions,
            Nodes = decisions.Verdicts(),
            Questions = questions,
            NextWakeUp = wakeUp,
            Target = context.Target,
            Trees = context.Trees,
            Gate = context.Gate,
            Problems = context.Problems,
            Conflicts = context.Conflicts.Policies,
            Failures = context.Failures,
            TakingBack = scope?.After(decisions),
            Availability = budget,
            Waves = waves.Waves,
            Window = context.Window,
            Measured = context.Measured,
            Known = decisions.Nodes,
            Decided = decisions,
            WaveOf = waves.Membership,
        };

        bool IsBlocked(int i)
        {
            if (preflight.Obstacle(decisions[i].Node) is not { } obstacle)
            {
                return false;
            }

            decisions.Say(i, decisions[i].Decision.Verdict with
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

            // Thousands of nodes may wait for the same wave: what they say is made once.
            var messages = new string?[waves.Waves.Count];
            wantSlot.RemoveAll(i =>
            {
                if (waves.Of(i) is not { Open: false } wave)
                {
                    return false;
                }

                var message = messages[waves.IndexOf(i)] ??= $"The target is staged. Wave {wave.Name}: {wave.Message}";
                decisions.Say(i, decisions[i].Decision.Verdict with { Reason = wave.Reason, Message = message });
                return true;
            });
        }

        // Only as many are put in order as there is room for, and the others only when one of them is refused: then the next is asked.
        IEnumerable<int> First(List<int> candidates, int room, bool mayRefuse)
        {
            if (candidates.Count == 0 || room <= 0)
            {
                yield break;
            }

            var least = Math.Min(room, candidates.Count);
            var most = mayRefuse && limits.MayRefuse(candidates, decisions) ? candidates.Count : least;
            var given = 0;
            for (var count = least; given < most; count = most)
            {
                var ordered = InOrder(candidates, count);
                for (; given < ordered.Length; given++)
                {
                    yield return ordered[given];
                }
            }
        }

        int[] InOrder(List<int> candidates, int count)
        {
            using var first = new TopK<GrantOrder>(count);
            foreach (var i in candidates)
            {
                first.Add(GrantOrder.Of(context, decisions.Nodes[i], i, waves.IndexOf(i)));
            }

            var ordered = first.InOrder();
            var indexes = new int[ordered.Length];
            for (var i = 0; i < indexes.Length; i++)
            {
                indexes[i] = ordered[i].Index;
            }

            return indexes;
        }
    }
}
