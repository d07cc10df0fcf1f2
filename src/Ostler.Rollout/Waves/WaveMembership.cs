using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Context;
using Ostler.Rollout.Failures;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Slots;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Text;

namespace Ostler.Rollout.Waves;

/// <summary>
/// Which wave each node belongs to: derived anew at every look, and yet a node that was taken stays where it is when others join or leave.
/// </summary>
/// <remarks>
/// Selectors decide first; they depend on nothing but a node's labels. Waves of a count or a percentage are filled from the front of one
/// queue: the nodes that were touched in the order in which they were (so whoever joins stands behind them), then those that can go in the
/// order in which slots are granted, then those that cannot now. A node that is gone makes room for the next touched one, never for an
/// untouched one before it. With a canary of 1 and n2 on its way behind n1: n1 | n2 …; n1 is deleted, n9 joins: n2 | … n9.
/// </remarks>
internal static class WaveMembership
{
    /// <summary>
    /// The index of the wave of each decision; nodes of no wave have the index after the last one. Nodes not selected have -1.
    /// </summary>
    public static int[] Of(RolloutContext context, DecidedNodes decisions, IReadOnlyList<WaveSpec> waves)
    {
        var membership = new int[decisions.Count];
        var counted = waves.Any(w => w.NodeSelector is null);
        // Nobody need know who stands where behind those that the waves take.
        var room = counted ? Math.Min(decisions.Count, Room(context.Total, waves)) : 0;
        using var queue = new TopK<Place>(room);
        var touched = 0;
        for (var i = 0; i < membership.Length; i++)
        {
            var (node, verdict) = (decisions.Nodes[i], decisions.Verdict(i));
            membership[i] = !verdict.Selected ? -1 : BySelector(waves, node.Facts) ?? waves.Count;
            if (counted && membership[i] == waves.Count && Place.Of(context, node, verdict, i, onlyTouched: touched >= room) is { } place)
            {
                queue.Add(place);
                touched += place.Rank == Place.Touched ? 1 : 0;
            }
        }

        Fill(context.Total, waves, queue.InOrder(), membership);
        return membership;
    }

    private static void Fill(int total, IReadOnlyList<WaveSpec> waves, ReadOnlySpan<Place> queue, int[] membership)
    {
        var next = 0;
        for (var wave = 0; wave < waves.Count; wave++)
        {
            for (var left = CountOf(total, waves[wave]); left > 0 && next < queue.Length; left--)
            {
                membership[queue[next++].Order.Index] = wave;
            }
        }
    }

    private static int Room(int total, IReadOnlyList<WaveSpec> waves)
    {
        var room = 0L;
        for (var i = 0; i < waves.Count; i++)
        {
            room += CountOf(total, waves[i]);
        }

        return (int)Math.Min(room, int.MaxValue);
    }

    // 5% of ten nodes rounds down to none; a wave without nodes would prove nothing.
    private static int CountOf(int total, WaveSpec wave) => wave.NodeSelector is null ? Math.Max(1, wave.Nodes?.Of(total) ?? 0) : 0;

    private static int? BySelector(IReadOnlyList<WaveSpec> waves, NodeFacts node)
    {
        for (var i = 0; i < waves.Count; i++)
        {
            if (waves[i].NodeSelector is { } selector && selector.Matches(node.Labels))
            {
                return i;
            }
        }

        return null;
    }

    /// <summary>Where a node stands in the queue.</summary>
    private readonly record struct Place(int Rank, DateTimeOffset TouchedAt, GrantOrder Order) : IComparable<Place>
    {
        public const int Touched = 0;
        private const int CanGo = 1;
        private const int CannotGo = 2;

        /// <summary>
        /// Null: not touched, and only those that were are wanted: with waves full of them, nobody need know who would be next.
        /// </summary>
        public static Place? Of(RolloutContext context, NodeEntry node, NodeVerdict verdict, int index, bool onlyTouched)
        {
            var at = TouchedSince(context, node, verdict);
            return at is null && onlyTouched
                ? null
                : new(at is not null ? Touched : verdict.Blocked ? CannotGo : CanGo, at ?? default, GrantOrder.Of(context, node, index));
        }

        private static DateTimeOffset? TouchedSince(RolloutContext context, NodeEntry node, NodeVerdict verdict)
        {
            // One that this very pass gives back has its place until the next snapshot: nobody else may be taken for it yet.
            if (WaveTally.IsUnderWay(node, verdict))
            {
                return node.UpgradeGrantedAt ?? node.Facts.CordonedAt ?? node.Facts.OS?.Spec.GrantedAt ?? context.Now;
            }

            // By its record and not by its verdict, which may speak of something else that is wrong with it, too.
            if (context.FailureCounts(node.Failure))
            {
                // One that went back for others is where it was when it was upgraded.
                return node.UpgradeGrantedAt ?? node.Failure!.At;
            }

            // One that is held after a failure has its place, whether or not a user asked for a retry since.
            if (node is { CordonedHere: true, Failure: not null })
            {
                return node.UpgradeGrantedAt ?? node.Facts.CordonedAt ?? context.Now;
            }

            // One that runs the target without our doing proves it as well, and was there first.
            return verdict.Tally == NodeTally.Updated || verdict.ToReboot ? node.UpgradeGrantedAt ?? DateTimeOffset.MinValue : null;
        }

        public int CompareTo(Place other)
        {
            var order = Rank.CompareTo(other.Rank);
            if (order == 0)
            {
                order = TouchedAt.CompareTo(other.TouchedAt);
            }

            return order == 0 ? Order.CompareTo(other.Order) : order;
        }
    }
}
