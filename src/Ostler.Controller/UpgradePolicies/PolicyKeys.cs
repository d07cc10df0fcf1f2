using Ostler.Api;
using Ostler.Controller.Resources;
using Ostler.Kubernetes;

namespace Ostler.Controller.UpgradePolicies;

/// <summary>Which policies must be looked at again when something changed.</summary>
/// <remarks>
/// Informers call their handlers under a lock of their own. So that no two handlers ever wait for each other, this class
/// keeps what it needs of the policies itself and reads no cache but that of the Nodes, and that only for a NodeOS.
/// </remarks>
/// <param name="nodes">The Nodes, for the labels of a NodeOS's node.</param>
/// <param name="enqueue">Called with each policy to look at.</param>
public sealed class PolicyKeys(ILister<Node> nodes, Action<string> enqueue)
{
    private readonly Dictionary<string, (LabelSelector Selector, string Image, bool AsksForNamespaces)> _policies = [];
    private readonly Lock _lock = new();

    public void OnPolicy(InformerEvent<UpgradePolicy> change)
    {
        var policy = change.Object;
        var name = policy.Metadata.Name;
        if (change.Type == InformerEventType.Updated && !SpecChanged(change.Old!, change.New!))
        {
            // Status is a report, no input: our own write of it is no news.
            return;
        }

        string[] all;
        lock (_lock)
        {
            if (change.Type == InformerEventType.Deleted)
            {
                _policies.Remove(name);
            }
            else
            {
                _policies[name] = (
                    policy.Spec.NodeSelector, policy.Spec.ImageRef.Name, policy.Spec.Drain.Rules?.Any(r => r.NamespaceSelector is not null) == true);
            }

            // A changed selector may begin or end a conflict with any other.
            all = [name, .. _policies.Keys.Where(k => k != name)];
        }

        Enqueue(all);
    }

    public void OnImage(InformerEvent<OSImage> change) => Enqueue(Where(p => p.Image == change.Object.Metadata.Name));

    public void OnNamespace(InformerEvent<Namespace> change)
    {
        if (change.Type == InformerEventType.Updated && SameLabels(change.Old!.Metadata.Labels, change.New!.Metadata.Labels))
        {
            return;
        }

        Enqueue(Where(p => p.AsksForNamespaces));
    }

    public void OnNode(InformerEvent<Node> change)
    {
        if (change.Type == InformerEventType.Updated && !Matters(change.Old!, change.New!))
        {
            return;
        }

        HashSet<string> keys = [.. Where(p => p.Selector.Matches(change.Object.Metadata.Labels) || (change.Old is { } old && p.Selector.Matches(old.Metadata.Labels)))];
        Add(keys, change.Old?.CordonedBy);
        Add(keys, change.New?.CordonedBy);
        Enqueue(keys);
    }

    public void OnNodeOS(InformerEvent<NodeOS> change)
    {
        HashSet<string> keys = [];
        if (nodes.Get(NamespacedName.ClusterScoped(change.Object.Metadata.Name)) is { } node)
        {
            keys = [.. Where(p => p.Selector.Matches(node.Metadata.Labels))];
            Add(keys, node.CordonedBy);
        }

        Add(keys, change.Old?.Spec.Policy);
        Add(keys, change.New?.Spec.Policy);
        Enqueue(keys);
    }

    /// <summary>Whether a change of a Node can change a plan. The kubelet's reports do so only by what they say, and by their time only on a node that holds a slot.</summary>
    internal static bool Matters(Node old, Node @new) =>
        old.Metadata.Uid != @new.Metadata.Uid
        || old.Metadata.DeletionTimestamp != @new.Metadata.DeletionTimestamp
        || old.Unschedulable != @new.Unschedulable
        || old.CordonedBy != @new.CordonedBy
        || old.Ready?.Status != @new.Ready?.Status
        || old.Ready?.Reason != @new.Ready?.Reason
        || old.Status?.NodeInfo?.BootID != @new.Status?.NodeInfo?.BootID
        || (@new.CordonedBy is not null && old != @new)
        || !SameLabels(old.Metadata.Labels, @new.Metadata.Labels);

    private static bool SpecChanged(UpgradePolicy old, UpgradePolicy @new) =>
        old.Metadata.Generation != @new.Metadata.Generation
        || old.Metadata.Uid != @new.Metadata.Uid
        || old.Metadata.DeletionTimestamp != @new.Metadata.DeletionTimestamp;

    private static bool SameLabels(IReadOnlyDictionary<string, string>? left, IReadOnlyDictionary<string, string>? right) =>
        (left?.Count ?? 0) == (right?.Count ?? 0)
        && (left is null || left.All(l => right!.TryGetValue(l.Key, out var value) && value == l.Value));

    private static void Add(HashSet<string> keys, string? policy)
    {
        if (!string.IsNullOrEmpty(policy))
        {
            keys.Add(policy);
        }
    }

    private string[] Where(Func<(LabelSelector Selector, string Image, bool AsksForNamespaces), bool> condition)
    {
        lock (_lock)
        {
            return [.. _policies.Where(p => condition(p.Value)).Select(p => p.Key)];
        }
    }

    private void Enqueue(IEnumerable<string> keys)
    {
        foreach (var key in keys)
        {
            enqueue(key);
        }
    }
}
