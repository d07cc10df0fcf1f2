using System.Runtime.InteropServices;
using Ostler.Api;

namespace Ostler.Rollout;

/// <summary>How far the nodes of a policy are the same: which trees they run, and which of them differ from the tree that they run. Pure.</summary>
/// <param name="Digests">The trees, the one that most nodes run first.</param>
/// <param name="Drifted">The nodes that differ, sorted by name.</param>
public sealed record FleetConsistency(IReadOnlyList<RunningDigest> Digests, IReadOnlyList<DriftedNode> Drifted)
{
    /// <summary>Of the nodes that the policy selects. Those whose agent has not reported what they run are in no count.</summary>
    public static FleetConsistency Of(RolloutPlan plan)
    {
        var trees = new Dictionary<string, (string? Version, int Nodes)>(StringComparer.Ordinal);
        var drifted = new List<DriftedNode>();
        for (var i = 0; i < plan.Facts.Count; i++)
        {
            if (!plan.Nodes[i].Selected || plan.Facts[i].OS?.Status is not { Booted: { } booted } status)
            {
                continue;
            }

            // On several platforms one release is several trees, which is no inconsistency.
            var isTarget = plan.Trees?.For(plan.Facts[i])?.Digest == booted.Digest;
            ref var tree = ref CollectionsMarshal.GetValueRefOrAddDefault(trees, isTarget ? plan.Target!.Digest : booted.Digest, out _);
            tree = (tree.Version ?? (isTarget ? plan.Target!.Version : null) ?? booted.Version, tree.Nodes + 1);
            if (DriftRules.Of(status) is { } drift)
            {
                drifted.Add(new() { Node = plan.Facts[i].Name, Reason = DriftRules.WordFor(drift), Message = Names.Cut(DriftRules.Describe(drift)) });
            }
        }

        return new(
            [
                .. trees.Select(t => new RunningDigest { Digest = t.Key, Version = t.Value.Version, Nodes = t.Value.Nodes })
                    .OrderByDescending(t => t.Nodes).ThenBy(t => t.Digest, StringComparer.Ordinal),
            ],
            drifted);
    }
}
