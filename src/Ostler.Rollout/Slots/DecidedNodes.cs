using Ostler.Rollout.Context;
using Ostler.Rollout.Nodes;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Snapshot;

namespace Ostler.Rollout.Slots;

/// <summary>The nodes of one plan, sorted by name, each with what was decided about it.</summary>
/// <remarks>
/// Arrays of references and not one of pairs: above some 5,300 nodes the pairs would be a large object, which every plan would make anew
/// and only a full collection takes back.
/// </remarks>
internal sealed class DecidedNodes
{
    private readonly NodeDecision[] _own;
    private readonly NodeDecision[] _decisions;

    /// <param name="context">What holds for all nodes.</param>
    /// <param name="former">What a former plan decided. Of a node that is as it was, that holds again, if it is nothing that time
    /// changes.</param>
    public DecidedNodes(RolloutContext context, DecidedNodes? former = null)
    {
        Nodes = context.Nodes;
        Basis = DecisionBasis.Of(context);
        _own = new NodeDecision[Nodes.Count];
        var place = new FleetIndex.MergeCursor(former is not null && Basis.Carries(former.Basis) ? former.Nodes : null);
        for (var i = 0; i < _own.Length; i++)
        {
            var facts = Nodes[i].Facts;
            if (place.Find(facts) is { } at && former!._own[at] is { IsTimeInvariant: true } decision)
            {
                _own[i] = decision;
                Carried++;
            }
            else
            {
                _own[i] = NodeStateMachine.Decide(context, facts);
            }
        }

        _decisions = [.. _own];
    }

    public int Count => _own.Length;

    public FleetIndex Nodes { get; }

    /// <summary>How many decisions are those of the former plan.</summary>
    public int Carried { get; }

    private DecisionBasis Basis { get; }

    public (NodeFacts Node, NodeDecision Decision) this[int index] => (Nodes[index].Facts, _decisions[index]);

    public NodeVerdict Verdict(int index) => _decisions[index].Verdict;

    /// <summary>Replaces what is said about a node.</summary>
    public void SetVerdict(int index, NodeVerdict verdict) => _decisions[index] = _decisions[index] with { Verdict = verdict };

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
}
