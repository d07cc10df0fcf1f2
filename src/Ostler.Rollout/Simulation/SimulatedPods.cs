namespace Ostler.Rollout.Simulation;

/// <summary>The pods, what starts them again, and the budgets that keep them.</summary>
public sealed class SimulatedPods
{
    private static readonly List<SimulatedPod> NoPods = [];

    private readonly Dictionary<string, SimulatedPod> _pods = new(StringComparer.Ordinal);
    // A fleet has thousands of nodes, and most events are about the pods of one of them.
    private readonly Dictionary<string, List<SimulatedPod>> _byNode = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _primaries = new(StringComparer.Ordinal);
    private readonly HashSet<string> _hadPrimary = new(StringComparer.Ordinal);
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
    public int Available(string workload) => _pods.Values.Count(p => p.Workload == workload && p.Ready && p.Facts.DeletionTimestamp is null);

    internal void Add(string node, PodFacts facts, string? workload = null) =>
        Bind(new(facts with { NamespaceLabels = LabelsOf(facts.Namespace) }, node, workload) { Ready = true });

    internal SimulatedPod? Find(string uid) => _pods.GetValueOrDefault(uid);

    internal void Remove(string uid)
    {
        if (_pods.Remove(uid, out var pod))
        {
            _byNode[pod.Node].Remove(pod);
        }
    }

    internal IReadOnlyList<SimulatedPod> BoundTo(string node) => [.. _byNode.GetValueOrDefault(node) ?? []];

    /// <summary>Fills up workloads that lack pods, on the nodes with the fewest. Returns the new ones.</summary>
    internal IReadOnlyList<SimulatedPod> Schedule(IReadOnlyList<SimulatedNode> nodes)
    {
        var added = new List<SimulatedPod>();
        foreach (var workload in Workloads.Values)
        {
            var alive = _pods.Values.Count(p => p.Workload == workload.Name && p.Facts.DeletionTimestamp is null);
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
    internal IReadOnlyList<(string Workload, SimulatedPod Primary)> FailOver(IReadOnlyList<SimulatedNode> nodes)
    {
        var moved = new List<(string, SimulatedPod)>();
        if (_primaries.Count == 0)
        {
            return moved;
        }

        var serving = nodes.Where(n => n is { Unschedulable: false, Ready: true }).Select(n => n.Name).ToHashSet(StringComparer.Ordinal);
        foreach (var (workload, uid) in _primaries.ToArray())
        {
            if (Find(uid) is { Facts.DeletionTimestamp: null } primary && serving.Contains(primary.Node))
            {
                continue;
            }

            var next = _pods.Values.Where(p => p.Workload == workload && p.Ready && p.Facts.DeletionTimestamp is null && serving.Contains(p.Node))
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

    internal static void Delete(SimulatedPod pod, DateTimeOffset now) => pod.Facts = pod.Facts with { DeletionTimestamp = pod.Facts.DeletionTimestamp ?? now };

    /// <summary>How many other pods of its controller could take over from a pod.</summary>
    internal int SistersOf(PodFacts pod, IReadOnlyList<SimulatedNode> nodes)
    {
        var serving = nodes.Where(n => n is { Unschedulable: false, Ready: true }).Select(n => n.Name).ToHashSet(StringComparer.Ordinal);
        var node = Find(pod.Uid)?.Node;
        return _pods.Values.Count(p => p.Facts.Controller == pod.Controller && p.Ready && p.Facts.DeletionTimestamp is null && p.Node != node && serving.Contains(p.Node));
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
        var open = nodes.Where(n => n is { Unschedulable: false, HasJoinTaint: false, Ready: true } && !(n.Capacity is { } most && PodsOf(n).Count(p => p.Workload is not null) >= most));
        if (workload.Homes is { } homes)
        {
            var taken = _pods.Values.Where(p => p.Workload == workload.Name).Select(p => p.Node).ToHashSet(StringComparer.Ordinal);
            return homes.Where(h => !taken.Contains(h)).Select(h => open.FirstOrDefault(n => n.Name == h)).FirstOrDefault(n => n is not null);
        }

        // The nodes come sorted by name, and the first of the least is taken.
        return open.MinBy(n => PodsOf(n).Count);
    }

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
        if (SimulatedVolumes.HasVolume(pod.Facts))
        {
            _volumes.Attach(pod.Node, pod.Facts);
        }
    }

    private static Dictionary<string, string> LabelsOf(string @namespace) => new() { ["kubernetes.io/metadata.name"] = @namespace };
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
