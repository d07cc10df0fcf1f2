using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Text;

namespace Ostler.Rollout.Status;

/// <summary>
/// How far the nodes of a policy are the same: which trees they run, and which of them differ from the tree that they run. Pure.
/// </summary>
/// <param name="Digests">The trees, the one that most nodes run first.</param>
/// <param name="Drifted">The nodes that differ, sorted by name.</param>
public sealed record FleetConsistency(IReadOnlyList<RunningDigest> Digests, IReadOnlyList<DriftedNode> Drifted)
{
    /// <summary>Of the nodes that the policy selects. Those whose agent has not reported what they run are in no count.</summary>
    public static FleetConsistency Of(RolloutPlan plan)
    {
        var trees = new Dictionary<string, Tree>(StringComparer.Ordinal);
        var drifted = new List<DriftedNode>();
        Tree? last = null;
        for (var i = 0; i < plan.Known.Count; i++)
        {
            var node = plan.Known[i];
            if (!node.Selected || node.RunsDigest is not { } runs)
            {
                continue;
            }

            // On several platforms one release is several trees, which is no inconsistency.
            var isTarget = plan.Trees?.For(node.Facts)?.Digest == runs;
            var digest = isTarget ? plan.Target!.Digest : runs;
            // Neighbours mostly run the same tree, and thousands of digests take long to look up.
            if (last?.Digest != digest && !trees.TryGetValue(digest, out last))
            {
                trees[digest] = last = new(digest);
            }

            last!.Nodes++;
            last.Version ??= (isTarget ? plan.Target!.Version : null) ?? node.RunsVersion;
            if (node.Drift is { } drift)
            {
                drifted.Add(new() { Node = node.Name, Reason = DriftFacts.WordFor(drift), Message = MessageText.Cut(DriftFacts.Describe(drift)) });
            }
        }

        return new(
            [
                .. trees.Values.Select(t => new RunningDigest { Digest = t.Digest, Version = t.Version, Nodes = t.Nodes })
                    .OrderByDescending(t => t.Nodes).ThenBy(t => t.Digest, StringComparer.Ordinal),
            ],
            drifted);
    }

    private sealed class Tree(string digest)
    {
        public string Digest => digest;

        public string? Version { get; set; }

        public int Nodes { get; set; }
    }
}
