using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Context;
using Ostler.Rollout.Failures;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Text;

namespace Ostler.Rollout.Planner;

/// <summary>
/// The gates of spec.gates: what each holds back. They hold nodes back and nothing else: no node fails, no rollout halts and no digest is
/// quarantined for what they say.
/// </summary>
internal static class ClusterGates
{
    private const string Consequence = "Nodes stage meanwhile, and nodes in flight finish.";

    /// <summary>Each gate as it stands.</summary>
    public static IReadOnlyList<GateView> Of(UpgradePolicySpec spec, RolloutSnapshot snapshot) =>
        [.. (spec.Gates ?? []).Select(g => GateView.Of(g, snapshot.Gates.FirstOrDefault(o => o.Gate == g.Name), snapshot.Now))];

    /// <summary>
    /// Whether the rollout of the target has begun: some node has a slot for it, has failed on it, or runs it by our doing. A node that
    /// runs it otherwise proves nothing about a beginning.
    /// </summary>
    public static bool HasBegun(RolloutContext context)
    {
        if (context.Spec.Gates is null or { Count: 0 })
        {
            return true;
        }

        foreach (var node in context.Nodes)
        {
            if (node.Selected && HasBegun(context, node))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The gates that hold back every slot now: those of slots, and those of a beginning that is still to come.</summary>
    public static IEnumerable<GateView> OfSlots(RolloutContext context) => context.ClusterGates.Where(g => g.Spec.At switch
    {
        GatePoint.Slot => true,
        GatePoint.Rollout => !context.HasBegun,
        GatePoint.Wave => !HasWaves(context) && !context.HasBegun,
    });

    /// <summary>The gates that a wave must pass to begin.</summary>
    public static IEnumerable<GateView> OfWaveStarts(RolloutContext context) =>
        HasWaves(context) ? context.ClusterGates.Where(g => g.Spec.At == GatePoint.Wave) : [];

    /// <summary>Why no wave begins now; null when it may.</summary>
    public static RolloutGate? OfWaves(RolloutContext context) => Close(OfWaveStarts(context));

    /// <summary>The first of these that is closed, and how many more are; null: none is.</summary>
    public static RolloutGate? Close(IEnumerable<GateView> gates)
    {
        GateView[] closed = [.. gates.Where(g => !g.IsOpen)];

        // What a user can do something about comes first; what is being evaluated is known in a moment.
        var first = closed.FirstOrDefault(g => g.Reason != Reasons.WaitingForGate) ?? closed.FirstOrDefault();
        var more = closed.Length > 1
            ? $" {MessageText.Count(closed.Length - 1, "other gate")} {MessageText.Agree(closed.Length - 1, "is", "are")} not open either."
                : "";
        return first is null ? null : new(first.Reason, $"{first.Message}{more} {Consequence}") { StagingAllowed = true };
    }

    private static bool HasWaves(RolloutContext context) => context.Spec.Rollout.Waves is { Count: > 0 };

    private static bool HasBegun(RolloutContext context, NodeEntry node) =>
        context.FailureCounts(node.Failure)
            || (node is { InFlight: true } or { IsUpdated: true } && context.Trees?.Includes(node.Facts.OS?.Spec.Image?.Digest) == true);
}
