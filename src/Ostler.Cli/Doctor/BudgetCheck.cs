using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Cli.Resources;
using Ostler.Kubernetes.Core;
using Ostler.Rollout.Drain;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Text;

namespace Ostler.Cli.Doctor;

/// <summary>
/// Which PodDisruptionBudgets would block a drain now? Judged as preflight judges it, pod by pod and by the rules of the policy that drains
/// the node.
/// </summary>
internal static class BudgetCheck
{
    public static IEnumerable<Finding> Look(ClusterFacts facts)
    {
        var budgets = facts.Budgets.Select(b => b.ToFacts(facts.BudgetsAreV1)).ToArray();
        var several = new SortedDictionary<string, List<PodFacts>>(StringComparer.Ordinal);
        var closed = new SortedDictionary<string, (BudgetFacts Budget, List<PodFacts> Pods)>(StringComparer.Ordinal);
        var nodeOf = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var (node, pod) in Leaving(facts))
        {
            var matching = BudgetRules.Of(pod, budgets);
            var outcome = BudgetRules.Judge(pod, matching);
            if (!BudgetRules.IsObstacle(pod, outcome))
            {
                continue;
            }

            nodeOf[pod.Uid] = node;
            if (outcome == EvictionOutcome.SeveralBudgets)
            {
                var names = $"{pod.Namespace}/{string.Join(", ", matching.Select(b => b.Name))}";
                (several.TryGetValue(names, out var pods) ? pods : several[names] = []).Add(pod);
            }
            else
            {
                (closed.TryGetValue(matching[0].ToString(), out var found) ? found : closed[matching[0].ToString()] = (matching[0], [])).Pods.Add(pod);
            }
        }

        foreach (var (budget, pods) in closed.Values)
        {
            yield return Closed(facts, budget, Where(pods), pods);
        }

        foreach (var (names, pods) in several)
        {
            yield return new(
                Severity.Warning, $"PodDisruptionBudgets {names}", $"the API server does not evict pods that several budgets select. They block the drain of {Where(pods)}.",
                "keep one of them for these pods");
        }

        if (closed.Count + several.Count == 0)
        {
            yield return new(Severity.Fine, "PodDisruptionBudgets", "none blocks the drain of a node that a policy selects.");
        }

        string Where(List<PodFacts> pods) => $"{MessageText.Count(pods.Count, "pod")} on {FindingText.Names(pods.Select(p => nodeOf[p.Uid]).Distinct())}";
    }

    private static Finding Closed(ClusterFacts facts, BudgetFacts budget, string where, List<PodFacts> pods)
    {
        var subject = $"PodDisruptionBudget {budget}";
        if (budget.ExpectedPods == 0)
        {
            return new(
                Severity.Warning, subject, $"it counts no pods (0 of 0), never allows a disruption, and blocks the drain of {where}. The controller of the pods has no scale subresource.",
                "set spec.minAvailable to a number instead of maxUnavailable or a percentage, or add a rule to spec.drain.rules");
        }

        // Even with all pods healthy it would allow none; pods that are not healthy may become so.
        if (budget.NeverAllows)
        {
            return new(
                Severity.Warning, subject, $"it never allows a disruption ({budget.DesiredHealthy} of {budget.ExpectedPods} must stay) and blocks the drain of {where}.",
                "allow one disruption, add a replica, or add a rule to spec.drain.rules");
        }

        if (Displaced(facts, budget, pods) is { } node)
        {
            return new(
                Severity.Note, subject,
                $"it allows no disruption now ({budget.CurrentHealthy} healthy, {budget.DesiredHealthy} must stay): the rollout displaced pods from {node}. The drain of {where} waits for them.");
        }

        return new(
            Severity.Warning, subject, $"it allows no disruption now ({budget.CurrentHealthy} healthy, {budget.DesiredHealthy} must stay) and blocks the drain of {where}.",
            $"make its pods healthy: kubectl -n {budget.Namespace} get pods");
    }

    // A node in flight whose drain took pods of this namespace: they are on their way back.
    private static string? Displaced(ClusterFacts facts, BudgetFacts budget, List<PodFacts> pods) => facts.Systems
        .Where(s => s.Spec.Displaced?.Any(w => w.Namespace == budget.Namespace && pods.Any(p => IsOf(p, w))) == true)
        .Select(s => s.Metadata.Name)
        .Order(StringComparer.Ordinal)
        .FirstOrDefault();

    // A pod of a Deployment belongs to a ReplicaSet that is called after it.
    private static bool IsOf(PodFacts pod, DisplacedWorkload workload) =>
        pod.Controller is { } owner && (owner.Name == workload.Name || (workload.Kind == "Deployment" && owner.Name.StartsWith(workload.Name + "-", StringComparison.Ordinal)));

    /// <summary>The pods that a drain would evict, of every node that a policy would drain.</summary>
    private static IEnumerable<(string Node, PodFacts Pod)> Leaving(ClusterFacts facts)
    {
        var byNode = facts.Pods.Where(p => p.Spec?.NodeName is { Length: > 0 }).ToLookup(p => p.Spec!.NodeName!, StringComparer.Ordinal);
        var ready = facts.Nodes.Where(n => n is { IsReady: true, Unschedulable: false }).Select(n => n.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var node in facts.Nodes.OrderBy(n => n.Name, StringComparer.Ordinal))
        {
            // Under Force budgets are asked too, until the drain's time is over.
            if (NodeMarks.WhyNoAgent(node.Metadata.Labels) is not null || facts.Active.FirstOrDefault(p => p.Spec.NodeSelector.Matches(node.Metadata.Labels)) is not { } policy)
            {
                continue;
            }

            foreach (var pod in byNode[node.Name])
            {
                var known = pod.ToFacts(facts.NamespaceLabels) with { ReadyPeers = ReadyPeers(pod, node.Name) };
                var pass = DrainPass.Over([known], policy.Spec.Drain);
                if (pass.Evict.Count + pass.Later.Count > 0)
                {
                    yield return (node.Name, known);
                }
            }
        }

        int ReadyPeers(Pod pod, string node) => pod.Controller?.Uid is not { } uid ? 0 : facts.Pods.Count(p =>
            p.Controller?.Uid == uid && p is { Status.Phase: "Running", Metadata.DeletionTimestamp: null, Spec.NodeName: { } other } && other != node && ready.Contains(other));
    }
}
