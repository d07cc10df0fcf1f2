namespace Ostler.Rollout;

/// <summary>The nodes of one plan, sorted by name, each with what was decided about it.</summary>
/// <remarks>
/// Two arrays of references and not one of pairs: above some 5,300 nodes the pairs would be a large object, which every plan would make anew and only a full
/// collection takes back.
/// </remarks>
internal sealed class DecidedNodes
{
    private readonly NodeFacts[] _nodes;
    private readonly NodeDecision[] _decisions;

    public DecidedNodes(RolloutContext context)
    {
        _nodes = Sorted(context.Snapshot.Nodes);
        _decisions = new NodeDecision[_nodes.Length];
        for (var i = 0; i < _nodes.Length; i++)
        {
            _decisions[i] = NodeStateMachine.Decide(context, _nodes[i]);
        }
    }

    public int Count => _nodes.Length;

    public IReadOnlyList<NodeFacts> Facts => _nodes;

    public (NodeFacts Node, NodeDecision Decision) this[int index] => (_nodes[index], _decisions[index]);

    /// <summary>Replaces what is said about a node.</summary>
    public void Say(int index, NodeVerdict verdict) => _decisions[index] = _decisions[index] with { Verdict = verdict };

    /// <summary>The nodes that wish for this, by their index.</summary>
    public List<int> Wishing(NodeWish wish)
    {
        var indexes = new List<int>();
        for (var i = 0; i < _decisions.Length; i++)
        {
            if (_decisions[i].Wish == wish)
            {
                indexes.Add(i);
            }
        }

        return indexes;
    }

    public NodeVerdict[] Verdicts() => Array.ConvertAll(_decisions, static d => d.Verdict);

    // The plan must not depend on the order in which the nodes were gathered; most come sorted, and to see that costs less than to sort them again.
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
}
