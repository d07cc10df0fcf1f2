using Ostler.Api.Meta;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Text;

namespace Ostler.Rollout.Drain;

/// <summary>
/// Says of a drain what it waits for: the pods in the way and whose they are, named, and no more of them than anybody reads.
/// </summary>
public static class DrainMessage
{
    private const int MostPods = 3;
    private const int MostGroups = 5;

    /// <summary>
    /// Why the drain is not done: <see cref="Reasons.DrainBlocked"/> when something is in its way,
    /// <see cref="Reasons.WaitingForCompletion"/> when it waits only for pods to complete, else <see cref="Reasons.Draining"/>.
    /// </summary>
    /// <param name="pass">What was found.</param>
    /// <param name="evictions">What evictions gave since; newer than what the pods carry.</param>
    public static (string Reason, string Message) Describe(DrainPass pass, IReadOnlyList<EvictionResult>? evictions = null)
    {
        if (pass.RuleNotUnderstood is { } rule)
        {
            return (Reasons.DrainBlocked, $"{rule} does not say which pods it is for, so no pod is evicted. Set matchLabels or matchExpressions in its selectors.");
        }

        if (!pass.Known)
        {
            return (
                Reasons.Draining,
                pass.UnknownNamespaces.Count == 0
                    ? "The pods of the node are not known yet."
                    : $"The labels of namespace {MessageText.List(pass.UnknownNamespaces, MostPods)}, which spec.drain.rules asks for, are not known yet.");
        }

        var groups = new List<(string Text, List<string> Pods)>();
        var blocked = pass.Blocked.Count > 0;
        foreach (var (pod, why) in pass.Blocked)
        {
            Add(why, pod);
        }

        foreach (var pod in pass.Evict)
        {
            var last = Latest(pod, evictions);
            blocked |= pod.Return is not null || last?.Outcome is EvictionOutcome.BlockedByBudget or EvictionOutcome.SeveralBudgets or EvictionOutcome.Failed;
            Add(pod.Return is null ? Explain(pod, last) : ComesBack(pod), pod);
        }

        foreach (var pod in pass.Waiting)
        {
            Add("runs until it has completed (spec.drain.rules)", pod);
        }

        foreach (var pod in pass.Terminating)
        {
            blocked |= pod.Return is not null;
            Add(pod.Return is not null ? ComesBack(pod) : pod.Finalizers is { Count: > 0 } finalizers ? $"terminating, held by finalizer {finalizers[0]}" : "terminating", pod);
        }

        foreach (var pod in pass.Later)
        {
            Add("is evicted after the pods of a lower order (spec.drain.rules)", pod);
        }

        var said = groups.ConvertAll(g => $"{MessageText.List(g.Pods, MostPods)}: {g.Text}");
        var waits = pass is { Waiting.Count: > 0, Evict.Count: 0, Terminating.Count: 0 };
        return (blocked ? Reasons.DrainBlocked : waits ? Reasons.WaitingForCompletion : Reasons.Draining, MessageText.Clauses(said, MostGroups, "more kinds") + ".");

        void Add(string text, PodFacts pod)
        {
            var name = $"{pod.Namespace}/{pod.Name}";
            foreach (var group in groups)
            {
                if (group.Text == text)
                {
                    group.Pods.Add(name);
                    return;
                }
            }

            groups.Add((text, [name]));
        }
    }

    /// <summary>Why a drain cannot be rid of a pod, and what to do about it.</summary>
    public static string ComesBack(PodFacts pod)
    {
        const string Remove = "remove the toleration of node.kubernetes.io/unschedulable";
        var (why, remedy) = (pod.CordonToleration, pod.BoundBy) switch
        {
            ({ } toleration, { } bound) => ($"it tolerates the cordon ({toleration}) and is bound to the node by {bound}", Remove),
            ({ } toleration, null) => ($"it tolerates the cordon ({toleration})", Remove),
            _ => ("its template sets spec.nodeName, or its scheduler ignores the cordon", "remove spec.nodeName from the template"),
        };
        var controller = pod.Controller is { } owner ? $"{owner.Kind} {owner.Name}" : "its controller";
        return $"{controller} starts it on the cordoned node again, since {why}. "
            + $"Add a rule with behavior Skip to spec.drain.rules, or {remedy}";
    }

    private static EvictionResult? Latest(PodFacts pod, IReadOnlyList<EvictionResult>? evictions)
    {
        foreach (var eviction in evictions ?? [])
        {
            if (eviction.Uid == pod.Uid)
            {
                return eviction;
            }
        }

        return pod.LastEviction;
    }

    private static string Explain(PodFacts pod, EvictionResult? last) => last?.Outcome switch
    {
        EvictionOutcome.BlockedByBudget => Blocked(pod, last.Budget),
        EvictionOutcome.SeveralBudgets => $"more than one PodDisruptionBudget matches ({last.Message}): leave one",
        EvictionOutcome.Migrating => "eviction requested; waiting for KubeVirt to migrate the virtual machine" + (last.Message is { Length: > 0 } answer ? $" ({answer})" : ""),
        EvictionOutcome.NamespaceTerminating => "its namespace is being deleted",
        EvictionOutcome.Failed => $"eviction failed ({last.Message})",
        EvictionOutcome.Accepted or EvictionOutcome.Gone or null => "being evicted",
    };

    // Had the budget the policy AlwaysAllow, the API server would have let the pod go.
    private static string Blocked(PodFacts pod, string? budget)
    {
        var blocked = $"{(budget is null ? "a PodDisruptionBudget" : $"PodDisruptionBudget {budget}")} allows no disruption now";
        return pod.Ready || pod.Phase != "Running"
            ? blocked
            : $"{blocked}, although the pod is not Ready: repair the pod, or set unhealthyPodEvictionPolicy: AlwaysAllow in the budget";
    }
}
