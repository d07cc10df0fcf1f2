using Ostler.Rollout.Snapshot;

namespace Ostler.Simulation;

internal sealed class SimulatedPod(PodFacts facts, string node, string? workload)
{
    private PodFacts _facts = facts;
    private SimulatedReplicas? _replicas;

    public PodFacts Facts
    {
        get => _facts;
        set => Count(() => _facts = value);
    }

    public string Node { get; } = node;

    public string? Workload { get; } = workload;

    public bool Ready
    {
        get => _facts.Ready;
        set => Count(() => _facts = _facts with { Ready = value });
    }

    /// <summary>Whether the kubelet is at work on its end.</summary>
    public bool Ending { get; set; }

    /// <summary>Counts among the pods of its workload from now on.</summary>
    public void Join(SimulatedReplicas replicas)
    {
        _replicas = replicas;
        replicas.Pods.Add(this);
        replicas.Count(this, 1);
    }

    /// <summary>Is gone, whatever is still scheduled for it.</summary>
    public void Leave()
    {
        _replicas?.Count(this, -1);
        _replicas?.Pods.Remove(this);
        _replicas = null;
    }

    private void Count(Action change)
    {
        _replicas?.Count(this, -1);
        change();
        _replicas?.Count(this, 1);
    }
}

/// <summary>The pods of one workload. Thousands of evictions ask how many serve, and so they are counted as they change.</summary>
internal sealed class SimulatedReplicas
{
    public HashSet<SimulatedPod> Pods { get; } = [];

    /// <summary>Are not being deleted.</summary>
    public int Alive { get; private set; }

    /// <summary>Are not being deleted, and Ready.</summary>
    public int Available { get; private set; }

    public void Count(SimulatedPod pod, int by)
    {
        if (pod.Facts.DeletionTimestamp is null)
        {
            Alive += by;
            Available += pod.Ready ? by : 0;
        }
    }
}
