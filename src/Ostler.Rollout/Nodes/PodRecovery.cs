using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.Shared;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Health;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Text;

namespace Ostler.Rollout.Nodes;

/// <summary>
/// The pods that stay on a node over its boot: written down with the order to boot, in the NodeOS, so that no restart of the controller
/// forgets them, and looked for afterwards. A static pod keeps its name; one of a DaemonSet may come back under another, so its DaemonSet
/// stands for it.
/// </summary>
public static class PodRecovery
{
    /// <summary>How many pods of a check are written down. A kubelet runs 110 by default.</summary>
    public const int Most = 100;

    /// <summary>What each check of pods is to find again; null when there is none.</summary>
    public static IReadOnlyList<ReadyPods>? Record(HealthSpec health, IReadOnlyList<PodFacts>? pods)
    {
        ReadyPods[] found = [.. (health.Checks ?? []).Where(c => c.Pods is not null).Select(c => Record(c.Name, c.Pods!, pods ?? []))];
        return found.Length > 0 ? found : null;
    }

    /// <param name="before">What was written down; null when the check came later.</param>
    /// <param name="now">The pods of the node.</param>
    public static CheckFinding Judge(ReadyPods? before, IReadOnlyList<PodFacts> now)
    {
        if (before is null)
        {
            return CheckFinding.Pass("the check was added after the instruction to boot, so what was Ready before is unknown");
        }

        if (before.Pods is not { Count: > 0 } pods)
        {
            return CheckFinding.Pass("no selected pod was Ready before the boot");
        }

        var missing = new List<string>();
        var unready = new List<string>();
        foreach (var pod in pods)
        {
            var same = now.Where(p => IsSame(pod, p)).ToArray();
            if (same.Length == 0)
            {
                missing.Add($"{pod.Namespace}/{pod.Name}");
            }
            else if (!same.Any(IsReady))
            {
                unready.Add($"{pod.Namespace}/{same[0].Name}");
            }
        }

        var gone = missing.Count > 0 ? $"{MessageText.List(missing)} {Is(missing)} gone" : "";
        var more = before.Total > pods.Count ? $" ({before.Total - pods.Count} more were Ready before and are not checked)" : "";
        return (unready.Count, missing.Count) switch
        {
            (0, 0) => CheckFinding.Pass($"{pods.Count} Ready again{more}"),
            (0, _) => CheckFinding.Missing(gone),
            _ => CheckFinding.No($"{MessageText.List(unready)} {Is(unready)} not Ready{(gone.Length > 0 ? $", and {gone}" : "")}"),
        };

        static string Is(List<string> names) => names.Count == 1 ? "is" : "are";
    }

    private static ReadyPods Record(string name, PodsCheck check, IReadOnlyList<PodFacts> pods)
    {
        var ready = pods
            .Where(p => IsReady(p) && (string.IsNullOrEmpty(check.Namespace) || p.Namespace == check.Namespace) && IsSelected(p, check.Selector))
            .OrderBy(p => p.Namespace, StringComparer.Ordinal)
            .ThenBy(p => p.Name, StringComparer.Ordinal)
            .ToArray();
        return new() { Check = name, Total = ready.Length, Pods = [.. ready.Take(Most).Select(p => new ReadyPod { Namespace = p.Namespace, Name = p.Name, Owner = OwnerOf(p) })] };
    }

    // Where nothing of a selector was understood, every pod is looked for: a check must not pass because it looks at nothing.
    private static bool IsSelected(PodFacts pod, LabelSelector selector) => selector.IsEmpty || selector.Matches(pod.Labels);

    private static bool IsReady(PodFacts pod) => pod is { Ready: true, DeletionTimestamp: null };

    private static bool IsSame(ReadyPod before, PodFacts now) =>
        before.Namespace == now.Namespace && (before.Owner is null ? before.Name == now.Name : before.Owner == OwnerOf(now));

    // The controller of a mirror pod is its Node, that of every static pod on it.
    private static string? OwnerOf(PodFacts pod) => pod is { IsMirror: false, Controller.Kind: "DaemonSet" } ? pod.Controller.Uid : null;
}
