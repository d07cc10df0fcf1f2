using Ostler.Rollout.Snapshot;

namespace Ostler.Simulation;

/// <summary>The pods, what starts them again, and the budgets that keep them.</summary>
public sealed class SimulatedPods
{
    private static readonly List<SimulatedPod> NoPods = [];
    private static readonly PodController NoController = new("", "", "");

    private readonly Dictionary<string, SimulatedPod> _pods = new(StringComparer.Ordinal);
    // A fleet has thousands of nodes, and most events are about the pods of one of them.
    private readonly Dictionary<string, List<SimulatedPod>> _byNode = new(StringComparer.Ordinal);
    private readonly Dictionary<string, SimulatedReplicas> _replicas = new(StringComparer.Ordinal);
    private readonly Dictionary<PodController, HashSet<SimulatedPod>> _byController = [];
    private readonly Dictionary<string, string> _primaries = new(StringComparer.Ordinal);
    private readonly HashSet<string> _hadPrimary = new(StringComparer.Ordinal);
    private readonly FewestPods _fewest = new();
    private readonly SimulatedVolumes _volumes;
    private int _count;

    internal SimulatedPods(IEnumerable<SimulatedWorkload> workloads, SimulatedVolumes volumes)
    {
        _volumes = volumes;
        foreach (var workload in workloads)
        {
            Workloads[workload.Name] = workload;
        }
    }

    /// <summary>By name.</summary>
    internal SortedDictionary<string, SimulatedWorkload> Workloads { get; } = new(StringComparer.Ordinal);

    /// <summary>The pods bound to a node.</summary>
    public IReadOnlyList<PodFacts> On(string node) =>
        [.. (_byNode.GetValueOrDefault(node) ?? []).OrderBy(p => p.Facts.Name, StringComparer.Ordinal).Select(p => p.Facts)];

    /// <summary>The UID of the pod that is the primary of its workload; null: there is none that is protected.</summary>
    public string? PrimaryOf(string workload) => _primaries.GetValueOrDefault(workload);

    internal void Protects(string workload, bool primary)
    {
        if (!primary)
        {
            _primaries.Remove(workload);
        }
    }

    /// <summary>How many pods of a workload serve.</summary>
    public int Available(string workload) => _replicas.GetValueOrDefault(workload)?.Available ?? 0;

    internal void Add(string node, PodFacts facts, string? workload = null) =>
        Bind(new(facts with { NamespaceLabels = LabelsOf(facts.Namespace) }, node, workload) { Ready = true });

    internal SimulatedPod? Find(string uid) => _pods.GetValueOrDefault(uid);

    internal void Remove(string uid)
    {
        if (_pods.Remove(uid, out var pod))
        {
            var there = _byNode[pod.Node];
            there.Remove(pod);
            _fewest.Changed(pod.Node, there.Count + 1, there.Count);
            _byController[ControllerOf(pod.Facts)].Remove(pod);
            pod.Leave();
        }
    }

    internal IReadOnlyList<SimulatedPod> BoundTo(string node) => [.. _byNode.GetValueOrDefault(node) ?? []];

    /// <summary>Fills up workloads that lack pods, on the nodes with the fewest. Returns the new ones.</summary>
    internal IReadOnlyList<SimulatedPod> Schedule(IReadOnlyList<SimulatedNode> nodes)
    {
        var added = new List<SimulatedPod>();
        foreach (var workload in Workloads.Values)
        {
            var alive = _replicas.GetValueOrDefault(workload.Name)?.Alive ?? 0;
            for (; alive < workload.Replicas && Place(workload, nodes) is { } node; alive++)
            {
                var name = $"{workload.Name}-{++_count}";
                PodFacts facts = new()
                {
                    Namespace = "apps",
                    Name = name,
                    Uid = $"pod-{_count}",
                    Controller = new(workload.ControllerKind, workload.Name, workload.Name),
                    Labels = workload.Labels,
                    NamespaceLabels = LabelsOf("apps"),
                    Claims = workload.HasVolumes ? [name] : null,
                };
                var pod = new SimulatedPod(facts, node.Name, workload.Name);
                Bind(pod);
                added.Add(pod);
                if (workload.HasPrimary && _hadPrimary.Add(workload.Name))
                {
                    _primaries[workload.Name] = facts.Uid;
                }
            }
        }

        return added;
    }

