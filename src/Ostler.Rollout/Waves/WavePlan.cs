using Ostler.Api.Meta;
using Ostler.Rollout.Context;
using Ostler.Rollout.Failures;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Slots;
using Ostler.Rollout.Text;

namespace Ostler.Rollout.Waves;

/// <summary>The waves of a rollout: whose turn it is. Without waves, everybody's.</summary>
internal sealed class WavePlan
{
    private readonly int[]? _membership;

    private WavePlan(IReadOnlyList<WaveProgress> waves, int[]? membership)
    {
        Waves = waves;
        _membership = membership;
    }

    /// <summary>In their order, the rest last; empty when no waves are declared.</summary>
    public IReadOnlyList<WaveProgress> Waves { get; }

    /// <summary>The wave of each of the planner's nodes; empty when there are none.</summary>
    public IReadOnlyList<int> Membership => _membership ?? [];

    /// <summary>When the next soak ends.</summary>
    public DateTimeOffset? WakeUp { get; private init; }

    /// <summary>The wave of the planner's node of that index; 0 when there are none.</summary>
    public int IndexOf(int node) => _membership is null ? 0 : Math.Max(0, _membership[node]);

    /// <summary>The wave of that node; null when there are none.</summary>
    public WaveProgress? Of(int node) => _membership is null ? null : Waves[IndexOf(node)];

    public static WavePlan Of(RolloutContext context, DecidedNodes decisions)
    {
        if (context.Spec.Rollout.Waves is not { Count: > 0 } specs || !context.Exists || context.Problems.Count > 0 || context.Target is not { } target)
        {
            return new([], null);
        }

        var membership = WaveMembership.Of(context, decisions, specs);
        var tallies = new WaveTally[specs.Count + 1];
        for (var i = 0; i < membership.Length; i++)
        {
            if (membership[i] >= 0)
            {
                tallies[membership[i]].Add(context, decisions.Nodes[i], decisions.Verdict(i));
            }
        }

        var previous = context.Snapshot.Policy.PreviousStatus;
        var former = previous?.Target?.Digest == target.Digest ? previous.Waves : null;
        var waves = new WaveProgress[tallies.Length];
        var last = Array.FindLastIndex(tallies, t => t.Total > 0);
        WaveProgress? holdsUp = null;
        DateTimeOffset? wakeUp = null;
        for (var i = 0; i < waves.Length; i++)
        {
            var spec = i < specs.Count ? specs[i] : new() { Name = WaveProgress.Rest };
            // A wave that is taken back has to prove itself anew.
            var completedAt = tallies[i].TakenBack > 0 ? null : former?.FirstOrDefault(w => w.Name == spec.Name)?.CompletedAt;
            waves[i] = WaveRules.Judge(context, target, spec, tallies[i], completedAt, holdsUp, i >= last);
            holdsUp ??= waves[i].Passed ? null : waves[i];
            wakeUp = waves[i].SoakedAt > context.Now ? TimeMath.Earliest(wakeUp, waves[i].SoakedAt) : wakeUp;
        }

        return new(waves, membership) { WakeUp = wakeUp };
    }
}

/// <summary>What the nodes of a wave are at.</summary>
internal struct WaveTally
{
    public int Total;
    public int Updated;
    public int InFlight;
    public int Failed;

    /// <summary>Whether one of them has had a slot for the target.</summary>
    public bool Begun;

    /// <summary>Went back, or are about to, for the failures of others.</summary>
    public int TakenBack;

    /// <summary>Not Ready and not touched: nothing can be learned of them, and nothing done with them, before they are back.</summary>
    public int Away;

    /// <summary>Held back by users: nothing is done with them before the hold is removed.</summary>
    public int Held;

    /// <summary>Could go on by themselves when it is their turn.</summary>
    public int CanGo;

    /// <summary>Cannot go on now, but may without anybody's doing: back off, or are not Ready.</summary>
    public int MayHeal;

    /// <summary>The first that cannot, and why.</summary>
    public NodeVerdict? FirstStuck;

    public void Add(RolloutContext context, NodeEntry node, NodeVerdict verdict)
    {
        Total++;
        TakenBack += context.FailureCounts(node.Failure, Reasons.RolledBackByScope) || node is { CordonedHere: true, IsUpdated: true } ? 1 : 0;
        Begun |= IsUnderWay(node, verdict) || context.FailureCounts(node.Failure)
            || (verdict.Tally == NodeTally.Updated && node is { IsUpdated: true, UpgradeGrantedAt: not null });
        if (IsUnderWay(node, verdict))
        {
            InFlight++;
            return;
        }

        if (verdict.Tally == NodeTally.Updated)
        {
            Updated++;
            return;
        }

        // A failure says more than a node that somebody cordoned.
        if (verdict.Tally == NodeTally.Failed || context.FailureCounts(node.Failure))
        {
            FirstStuck = Failed++ == 0 ? verdict : FirstStuck;
            return;
        }

        Away += verdict.Reason == Reasons.NodeNotReady ? 1 : 0;
        Held += verdict.Reason == Reasons.Held ? 1 : 0;
        CanGo += verdict.Blocked ? 0 : 1;
        MayHeal += verdict is { Blocked: true, NeedsPerson: false } ? 1 : 0;
        FirstStuck ??= verdict.Blocked ? verdict : null;
    }

    /// <summary>
    /// In flight, and not held after a failure that is on record. What this very pass brings to an end has not been written yet: the next
    /// wave begins with the next snapshot at the earliest.
    /// </summary>
    public static bool IsUnderWay(NodeEntry node, NodeVerdict verdict) => node.InFlight && (verdict.Tally != NodeTally.Failed || node.Failure is null);
}
