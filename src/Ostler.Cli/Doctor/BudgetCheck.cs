using Ostler.Cli.Resources;

namespace Ostler.Cli.Doctor;

/// <summary>Which PodDisruptionBudgets would block a drain now?</summary>
internal static class BudgetCheck
{
    private const string MirrorAnnotation = "kubernetes.io/config.mirror";

    public static IEnumerable<Finding> Look(ClusterFacts facts)
    {
        var selected = facts.Nodes.Where(n => facts.Active.Any(p => p.Spec.NodeSelector.Matches(n.Metadata.Labels))).Select(n => n.Name).ToHashSet(StringComparer.Ordinal);
        var found = 0;
        foreach (var budget in facts.ClosedBudgets.OrderBy(b => b.Metadata.ToString(), StringComparer.Ordinal))
        {
            var pods = facts.Pods.Where(p => p.Metadata.Namespace == budget.Metadata.Namespace && Guards(budget, p) && WouldLeave(p) && selected.Contains(p.Spec?.NodeName ?? "")).ToArray();
            if (pods.Length == 0)
            {
                continue;
            }

            found++;
            var (status, subject) = (budget.Status ?? new(), $"PodDisruptionBudget {budget.Metadata}");
            var where = $"{pods.Length} pod{(pods.Length == 1 ? "" : "s")} on {FindingText.Names(pods.Select(p => p.Spec!.NodeName!).Distinct())}";
            // A budget that wants all of its pods lets none go, ever; one whose pods are ill lets them go when they are well again.
            yield return status.DesiredHealthy >= status.ExpectedPods
                ? new(Severity.Warning, subject, $"it never lets a pod go ({status.DesiredHealthy} of {status.ExpectedPods} must stay) and blocks the drain of {where}.", "allow one disruption, add a replica, or give the pods a rule in spec.drain.rules")
                : new(Severity.Warning, subject, $"it lets no pod go now ({status.CurrentHealthy} healthy, {status.DesiredHealthy} must stay) and blocks the drain of {where}.", $"make its pods healthy: kubectl -n {budget.Metadata.Namespace} get pods");
        }

        if (found == 0)
        {
            yield return new(Severity.Fine, "PodDisruptionBudgets", "none blocks the drain of a node that a policy selects.");
        }
    }

    private static bool Guards(Budget budget, Pod pod) => budget.Spec?.Selector?.Matches(pod.Metadata.Labels) == true;

    // Static pods, those of DaemonSets and those that are through stay on the node.
    private static bool WouldLeave(Pod pod) =>
        pod.Status?.Phase is not ("Succeeded" or "Failed") && pod.Metadata.Annotations?.ContainsKey(MirrorAnnotation) != true
        && pod.Metadata.OwnerReferences?.Any(o => o is { Kind: "DaemonSet", Controller: true }) != true;
}
