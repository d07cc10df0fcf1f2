using Ostler.Api.UpgradePolicies;
using Ostler.Controller.Nodes;
using Ostler.Kubernetes;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Core;
using Ostler.Kubernetes.Informers;
using Ostler.Rollout.Drain;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Snapshot;

namespace Ostler.Controller.Drain;

/// <summary>
/// Asks of a node whether its drain would succeed: each of its pods that would be evicted, by a dry run of that. Several pods of one budget
/// each get a yes although only one may go at a time; that is right, for in a drain they go one after the other.
/// </summary>
/// <param name="client">The API server.</param>
/// <param name="evictions">Asks for single pods.</param>
/// <param name="nodes">All Nodes, which tell where another pod could take over.</param>
/// <param name="namespaces">All namespaces, for drain rules that ask for their labels.</param>
/// <param name="own">Recognizes the pods of the controller itself.</param>
/// <param name="time">The controller's clock.</param>
internal sealed class DrainDryRun(
    ApiClient client, PodEvictions evictions, ILister<Node> nodes, ILister<Namespace> namespaces, OwnPods own, TimeProvider time)
{
    private const int Parallelism = 8;

    public async Task<PreflightFacts> AskAsync(Probe.Preflight question, DrainSpec drain, CancellationToken cancellationToken)
    {
        var at = time.GetUtcNow();

        // From the server's cache, which files pods by their nodes: an answer that is a moment old is as good as one that ages on its way.
        var options = new ListOptions { FieldSelector = $"spec.nodeName={question.Node}", ResourceVersion = "0" };
        var list = await client.ListAsync(CoreResources.Pods, options, cancellationToken, static p => p.Trimmed());
        var pods = list.Items.Select(p => own.Mark(p, NodeMapping.ToFacts(p, null, namespaces.LabelsOf(p.Metadata.Namespace)))).ToArray();
        var pass = DrainPass.Over(pods, drain);
        var asked = pass.Evict.Concat(pass.Later).Select(p => p.Uid).ToHashSet();
        var budgets = new DisruptionBudgets(client);
        await Parallel.ForEachAsync(
            Enumerable.Range(0, pods.Length).Where(i => asked.Contains(pods[i].Uid)),
            new ParallelOptions { MaxDegreeOfParallelism = Parallelism, CancellationToken = cancellationToken },
            async (i, token) => pods[i] = await AskAsync(pods[i], question.Node, budgets, token));
        return new() { At = at, Pods = pods };
    }

    private async Task<PodFacts> AskAsync(PodFacts pod, string node, DisruptionBudgets budgets, CancellationToken cancellationToken)
    {
        var result = await evictions.DryRunAsync(pod, budgets, cancellationToken);
        return pod with
        {
            LastEviction = result,
            ReadyPeers = result.Outcome == EvictionOutcome.BlockedByBudget && pod.MayMoveOnCordon ? await SistersAsync(pod, node, cancellationToken) : null,
        };
    }

    private async Task<int> SistersAsync(PodFacts pod, string node, CancellationToken cancellationToken)
    {
        var list = await client.ListAsync(
            CoreResources.Pods, new ListOptions { Namespace = pod.Namespace, ResourceVersion = "0" }, cancellationToken, static p => p.Trimmed());
        return list.Items.Count(p =>
            p is { Status.Phase: "Running", Metadata.DeletionTimestamp: null, Spec.NodeName: { } other }
            && other != node
            && p.Metadata.OwnerReferences?.Any(o => o.Controller == true && o.Uid == pod.Controller!.Uid) == true
            && nodes.Get(NamespacedName.ClusterScoped(other)) is { Unschedulable: false, Ready.Status: "True" });
    }
}

/// <summary>What is looked up of namespaces.</summary>
internal static class NamespaceLabels
{
    private static readonly Dictionary<string, string> None = [];

    /// <summary>The labels of a namespace; null when it is not known, as one that was made a moment ago.</summary>
    public static IReadOnlyDictionary<string, string>? LabelsOf(this ILister<Namespace> namespaces, string name) =>
        namespaces.Get(NamespacedName.ClusterScoped(name)) is { } found ? found.Metadata.Labels ?? None : null;
}
