namespace Ostler.Testing.Kubelet;

/// <summary>How often a simulated kubelet reports, and how long it takes to come up.</summary>
public sealed record KubeletTimings
{
    /// <summary>How often a node renews its Lease. Default 1 s, which goes with the 4 s of grace of a test cluster; a real kubelet
    /// takes 10 s of 40. A thousand nodes at 1 s are a thousand writes a second: take longer, and give the cluster more grace.</summary>
    public TimeSpan HeartbeatPeriod { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// How often the node's status is written when nothing changed, for its lastHeartbeatTime. Default 5 min, as in Kubernetes.
    /// </summary>
    public TimeSpan StatusReportPeriod { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>How long a kubelet that just started reports Ready=False (KubeletNotReady). Default 0.</summary>
    public TimeSpan ReadyDelay { get; init; } = TimeSpan.Zero;
}

/// <summary>What a pod does on a simulated node.</summary>
public sealed record PodBehavior
{
    /// <summary>From being seen by the kubelet to running and ready; Pending until then. Default 0.</summary>
    public TimeSpan StartDelay { get; init; } = TimeSpan.Zero;

    /// <summary>From the deletion to the end of the containers. Never longer than the grace period of the deletion. Default 0.</summary>
    public TimeSpan TerminationDuration { get; init; } = TimeSpan.Zero;

    /// <summary>How long the containers run before they end by themselves. Null: until deleted. Ignored for restartPolicy Always.</summary>
    public TimeSpan? RunDuration { get; init; }

    /// <summary>With what they end then: 0 makes the pod Succeeded, everything else Failed (it is not started again).</summary>
    public int ExitCode { get; init; }

    /// <summary>False: the containers run, but their readiness probe fails. Default true.</summary>
    public bool BecomesReady { get; init; } = true;
}

/// <summary>How a fleet of simulated kubelets works.</summary>
public sealed record SimulatedKubeletsOptions
{
    public KubeletTimings Timings { get; init; } = new();

    /// <summary>What each pod does. Default: pods of Jobs end well after 200 ms, all others run until they are deleted.</summary>
    public Func<k8s.Models.V1Pod, PodBehavior> Behavior { get; init; } = pod =>
        pod.Metadata.OwnerReferences?.Any(o => o.Kind == "Job") is true ? new() { RunDuration = TimeSpan.FromMilliseconds(200) } : new();

    /// <summary>Where boot IDs come from. Default: random.</summary>
    public Func<string> BootIds { get; init; } = () => Guid.NewGuid().ToString();

    /// <summary>Take the not-ready taint off ready nodes, for a cluster without a controller manager. Default false: the real node
    /// lifecycle controller does it, as on every cluster.</summary>
    public bool RemoveNotReadyTaints { get; init; }

    /// <summary>Writes that are under way at once, for pods, nodes and heartbeats each. Default 8.</summary>
    public int Workers { get; init; } = 8;
}