    /// <summary>Moves the role of primaries whose nodes go away. Returns the workloads, and the pods that have it now.</summary>
    internal IReadOnlyList<(string Workload, SimulatedPod Primary)> FailOver(SimulatedWorld world)
    {
        var moved = new List<(string, SimulatedPod)>();
        foreach (var (workload, uid) in _primaries.ToArray())
        {
            if (Find(uid) is { Facts.DeletionTimestamp: null } primary && Serves(world, primary.Node))
            {
                continue;
            }

            var next = _replicas[workload].Pods.Where(p => p.Ready && p.Facts.DeletionTimestamp is null && Serves(world, p.Node))
                .MinBy(p => p.Facts.Name, StringComparer.Ordinal);
            if (next is not null)
            {
                _primaries[workload] = next.Facts.Uid;
                moved.Add((workload, next));
            }
        }

        return moved;
    }

    /// <summary>Asks the eviction API. Accepted means that the pod has its deletion timestamp, unless it was but a dry run.</summary>
    internal EvictionResult Evict(string @namespace, string name, string uid, DateTimeOffset now, bool dryRun = false)
    {
        var (outcome, budget) = Ask(uid);
        if (outcome == EvictionOutcome.Accepted && !dryRun)
        {
            Delete(Find(uid)!, now);
        }

        return new() { Namespace = @namespace, Name = name, Uid = uid, Outcome = outcome, Budget = budget, At = now };
    }

    internal static void Delete(SimulatedPod pod, DateTimeOffset now)
    {
        if (pod.Facts.DeletionTimestamp is null)
        {
            pod.Facts = pod.Facts with { DeletionTimestamp = now };
        }
    }

    /// <summary>How many other pods of its controller could take over from a pod.</summary>
    internal int SistersOf(PodFacts pod, SimulatedWorld world)
    {
        var node = Find(pod.Uid)?.Node;
        return (_byController.GetValueOrDefault(ControllerOf(pod)) ?? [])
            .Count(p => p.Ready && p.Facts.DeletionTimestamp is null && p.Node != node && Serves(world, p.Node));
    }

    private (EvictionOutcome Outcome, string? Budget) Ask(string uid)
    {
        if (Find(uid) is not { } pod)
        {
            return (EvictionOutcome.Gone, null);
        }

        if (pod.Workload is { } name)
        {
            if (_primaries.GetValueOrDefault(name) == uid)
            {
                return (EvictionOutcome.BlockedByBudget, $"{name}-primary");
            }

            if (Workloads[name].MinAvailable is { } least && pod.Ready && Available(name) - 1 < least)
            {
                return (EvictionOutcome.BlockedByBudget, name);
            }
        }

        return (EvictionOutcome.Accepted, null);
    }

    private SimulatedNode? Place(SimulatedWorkload workload, IReadOnlyList<SimulatedNode> nodes)
    {
        if (workload.Homes is { } homes)
        {
            var taken = _replicas.GetValueOrDefault(workload.Name)?.Pods.Select(p => p.Node).ToHashSet(StringComparer.Ordinal) ?? [];
            return homes.Where(h => !taken.Contains(h)).Select(h => nodes.FirstOrDefault(n => n.Name == h && IsOpen(n))).FirstOrDefault(n => n is not null);
        }

        return _fewest.Of(nodes, n => _byNode.GetValueOrDefault(n)?.Count ?? 0).FirstOrDefault(IsOpen);
    }

    private bool IsOpen(SimulatedNode node) => node is { Unschedulable: false, HasJoinTaint: false, Ready: true }
        && !(node.Capacity is { } most && PodsOf(node).Count(p => p.Workload is not null) >= most);

    private static bool Serves(SimulatedWorld world, string node) => world.Find(node) is { Unschedulable: false, Ready: true };

    // Pods that nothing started are sisters to each other: a dictionary knows no null.
    private static PodController ControllerOf(PodFacts pod) => pod.Controller ?? NoController;

    private List<SimulatedPod> PodsOf(SimulatedNode node) => _byNode.GetValueOrDefault(node.Name) ?? NoPods;

    private void Bind(SimulatedPod pod)
    {
        Remove(pod.Facts.Uid);
        _pods[pod.Facts.Uid] = pod;
        if (!_byNode.TryGetValue(pod.Node, out var there))
        {
            _byNode[pod.Node] = there = [];
        }

        there.Add(pod);
        _fewest.Changed(pod.Node, there.Count - 1, there.Count);
        if (!_byController.TryGetValue(ControllerOf(pod.Facts), out var sisters))
        {
            _byController[ControllerOf(pod.Facts)] = sisters = [];
        }

        sisters.Add(pod);
        if (pod.Workload is { } workload)
        {
            if (!_replicas.TryGetValue(workload, out var replicas))
            {
                _replicas[workload] = replicas = new();
            }

            pod.Join(replicas);
        }

        if (SimulatedVolumes.HasVolume(pod.Facts))
        {
            _volumes.Attach(pod.Node, pod.Facts);
        }
    }

    private static Dictionary<string, string> LabelsOf(string @namespace) => new() { ["kubernetes.io/metadata.name"] = @namespace };
}
