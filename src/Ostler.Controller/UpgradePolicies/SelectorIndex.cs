using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;
using Ostler.Kubernetes.Core;

namespace Ostler.Controller.UpgradePolicies;

/// <summary>
/// Which policies select each node. A selector is matched only when it or the labels of a node changed: matching all policies with all
/// nodes in every pass of every policy costs most of the one worker's time as soon as there are some hundred policies.
/// </summary>
/// <remarks>
/// Derived from the lists of a pass and from nothing else, so that it cannot disagree with what the pass reads. Not for several threads.
/// </remarks>
internal sealed class SelectorIndex
{
    private readonly Dictionary<string, LabelSelector> _selectors = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Entry> _nodes = new(StringComparer.Ordinal);
    private IReadOnlyList<UpgradePolicy>? _policiesSeen;
    private IReadOnlyList<Node>? _nodesSeen;
    private int _update;

    /// <summary>The policies that select a node, sorted by name; those that are being deleted as well. Empty for an unknown node.</summary>
    public IReadOnlyList<string> PoliciesOf(string node) => _nodes.TryGetValue(node, out var entry) ? entry.Policies : [];

    /// <summary>Takes in what changed since the last call.</summary>
    /// <param name="policies">All policies. The same list as last time has the same content, as lists of an informer do.</param>
    /// <param name="nodes">All nodes; the same holds.</param>
    public void Update(IReadOnlyList<UpgradePolicy> policies, IReadOnlyList<Node> nodes)
    {
        if (ReferenceEquals(policies, _policiesSeen) && ReferenceEquals(nodes, _nodesSeen))
        {
            return;
        }

        var changed = ReferenceEquals(policies, _policiesSeen) ? [] : TakeIn(policies);
        (_policiesSeen, _nodesSeen) = (policies, nodes);
        _update++;
        foreach (var node in nodes)
        {
            if (!_nodes.TryGetValue(node.Name, out var entry) || !SameLabels(entry.Labels, node.Metadata.Labels))
            {
                _nodes[node.Name] = entry = new() { Policies = Matching(node.Metadata.Labels) };
            }
            else if (changed.Count > 0)
            {
                entry.Policies = Rematched(entry.Policies, changed, node.Metadata.Labels);
            }

            // The newest, so that the next comparison is one of references.
            (entry.Labels, entry.Update) = (node.Metadata.Labels, _update);
        }

        if (_nodes.Count > nodes.Count)
        {
            foreach (var gone in _nodes.Where(n => n.Value.Update != _update).Select(n => n.Key).ToArray())
            {
                _nodes.Remove(gone);
            }
        }
    }

    /// <summary>The names of the policies that are new, gone, or have another selector.</summary>
    private HashSet<string> TakeIn(IReadOnlyList<UpgradePolicy> policies)
    {
        var changed = new HashSet<string>(StringComparer.Ordinal);
        foreach (var policy in policies)
        {
            var (name, selector) = (policy.Metadata.Name, policy.Spec.NodeSelector);
            if (!_selectors.TryGetValue(name, out var known) || !SameSelector(known, selector))
            {
                changed.Add(name);
            }

            _selectors[name] = selector;
        }

        if (_selectors.Count > policies.Count)
        {
            var present = policies.Select(p => p.Metadata.Name).ToHashSet(StringComparer.Ordinal);
            foreach (var gone in _selectors.Keys.Where(n => !present.Contains(n)).ToArray())
            {
                _selectors.Remove(gone);
                changed.Add(gone);
            }
        }

        return changed;
    }

    private string[] Matching(IReadOnlyDictionary<string, string>? labels) =>
        Sorted(_selectors.Where(s => s.Value.Matches(labels)).Select(s => s.Key));

    private string[] Rematched(string[] before, HashSet<string> changed, IReadOnlyDictionary<string, string>? labels)
    {
        List<string>? now = null;
        foreach (var name in changed)
        {
            var selects = _selectors.TryGetValue(name, out var selector) && selector.Matches(labels);
            if (selects != (Array.BinarySearch(before, name, StringComparer.Ordinal) >= 0))
            {
                now ??= [.. before];
                if (selects)
                {
                    now.Add(name);
                }
                else
                {
                    now.Remove(name);
                }
            }
        }

        return now is null ? before : Sorted(now);
    }

    private static string[] Sorted(IEnumerable<string> names)
    {
        string[] sorted = [.. names];
        Array.Sort(sorted, StringComparer.Ordinal);
        return sorted;
    }

    private static bool SameLabels(IReadOnlyDictionary<string, string>? left, IReadOnlyDictionary<string, string>? right) =>
        ReferenceEquals(left, right)
        || ((left?.Count ?? 0) == (right?.Count ?? 0)
            && (left is null || left.All(l => right!.TryGetValue(l.Key, out var value) && value == l.Value)));

    private static bool SameSelector(LabelSelector left, LabelSelector right) =>
        ReferenceEquals(left, right)
        || (SameLabels(left.MatchLabels, right.MatchLabels)
            && (left.MatchExpressions ?? []).SequenceEqual(right.MatchExpressions ?? [], SameExpression.Instance));

    private sealed class SameExpression : IEqualityComparer<LabelExpression>
    {
        public static SameExpression Instance { get; } = new();

        public bool Equals(LabelExpression? x, LabelExpression? y) =>
            x?.Key == y?.Key && x?.Operator == y?.Operator && (x?.Values ?? []).SequenceEqual(y?.Values ?? [], StringComparer.Ordinal);

        public int GetHashCode(LabelExpression obj) => HashCode.Combine(obj.Key, obj.Operator);
    }

    private sealed class Entry
    {
        public IReadOnlyDictionary<string, string>? Labels { get; set; }
        public required string[] Policies { get; set; }
        public int Update { get; set; }
    }
}
