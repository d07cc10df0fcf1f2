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

    /// <summary>From what is known of who selects each node; where that is not known, the selectors are matched with its labels.</summary>
    public static Conflicts Find(PolicyFacts policy, IReadOnlyList<OtherPolicy> others, FleetIndex nodes)
    {
        if (!policy.Exists || others.Count == 0)
        {
            return new();
        }

        OtherPolicy[] active = [.. others.Where(o => !o.Deleting && o.Name != policy.Name).OrderBy(o => o.Name, StringComparer.Ordinal)];
        var places = new Dictionary<string, int>(active.Length, StringComparer.Ordinal);
        for (var i = 0; i < active.Length; i++)
        {
            places[active[i].Name] = i;
        }

        var byNode = new Dictionary<string, string>(StringComparer.Ordinal);
        var names = new List<string>?[active.Length];
        for (var i = 0; i < nodes.Count; i++)
        {
            if (nodes[i].Selected)
            {
                Add(nodes[i].Facts);
            }
        }

        return new(byNode) { Policies = [.. active.Zip(names).Where(a => a.Second is not null).Select(a => Of(a.First.Name, a.Second!))] };

        void Add(NodeFacts node)
        {
            if (node.SelectedBy is not { } known)
            {
                for (var i = 0; i < active.Length; i++)
                {
                    if (active[i].NodeSelector.Matches(node.Labels))
                    {
                        Found(node.Name, i);
                    }
                }

                return;
            }

            for (var i = 0; i < known.Count; i++)
            {
                if (places.TryGetValue(known[i], out var place))
                {
                    Found(node.Name, place);
                }
            }
        }

        void Found(string node, int place)
        {
            (names[place] ??= []).Add(node);
            byNode.TryAdd(node, active[place].Name);
        }
    }

    private static PolicyConflict Of(string policy, List<string> nodes)
    {
        nodes.Sort(StringComparer.Ordinal);
        return new(policy, nodes.Count, [.. nodes.Take(3)]);
    }

    private Conflicts(Dictionary<string, string> byNode) => _byNode = byNode;

    private Conflicts()
    {
    }
}
