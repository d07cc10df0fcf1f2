using Ostler.Api.NodeOSes;
using Ostler.Rollout.Drain;
using Ostler.Rollout.Snapshot;

namespace Ostler.Rollout.Context;

/// <summary>A pod that a budget does not let go, on a node that is being drained.</summary>
internal sealed record HeldBackPod(string Node, DateTimeOffset CordonedAt, PodFacts Pod, string? Budget)
{
    public string Text => $"{Pod.Namespace}/{Pod.Name} on {Node} is blocked by {(Budget is null ? "a PodDisruptionBudget" : $"PodDisruptionBudget {Budget}")}";
}

/// <summary>
/// The pods that budgets hold back on the nodes that are being drained, by their controllers. Such a pod leaves only when another one of
/// the same controller can take over: one on a node that is schedulable. Each further cordon of a node with such a sister takes a chance
/// away, and two nodes whose pods wait for each other's sisters are drained never (field: CloudNativePG's budget of its primary).
/// </summary>
/// <example>
/// n1 has the primary of a and a replica of b, n2 the primary of b and a replica of a. Cordoned one after the other, each primary moves to
/// the other node. Cordoned together, neither can; whether one policy did that or two makes no difference.
/// </example>
internal sealed class BudgetBlockedPods
{
    /// <summary>For pods that merely wait for a replacement to start, as they do in every drain.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private readonly List<HeldBackPod> _pods = [];

    /// <summary>Before the nodes were looked at.</summary>
    public static BudgetBlockedPods None => new();

    private BudgetBlockedPods()
    {
    }

    public BudgetBlockedPods(RolloutContext context)
    {
        foreach (var node in context.Nodes)
        {
            if (node.CordonedHere && IsDraining(node.Facts))
            {
                Add(node.Facts, DrainPass.Over(node.Facts.Pods, context.Spec.Drain).Evict);
            }
        }

        // By what rules another policy drains need not be known: it has tried to evict them.
        var others = context.Snapshot.OtherDrains.Where(n => n.CordonedBy is not null && n.CordonedBy != context.Policy && IsDraining(n));
        foreach (var node in others.OrderBy(n => n.Name, StringComparer.Ordinal))
        {
            Add(node, (node.Pods ?? []).Where(p => p.DeletionTimestamp is null));
        }
    }

    private static bool IsDraining(NodeFacts node) => node is { Deleting: false, CordonedAt: not null, OS.Spec: { } spec }
        && (spec.Goal == Goal.Stage || (spec.IsUpdated() && !spec.IsRecovering()));

    /// <summary>A node that is granted a slot in this very pass.</summary>
    public void AddGranted(NodeFacts node, DateTimeOffset now)
    {
        foreach (var pod in node.Preflight?.Pods ?? [])
        {
            Add(node with { CordonedAt = now }, pod, pod.LastEviction);
        }
    }

    /// <summary>The first pod on another node that waits for one of these to take over, as far as it can be seen; null: none.</summary>
    public HeldBackPod? WaitingFor(string node, IEnumerable<PodFacts> pods)
    {
        if (_pods.Count == 0)
        {
            return null;
        }

        var controllers = pods.Select(p => p.Controller?.Uid).ToHashSet(StringComparer.Ordinal);
        return _pods.FirstOrDefault(p => p.Node != node && controllers.Contains(p.Pod.Controller!.Uid));
    }

    /// <summary>
    /// Whether a node that is being drained stands in the way of one that was cordoned before it while it cannot move on itself: then the
    /// two wait for each other, or may, and the later one is given back before its time. A sister that was evicted already is not seen here
    /// any more: her volume may tie her to this node. So of two nodes whose pods both wait to be moved by their controllers, one is given
    /// back in any case.
    /// </summary>
    public HeldBackPod? Deadlock(RolloutContext context, NodeFacts node, DrainPass pass)
    {
        if (_pods.FirstOrDefault(p => p.Node == node.Name) is not { } own || context.Now - own.CordonedAt < Patience)
        {
            return null;
        }

        var controllers = pass.Left.Concat(pass.Terminating).Select(p => p.Controller?.Uid).ToHashSet(StringComparer.Ordinal);
        return _pods.FirstOrDefault(p =>
            (p.CordonedAt, string.CompareOrdinal(p.Node, node.Name)).CompareTo((own.CordonedAt, 0)) < 0
            && (controllers.Contains(p.Pod.Controller!.Uid) || (MayWait(p.Pod) && MayWait(own.Pod))));
    }

    // A virtual machine that migrates makes its own sister, wherever there is room.
    private static bool MayWait(PodFacts pod) => pod is { MayMoveOnCordon: true, MigratesOnEviction: false };

    private void Add(NodeFacts node, IEnumerable<PodFacts> pods)
    {
        foreach (var pod in pods)
        {
            Add(node, pod, pod.LastEviction ?? node.Preflight?.Pods?.FirstOrDefault(p => p.Uid == pod.Uid)?.LastEviction);
        }
    }

    private void Add(NodeFacts node, PodFacts pod, EvictionResult? last)
    {
        if (pod.Controller is not null && last is { Outcome: EvictionOutcome.BlockedByBudget } && last.Uid == pod.Uid)
        {
            _pods.Add(new(node.Name, node.CordonedAt!.Value, pod, last.Budget));
        }
    }
}
