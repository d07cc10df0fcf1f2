namespace Ostler.Rollout.Simulation;

/// <summary>The pods, what starts them again, and the budgets that keep them.</summary>
public sealed class SimulatedPods
{
    private readonly Dictionary<string, SimulatedPod> _pods = new(StringComparer.Ordinal);
    private int _count;

    internal SimulatedPods(IEnumerable<SimulatedWorkload> workloads)
    {
        foreach (var workload in workloads)
        {
            Workloads[workload.Name] = workload;
        }
    }

    /// <summary>By name.</summary>
    internal SortedDictionary<string, SimulatedWorkload> Workloads { get; } = new(StringComparer.Ordinal);

    /// <summary>The pods bound to a node.</summary>
    public IReadOnlyList<PodFacts> On(string node) =>
        [.. _pods.Values.Where(p => p.Node == node).OrderBy(p => p.Facts.Name, StringComparer.Ordinal).Select(p => p.Facts)];

    internal void Add(string node, PodFacts facts, string? workload = null) => _pods[facts.Uid] = new(facts, node, workload) { Ready = true };

    internal SimulatedPod? Find(string uid) => _pods.GetValueOrDefault(uid);

    internal void Remove(string uid) => _pods.Remove(uid);

    internal IReadOnlyList<SimulatedPod> BoundTo(string node) => [.. _pods.Values.Where(p => p.Node == node)];

    /// <summary>Fills up workloads that lack pods, on the nodes with the fewest. Returns the new ones.</summary>
    internal IReadOnlyList<SimulatedPod> Schedule(IReadOnlyList<SimulatedNode> nodes)
    {
        var added = new List<SimulatedPod>();
        foreach (var workload in Workloads.Values)
        {
            var alive = _pods.Values.Count(p => p.Workload == workload.Name && p.Facts.DeletionTimestamp is null);
            for (; alive < workload.Replicas; alive++)
            {
                var node = nodes.Where(n => n is { Unschedulable: false, HasJoinTaint: false, Ready: true })
                    .OrderBy(n => _pods.Values.Count(p => p.Node == n.Name))
                    .ThenBy(n => n.Name, StringComparer.Ordinal)
                    .FirstOrDefault();
                if (node is null)
                {
                    return added;
                }

                var name = $"{workload.Name}-{++_count}";
                var pod = new SimulatedPod(
                    new() { Namespace = "apps", Name = name, Uid = $"pod-{_count}", Controller = new("ReplicaSet", workload.Name, workload.Name) },
                    node.Name,
                    workload.Name);
                _pods[pod.Facts.Uid] = pod;
                added.Add(pod);
            }
        }

        return added;
    }

    /// <summary>Asks the eviction API. Accepted means that the pod has its deletion timestamp.</summary>
    internal EvictionOutcome Evict(string uid, DateTimeOffset now)
    {
        if (Find(uid) is not { } pod)
        {
            return EvictionOutcome.Gone;
        }

        if (pod.Workload is { } name && Workloads[name].MinAvailable is { } least)
        {
            var available = _pods.Values.Count(p => p.Workload == name && p.Ready && p.Facts.DeletionTimestamp is null);
            if (pod.Ready && available - 1 < least)
            {
                return EvictionOutcome.BlockedByBudget;
            }
        }

        Delete(pod, now);
        return EvictionOutcome.Accepted;
    }

    internal static void Delete(SimulatedPod pod, DateTimeOffset now) => pod.Facts = pod.Facts with { DeletionTimestamp = pod.Facts.DeletionTimestamp ?? now };
}

internal sealed class SimulatedPod(PodFacts facts, string node, string? workload)
{
    public PodFacts Facts { get; set; } = facts;

    public string Node { get; } = node;

    public string? Workload { get; } = workload;

    public bool Ready { get; set; }

    /// <summary>Whether the kubelet is at work on its end.</summary>
    public bool Ending { get; set; }
}
