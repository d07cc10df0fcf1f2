using Ostler.Api.Shared;
using Ostler.Api.UpgradePolicies;
using Ostler.Controller.Secrets;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Core;
using Ostler.Rollout.Health;
using Ostler.Rollout.Nodes;

namespace Ostler.Controller.Health;

/// <summary>Looks at Nodes and at pods.</summary>
internal sealed class NodeProbe(ApiClient client)
{
    private const string Grant = "the ClusterRole ostler-controller";

    /// <summary>A condition of one Node since its boot, from the API server: the cache knows no times of conditions.</summary>
    /// <exception cref="CheckException">It cannot be read.</exception>
    public async Task<CheckFinding> ConditionsAsync(CheckSubject subject, NodeConditionsCheck check, CancellationToken cancellationToken)
    {
        Node? found = null;
        await ApiCalls.VisitAsync(
            client, CoreResources.Nodes, new() { FieldSelector = $"metadata.name={subject.Node}" }, n =>
                found = n, $"node {subject.Node}", Grant, cancellationToken);
        return found is null
            ? CheckFinding.Missing($"node {subject.Node} does not exist")
            : NodeConditionFinding.Of(subject.Node, check.Types, check.Status, Observed(found), subject.BootedAt);
    }

    /// <summary>Conditions of nodes as they are known.</summary>
    public static GateFinding Conditions(NodeConditionsGate gate, IReadOnlyList<Node> nodes)
    {
        var findings = nodes.ToDictionary(
            n => n.Name, n => NodeConditionFinding.Of(n.Name, gate.Types, gate.Status, Observed(n)), StringComparer.Ordinal);
        return gate.Scope == GateScope.Node
            ? new(CheckFinding.Pass("it decides for each node by itself"), findings)
            : new(Findings.All(findings.Values, "no node is selected", $"{findings.Count} nodes"));
    }

    /// <summary>Pods of the cluster, of these nodes, or of each of these nodes.</summary>
    /// <exception cref="CheckException">They cannot be listed.</exception>
    public async Task<GateFinding> PodsAsync(PodsGate gate, IReadOnlyList<Node> nodes, CancellationToken cancellationToken)
    {
        // The server takes an empty selector for everything.
        if (gate.Selector.IsEmpty)
        {
            return new(CheckFinding.Error("the selector is empty"));
        }

        var pods = new List<ObservedPod>();
        var which = new ListOptions
        {
            Namespace = gate.Namespace ?? "",
            LabelSelector = gate.Selector.ToQuery(),
            FieldSelector = "status.phase!=Succeeded,status.phase!=Failed",
        };
        await ApiCalls.VisitAsync(client, CoreResources.Pods, which, Visit, "pods", Grant, cancellationToken);
        switch (gate.Scope)
        {
            case GateScope.Cluster:
                return new(PodPresence.Judge(pods, gate.Absent, gate.Namespace is { } space ? $"in namespace {space}" : ""));
            case GateScope.Policy:
                var names = nodes.Select(n => n.Name).ToHashSet(StringComparer.Ordinal);
                return new(PodPresence.Judge(
                    [.. pods.Where(p => p.Node is not null && names.Contains(p.Node))], gate.Absent, "on nodes of the policy"));
            case GateScope.Node:
                var byNode = pods.Where(p => p.Node is not null).ToLookup(p => p.Node!, StringComparer.Ordinal);
                return new(
                    CheckFinding.Pass("it decides for each node by itself"),
                    nodes.ToDictionary(n => n.Name, n =>
                        PodPresence.Judge([.. byNode[n.Name]], gate.Absent, $"on node {n.Name}"), StringComparer.Ordinal));
            default:
                return new(CheckFinding.Error($"there is no scope {gate.Scope}"));
        }

        Pod Visit(Pod pod)
        {
            pods.Add(new(pod.Metadata.Namespace, pod.Metadata.Name, pod.Spec?.NodeName, pod.Status?.IsReady == true));
            return pod.Trimmed();
        }
    }

    private static ObservedCondition[] Observed(Node node) =>
        [.. (node.Status?.Conditions ?? []).Select(c => new ObservedCondition(c.Type, c.Status, c.Reason, c.LastHeartbeatTime))];
}
