using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.OSImages;
using Ostler.Api.UpgradePolicies;
using Ostler.Controller.Drain;
using Ostler.Controller.Health;
using Ostler.Controller.Nodes;
using Ostler.Kubernetes;
using Ostler.Kubernetes.Core;
using Ostler.Kubernetes.Informers;
using Ostler.Rollout.Nodes;
using Ostler.Rollout.Snapshot;

namespace Ostler.Controller.UpgradePolicies;

/// <summary>
/// Reads everything that one decision about one policy rests on, from caches that hold our own writes already. It begins and ends nothing.
/// </summary>
/// <param name="policies">All UpgradePolicies.</param>
/// <param name="images">All OSImages.</param>
/// <param name="nodes">All Nodes.</param>
/// <param name="nodeOSes">All NodeOSes.</param>
/// <param name="pods">The pods of a node that holds a slot; null while they are not known.</param>
/// <param name="answers">What was found out about single nodes because a plan asked for it.</param>
/// <param name="checks">The health checks of nodes that are verified.</param>
/// <param name="ownNamespace">The namespace that this process runs in.</param>
/// <param name="leaderNode">The node that this process runs on; null: not known.</param>
/// <param name="time">The controller's clock.</param>
internal sealed class Gatherer(
    ILister<UpgradePolicy> policies,
    ILister<OSImage> images,
    ILister<Node> nodes,
    ILister<NodeOS> nodeOSes,
    IDrainingPods pods,
    ProbeCache answers,
    IHealthChecks checks,
    string ownNamespace,
    string? leaderNode,
    TimeProvider time)
{
    private readonly SelectorIndex _selectors = new();

    /// <summary>Since when the controller has seen the cluster. Default: for as long as it matters.</summary>
    public Func<ControllerSight?> Sight { get; init; } = static () => null;

    /// <summary>The evaluations of gates. Default: none, so that a policy with gates waits.</summary>
    public IGateEvaluations Gates { get; init; } = NoGateEvaluations.Instance;

    /// <summary>Which labels mark the control plane of this cluster.</summary>
    public NodeRoles Roles { get; init; } = NodeRoles.Default;

    /// <summary>
    /// What is known about a policy now. One that is gone is gathered too, by its name, so that its nodes are brought to an end.
    /// </summary>
    public RolloutSnapshot Gather(string name)
    {
        var policy = policies.Get(NamespacedName.ClusterScoped(name));
        var (allPolicies, allNodes) = (policies.List(), nodes.List());
        _selectors.Update(allPolicies, allNodes);
        var (selected, controlPlane, otherDrains) = GatherNodes(name, policy, allNodes);
        var image = policy is null ? null : images.Get(NamespacedName.ClusterScoped(policy.Spec.ImageRef.Name));
        return new()
        {
            Now = time.GetUtcNow(),
            Sight = Sight(),
            Policy = new()
            {
                Name = name,
                Uid = policy?.Metadata.Uid,
                CreatedAt = policy?.Metadata.CreationTimestamp,
                Generation = policy?.Metadata.Generation ?? 0,
                Spec = policy?.Spec,
                Deleting = policy?.Metadata.DeletionTimestamp is not null,
                PreviousStatus = policy?.Status,
            },
            Image = image is null
                ? null
                : new() { Name = image.Metadata.Name, Generation = image.Metadata.Generation, Spec = image.Spec, Status = image.Status },
            Nodes = policy is null ? selected : [.. selected.Select(n => WithChecks(policy, n))],
            ControlPlane = controlPlane,
            OtherDrains = otherDrains,
            OtherPolicies =
            [
                .. allPolicies.Where(p => p.Metadata.Name != name).OrderBy(p => p.Metadata.Name, StringComparer.Ordinal)
                    .Select(p => new OtherPolicy
                    {
                        Name = p.Metadata.Name,
                        NodeSelector = p.Spec.NodeSelector,
                        Deleting = p.Metadata.DeletionTimestamp is not null,
                        Generation = p.Metadata.Generation,
                        DependsOn = p.Spec.DependsOn,
                        Status = p.Status,
                        ImageDigest = images.Get(NamespacedName.ClusterScoped(p.Spec.ImageRef.Name))?.Status?.Resolved?.Digest,
                    }),
            ],
            Gates = Gates.Of(name, policy?.Spec.Gates, policy?.Spec.NodeSelector),
            LeaderNode = leaderNode,
            Namespace = ownNamespace,
        };
    }

    private NodeFacts WithChecks(UpgradePolicy policy, NodeFacts node) =>
        CheckSubject.Of(node, policy.Spec.Health.Checks) is { Checks.Count: > 0 } subject && checks.Of(policy.Metadata.Name, subject) is { Count: > 0 } seen
            ? node with { Checks = seen }
            : node;

    private (List<NodeFacts> Selected, List<ControlPlaneNode> ControlPlane, List<NodeFacts> OtherDrains) GatherNodes(string policy, UpgradePolicy? spec, IReadOnlyList<Node> allNodes)
    {
        var gathered = new List<NodeFacts>();
        var controlPlane = new List<ControlPlaneNode>();
        var otherDrains = new List<NodeFacts>();
        foreach (var node in allNodes)
        {
            var os = nodeOSes.Get(NamespacedName.ClusterScoped(node.Name));
            if (Roles.IsControlPlane(node.Metadata.Labels) && node.Metadata.DeletionTimestamp is null)
            {
                controlPlane.Add(NodeMapping.ToControlPlane(node, os));
            }

            var holdsSlot = node.CordonedBy == policy;
            if (!holdsSlot && node.CordonedBy is not null)
            {
                // The policy that drains it watches its pods; what is not known yet is told in a later pass.
                otherDrains.Add(answers.With(NodeMapping.ToFacts(node, os, pods.PodsOf(node.Name), Roles)));
            }

            if (!holdsSlot
                && spec?.Spec.NodeSelector.Matches(node.Metadata.Labels) != true
                && !(os?.Spec.Policy == policy && NodeMapping.BelongsTo(os, node)))
            {
                continue;
            }

            var facts = NodeMapping.ToFacts(node, os, holdsSlot ? pods.PodsOf(node.Name) : null, Roles);
            gathered.Add(answers.With(facts with { SelectedBy = _selectors.PoliciesOf(node.Name) }));
        }

        gathered.Sort(static (a, b) => string.CompareOrdinal(a.Name, b.Name));
        return (gathered, controlPlane, otherDrains);
    }
}
