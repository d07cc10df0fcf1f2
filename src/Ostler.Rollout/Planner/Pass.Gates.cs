using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Text;

namespace Ostler.Rollout.Planner;

/// <content>What the gates of spec.gates mean for single nodes, and which answers a grant needs.</content>
internal sealed partial class Pass
{
    private readonly HashSet<string> _stale = new(StringComparer.Ordinal);
    private readonly List<string> _waitForGates = [];

    /// <summary>Gates that decide for each node by itself hold back those for which they are closed; others take their places.</summary>
    public void DropClosedByGates()
    {
        GateView[] gates = [.. context.ClusterGates.Where(g => GateRules.IsOfNodes(g.Spec))];
        if (gates.Length > 0)
        {
            _waitForGates.AddRange(_wantSlot.Select(i => _decisions[i].Node.Name));
            _wantSlot.RemoveAll(i => IsClosedFor(i, gates));
        }
    }

    /// <summary>
    /// Whether every gate that a grant to this node rests on was evaluated a moment ago. If not, that is asked for, and the node keeps its
    /// place: the answer wakes the policy.
    /// </summary>
    private bool GatesAreFresh(int i)
    {
        GateView[] stale = [.. GatesOf(i).Where(g => g.FreshUntil < context.Now)];
        if (stale.Length == 0)
        {
            return true;
        }

        _stale.UnionWith(stale.Select(g => g.Name));
        SetVerdict(i, _decisions.Verdict(i) with
        {
            Reason = Reasons.WaitingForGate,
            Message = $"Waiting for the gates to be evaluated again: {string.Join(", ", stale.Select(g => g.Name))}.",
        });
        return false;
    }

    private IEnumerable<GateView> GatesOf(int i) => context.TakesBack
        ? context.ClusterGates.Where(g => g.Spec.At == GatePoint.Slot)
        : _waves.Of(i) is { HasBegun: false } ? ClusterGates.OfSlots(context).Concat(ClusterGates.OfWaveStarts(context))
            : ClusterGates.OfSlots(context);

    private bool IsClosedFor(int i, GateView[] gates)
    {
        foreach (var gate in gates)
        {
            if (gate.ClosedFor(_decisions[i].Node.Name) is var (reason, message))
            {
                SetVerdict(i, _decisions.Verdict(i) with { Reason = reason, Message = message, Blocked = reason != Reasons.WaitingForGate });
                return true;
            }
        }

        return false;
    }

    // Gates are evaluated while some node may still need a slot.
    private bool HasPending()
    {
        if (context is not { Exists: true, Problems.Count: 0, Target: not null, ClusterGates.Count: > 0 })
        {
            return false;
        }

        for (var i = 0; i < _decisions.Count; i++)
        {
            if (_decisions.Verdict(i) is { Selected: true, Tally: not NodeTally.Updated })
            {
                return true;
            }
        }

        return _scope?.Candidates.Count > 0;
    }

    private IReadOnlyList<GateSubject> WatchedGates() =>
        HasPending() ? [.. context.ClusterGates.Select(g => new GateSubject(g.Spec, context.Spec.NodeSelector, _stale.Contains(g.Name)))]
            : [];

    private DateTimeOffset? GatesWakeUp()
    {
        DateTimeOffset? wakeUp = null;
        if (HasPending())
        {
            foreach (var gate in context.ClusterGates)
            {
                wakeUp = TimeMath.Earliest(wakeUp, TimeMath.Earliest(gate.OpensAt, gate.NodeOpensAt));
            }

            // What is closed for long says so again, so that people can tell an old answer from a new one.
            wakeUp = context.ClusterGates.All(g => g.IsOpen) ? wakeUp : TimeMath.Earliest(wakeUp, context.Now.After(GateRules.Renewal));
        }

        return wakeUp;
    }
}
