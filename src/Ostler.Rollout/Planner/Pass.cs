using Ostler.Api.Meta;
using Ostler.Rollout.Context;
using Ostler.Rollout.Nodes;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Slots;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Text;
using Ostler.Rollout.Waves;

namespace Ostler.Rollout.Planner;

/// <summary>One plan in the making: six steps, in the order in which <see cref="RolloutPlanner.Plan"/> takes them.</summary>
internal sealed partial class Pass(RolloutContext context)
{
    private readonly SlotLimits _limits = new(context);
    private readonly Preflight _preflight = new(context, context.HeldBack);
    private readonly List<NodeAction> _actions = [];
    private readonly List<Probe> _questions = [];
    private DecidedNodes _decisions = null!;
    private WavePlan _waves = null!;
    private ScopeRollback? _scope;
    private List<int> _wantSlot = [];
    private List<int> _blocked = [];
    private AvailabilityBudget _budget = new(0, 0, 0);
    private int _freeSlots;
    private int _staging;
    private DateTimeOffset? _wakeUp;

    /// <summary>Each node by itself: what is done about nodes in flight, and what the others wish for.</summary>
    /// <param name="former">What the former plan decided.</param>
    public void DecideEachNode(DecidedNodes? former)
    {
        _decisions = new(context, former);
        var unavailable = 0;
        for (var i = 0; i < _decisions.Count; i++)
        {
            var decision = _decisions[i].Decision;
            unavailable += decision.Verdict.Unavailable ? 1 : 0;
            _staging += decision.IsStaging ? 1 : 0;
            _wakeUp = decision.WakeUp > context.Now ? TimeMath.Earliest(_wakeUp, decision.WakeUp) : _wakeUp;
            if (decision.Actions.Count > 0)
            {
                _actions.AddRange(decision.Actions);
            }

            if (decision.Probes is { } asked)
            {
                _questions.AddRange(asked);
            }
        }

        _budget = new(context.Total, Availability.Limit(context.Spec.Rollout.MaxUnavailable, context.Total), unavailable);
        _freeSlots = _budget.Free;
        _wantSlot = _decisions.Wishing(NodeWish.Slot);
    }

    /// <summary>Only nodes of open waves compete for slots, and, while a scope is rolled back, the nodes of that scope.</summary>
    public void HoldBackLaterWaves()
    {
        _waves = WavePlan.Of(context, _decisions);
        if (_waves.Waves.Count > 0)
        {
            // Thousands of nodes may wait for the same wave: what they say is made once.
            var messages = new string?[_waves.Waves.Count];
            _wantSlot.RemoveAll(i =>
            {
                if (_waves.Of(i) is not { Open: false } wave)
                {
                    return false;
                }

                var message = messages[_waves.IndexOf(i)] ??= $"The target is staged. Wave {wave.Name}: {wave.Message}";
                SetVerdict(i, _decisions.Verdict(i) with { Reason = wave.Reason, Message = message });
                return true;
            });
        }

        _scope = ScopeRollback.Of(context, _decisions, _waves);
        _wantSlot.AddRange(_scope?.Candidates ?? []);
    }

    /// <summary>A node whose drain is known to be blocked is not cordoned in vain.</summary>
    public void DropBlockedByPreflight()
    {
        _blocked = _wantSlot.FindAll(IsBlocked);
        if (_blocked.Count > 0)
        {
            _wantSlot.RemoveAll(new HashSet<int>(_blocked).Contains);
        }
    }

    /// <summary>
    /// Gives the free slots away, in order; a node whose drain is not known to be possible is asked about first, and keeps its place.
    /// </summary>
    public void GrantSlots()
    {
        var unknown = new List<NodeFacts>();

        // While nodes go back none goes forward.
        foreach (var i in _scope is null ? First(_wantSlot, _budget.Free, mayRefuse: true) : _wantSlot)
        {
            if (_freeSlots == 0)
            {
                break;
            }

            var node = _decisions[i].Node;
            if (_limits.Refusal(node) is { } refusal)
            {
                SetVerdict(i, _decisions.Verdict(i) with { Reason = refusal.Reason, Message = refusal.Message });
                continue;
            }

            _freeSlots--;
            _limits.Take(node);
            if (_preflight.MustAsk(node))
            {
                unknown.Add(node);
            }
            else if (!IsBlocked(i) && GatesAreFresh(i))
            {
                // Asked again: one that was granted a slot just now may wait for a pod of this one.
                Grant(i);
            }
        }

        if (_budget.Free > 0)
        {
            _questions.AddRange(_preflight.Probes(unknown, _blocked.ConvertAll(i => _decisions[i].Node), _budget.Free));
        }
    }

