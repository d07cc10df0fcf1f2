namespace Ostler.Simulation;

/// <summary>
/// The nodes, those with the fewest pods first, then by name. Thousands of pods are placed, and to look at each of thousands of nodes for
/// each takes longer than the rollout.
/// </summary>
internal sealed class FewestPods
{
    private readonly SortedSet<(int Count, string Node)> _order = new(Comparer<(int Count, string Node)>.Create(static (x, y) =>
        x.Count != y.Count ? x.Count.CompareTo(y.Count) : string.CompareOrdinal(x.Node, y.Node)));

    private readonly Dictionary<string, SimulatedNode> _nodes = new(StringComparer.Ordinal);
    private IReadOnlyList<SimulatedNode>? _of;

    /// <param name="nodes">All that are there. The same list has the same nodes.</param>
    /// <param name="count">How many pods are on a node.</param>
    public IEnumerable<SimulatedNode> Of(IReadOnlyList<SimulatedNode> nodes, Func<string, int> count)
    {
        if (!ReferenceEquals(_of, nodes))
        {
            _of = nodes;
            _order.Clear();
            _nodes.Clear();
            foreach (var node in nodes)
            {
                _nodes[node.Name] = node;
                _order.Add((count(node.Name), node.Name));
            }
        }

        return _order.Select(place => _nodes[place.Node]);
    }

    /// <summary>A node has more pods than before, or fewer.</summary>
    public void Changed(string node, int before, int now)
    {
        if (_order.Remove((before, node)))
        {
            _order.Add((now, node));
        }
    }
}
