using Ostler.Rollout.Plan;
using Ostler.Rollout.Snapshot;

namespace Ostler.Rollout.Context;

/// <summary>Which nodes another policy selects too.</summary>
internal sealed class Conflicts
{
    private readonly Dictionary<string, string> _byNode = new(StringComparer.Ordinal);

    /// <summary>Each policy that selects some of the same nodes, sorted by name.</summary>
    public IReadOnlyList<PolicyConflict> Policies { get; private init; } = [];

    /// <summary>The first policy that selects the node as well; null when none does.</summary>
    public string? Of(string node) => _byNode.GetValueOrDefault(node);

    public static Conflicts Find(PolicyFacts policy, IReadOnlyList<OtherPolicy> others, FleetIndex nodes)
    {
        if (!policy.Exists || others.Count == 0)
        {
            return new();
        }

        var byNode = new Dictionary<string, string>(StringComparer.Ordinal);
        var found = new List<PolicyConflict>();
        foreach (var other in others.Where(o => !o.Deleting && o.Name != policy.Name).OrderBy(o => o.Name, StringComparer.Ordinal))
        {
            List<string>? names = null;
            for (var i = 0; i < nodes.Count; i++)
            {
                var node = nodes[i];
                if (node.Selected && other.NodeSelector.Matches(node.Facts.Labels))
                {
                    (names ??= []).Add(node.Name);
                    byNode.TryAdd(node.Name, other.Name);
                }
            }

            if (names is not null)
            {
                names.Sort(StringComparer.Ordinal);
                found.Add(new(other.Name, names.Count, [.. names.Take(3)]));
            }
        }

        return new(byNode) { Policies = found };
    }

    private Conflicts(Dictionary<string, string> byNode) => _byNode = byNode;

    private Conflicts()
    {
    }
}
