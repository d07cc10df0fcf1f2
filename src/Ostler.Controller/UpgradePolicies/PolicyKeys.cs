using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.OSImages;
using Ostler.Api.UpgradePolicies;
using Ostler.Kubernetes;
using Ostler.Kubernetes.Core;
using Ostler.Kubernetes.Informers;

namespace Ostler.Controller.UpgradePolicies;

/// <summary>Which policies must be looked at again when something changed.</summary>
/// <remarks>
/// Informers call their handlers under a lock of their own. So that no two handlers ever wait for each other, this class
/// keeps what it needs of the policies itself and reads no cache but that of the Nodes, and that only for a NodeOS.
/// </remarks>
/// <param name="nodes">The Nodes, for the labels of a NodeOS's node.</param>
/// <param name="enqueue">Called with each policy to look at.</param>
internal sealed class PolicyKeys(ILister<Node> nodes, Action<string> enqueue)
{
    /// <summary>Which labels mark the control plane of this cluster.</summary>
    public NodeRoles Roles { get; init; } = NodeRoles.Default;

    private readonly Dictionary<string, Policy> _policies = [];
    private readonly Lock _lock = new();

    public void OnPolicy(InformerEvent<UpgradePolicy> change)
    {
        var policy = change.Object;
        var name = policy.Metadata.Name;
        if (change.Type == InformerEventType.Updated && !SpecChanged(change.Old!, change.New!))
        {
            // Status is a report, no input: our own write of it is no news, but for those that depend on this policy.
            if (VerdictChanged(change.Old!.Status, change.New!.Status))
            {
                Enqueue(Where(p => p.DependsOn?.Contains(name) == true));
            }

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
                _policies[name] = new(
                    policy.Spec.NodeSelector, policy.Spec.ImageRef.Name, policy.Spec.DependsOn,
                    policy.Spec.Drain.Rules?.Any(r => r.NamespaceSelector is not null) == true);
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

        // A node of the control plane keeps all the others of it from being disrupted, those of other policies as well.
        var all = Roles.IsControlPlane(change.Object.Metadata.Labels) || Roles.IsControlPlane(change.Old?.Metadata.Labels);
        HashSet<string> keys =
            [.. Where(p => all || p.Selector.Matches(change.Object.Metadata.Labels) || (change.Old is { } old && p.Selector.Matches(old.Metadata.Labels)))];
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

    /// <summary>
    /// Whether a change of a Node can change a plan. The kubelet's reports do so only by what they say, and by their time only on a node
    /// that holds a slot.
    /// </summary>
    internal static bool Matters(Node old, Node @new) =>
        old.Metadata.Uid != @new.Metadata.Uid
        || old.Metadata.DeletionTimestamp != @new.Metadata.DeletionTimestamp
        || old.Unschedulable != @new.Unschedulable
        || old.CordonedBy != @new.CordonedBy
        || old.HasJoinTaint != @new.HasJoinTaint
        || old.Hold != @new.Hold
        || old.Ready?.Status != @new.Ready?.Status
        || old.Ready?.Reason != @new.Ready?.Reason
        || old.Status?.NodeInfo?.BootID != @new.Status?.NodeInfo?.BootID
        || (@new.CordonedBy is not null && old != @new)
        || !SameLabels(old.Metadata.Labels, @new.Metadata.Labels);

    private static bool SpecChanged(UpgradePolicy old, UpgradePolicy @new) =>
        old.Metadata.Generation != @new.Metadata.Generation
        || old.Metadata.Uid != @new.Metadata.Uid
        || old.Metadata.DeletionTimestamp != @new.Metadata.DeletionTimestamp;

    // What Dependencies reads of another policy.
    private static bool VerdictChanged(UpgradePolicyStatus? old, UpgradePolicyStatus? @new)
    {
        var (was, now) = (old?.Conditions.Find(ConditionTypes.Ready), @new?.Conditions.Find(ConditionTypes.Ready));
        return was?.Status != now?.Status
            || was?.Reason != now?.Reason
            || old?.ObservedGeneration != @new?.ObservedGeneration
            || old?.Target?.Digest != @new?.Target?.Digest;
    }

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

    private string[] Where(Func<Policy, bool> condition)
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

    /// <summary>What of a policy tells whom a change concerns.</summary>
    private sealed record Policy(LabelSelector Selector, string Image, IReadOnlyList<string>? DependsOn, bool AsksForNamespaces);
}