    /// <summary>Lets nodes fetch the target ahead of their turn.</summary>
    public void AllowStaging()
    {
        var wantStage = _decisions.Wishing(NodeWish.Stage);

        // A slot that nobody may take now is none to stage for.
        var mayBeTaken = context.Gate is null && (_waves.Waves.Count == 0 || wantStage.Any(i => _waves.Of(i)!.Open));
        var room = StageAhead.Allowed(context.Spec, context.Total, mayBeTaken ? _freeSlots : 0) - _staging;
        foreach (var i in First(wantStage, room, mayRefuse: false))
        {
            var (verdict, action) = NodeTransitions.Stage(context, _decisions[i].Node, _decisions.Verdict(i));
            SetVerdict(i, verdict);
            _wakeUp = TimeMath.Earliest(_wakeUp, verdict.Deadline);
            if (_decisions[i].Decision.Actions.Count > 0)
            {
                // The label of the backend has changed: the order to stage says so as well.
                _actions.RemoveAll(a => a is NodeAction.ApplySpec && a.Node == action.Node);
            }

            _actions.Add(action);
        }
    }

    public RolloutPlan Assemble() => new()
    {
        Actions = _actions,
        Nodes = _decisions.Verdicts(),
        Probes = _questions,
        Watches = Watches.Of(context) with { Gates = WatchedGates() },
        NextWakeUp = TimeMath.Earliest(
            TimeMath.Earliest(TimeMath.Earliest(_wakeUp, context.Gate?.OpensAt), GatesWakeUp()),
            TimeMath.Earliest(_waves.WakeUp, context.Window.WakeUp)),
        Target = context.Target,
        Trees = context.Trees,
        Gate = context.Gate,
        ClusterGates = HasPending() ? [.. context.ClusterGates.Select(g => g.For(_waitForGates))] : [],
        Problems = context.Problems,
        Conflicts = context.Conflicts.Policies,
        Failures = context.Failures,
        TakingBack = _scope?.After(_decisions),
        Availability = _budget,
        Waves = _waves.Waves,
        Window = context.Window,
        Measured = context.Measured,
        Known = _decisions.Nodes,
        Decided = _decisions,
        WaveOf = _waves.Membership,
    };

    private void Grant(int i)
    {
        var node = _decisions[i].Node;
        context.HeldBack.AddGranted(node, context.Now);
        var (verdict, action) = NodeTransitions.Grant(context, node, _decisions.Verdict(i));
        SetVerdict(i, verdict);
        _actions.Add(action is NodeAction.Cordon cordon ? cordon with { NotAfter = GatesOf(i).Min(g => (DateTimeOffset?)g.FreshUntil) }
            : action);
    }

    private bool IsBlocked(int i)
    {
        if (_preflight.Obstacle(_decisions[i].Node) is not { } obstacle)
        {
            return false;
        }

        SetVerdict(i, _decisions.Verdict(i) with { Reason = Reasons.DrainWouldBlock, Message = obstacle.Message, Blocked = true, NeedsPerson = obstacle.NeedsPerson });
        return true;
    }

    // Only as many are put in order as there is room for, and the others only when one of them is refused: then the next is asked.
    private IEnumerable<int> First(List<int> candidates, int room, bool mayRefuse)
    {
        if (candidates.Count == 0 || room <= 0)
        {
            yield break;
        }

        var least = Math.Min(room, candidates.Count);
        var most = mayRefuse && _limits.MayRefuse(candidates, _decisions) ? candidates.Count : least;
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

    private int[] InOrder(List<int> candidates, int count)
    {
        using var first = new TopK<GrantOrder>(count);
        foreach (var i in candidates)
        {
            first.Add(GrantOrder.Of(context, _decisions.Nodes[i], i, _waves.IndexOf(i)));
        }

        var ordered = first.InOrder();
        var indexes = new int[ordered.Length];
        for (var i = 0; i < indexes.Length; i++)
        {
            indexes[i] = ordered[i].Index;
        }

        return indexes;
    }

    private void SetVerdict(int i, NodeVerdict verdict) => _decisions.SetVerdict(i, verdict);
}
