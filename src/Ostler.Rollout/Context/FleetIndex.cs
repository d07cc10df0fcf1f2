using System.Collections;
using Ostler.Rollout.Snapshot;

namespace Ostler.Rollout.Context;

/// <summary>The nodes of one plan, sorted by name; those that are being deleted are left alone and are not among them.</summary>
/// <remarks>
/// References and not values: above some thousands of nodes an array of values would be a large object, which every plan would make anew
/// and only a full collection takes back.
/// </remarks>
internal sealed class FleetIndex : IReadOnlyList<NodeEntry>
{
    private readonly NodeEntry[] _nodes;
    private readonly KnownFor? _for;

    private FleetIndex(NodeEntry[] nodes, KnownFor? knownFor)
    {
        _nodes = nodes;
        _for = knownFor;
        foreach (var node in nodes)
        {
            Selected += node.Selected ? 1 : 0;
        }
    }

    public static FleetIndex None { get; } = new([], null);

    public int Count => _nodes.Length;

    /// <summary>How many of them the policy selects.</summary>
    public int Selected { get; }

    public NodeEntry this[int index] => _nodes[index];

    /// <param name="snapshot">Its nodes may stand in any order.</param>
    /// <param name="former">Of a former plan. A node whose facts are the very same object is not read again.</param>
    public static FleetIndex Of(RolloutSnapshot snapshot, FleetIndex? former = null)
    {
        var knownFor = KnownFor.Of(snapshot);
        var facts = Sorted(snapshot.Nodes);
        var nodes = new NodeEntry[facts.Length];
        var place = new MergeCursor(knownFor.Equals(former?._for) ? former : null);
        for (var i = 0; i < nodes.Length; i++)
        {
            nodes[i] = place.Find(facts[i]) is { } at ? former![at] : new(facts[i], knownFor);
        }

        return new(nodes, knownFor);
    }

    public IEnumerator<NodeEntry> GetEnumerator() => ((IEnumerable<NodeEntry>)_nodes).GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    // The plan must not depend on the order in which the nodes were gathered; most come sorted, and to see that costs less than to sort
    // them again.
    private static NodeFacts[] Sorted(IReadOnlyList<NodeFacts> nodes)
    {
        var kept = new NodeFacts[nodes.Count];
        var count = 0;
        var inOrder = true;
        for (var i = 0; i < kept.Length; i++)
        {
            var node = nodes[i];
            if (node.Deleting)
            {
                continue;
            }

            inOrder = inOrder && (count == 0 || string.CompareOrdinal(kept[count - 1].Name, node.Name) < 0);
            kept[count++] = node;
        }

        Array.Resize(ref kept, count);
        if (!inOrder)
        {
            Array.Sort(kept, static (x, y) => string.CompareOrdinal(x.Name, y.Name));
        }

        return kept;
    }

    /// <summary>Finds the nodes of a plan, in their order, among those of a former one.</summary>
    internal struct MergeCursor(FleetIndex? former)
    {
        private int _next;

        /// <summary>The index of the node with these very facts; null: they are new.</summary>
        public int? Find(NodeFacts facts)
        {
            if (former is null)
            {
                return null;
            }

            while (_next < former.Count)
            {
                var candidate = former[_next].Facts;
                if (ReferenceEquals(candidate, facts))
                {
                    return _next++;
                }

                if (string.CompareOrdinal(candidate.Name, facts.Name) > 0)
                {
                    return null;
                }

                _next++;
            }

            return null;
        }
    }
}
