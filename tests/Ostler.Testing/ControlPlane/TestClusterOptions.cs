namespace Ostler.Testing.ControlPlane;

/// <summary>What runs beside the API server and its etcd, which always run.</summary>
[Flags]
public enum ControlPlaneComponents
{
    /// <summary>The API server alone: objects are stored and validated, nothing acts on them.</summary>
    ApiServer = 0,
    ControllerManager = 1,
    Scheduler = 2,
    All = ControllerManager | Scheduler,
}

/// <summary>How fast the real node lifecycle controller notices a silent node.</summary>
/// <remarks>Kubernetes' own defaults (40 s of grace) would make every test that loses a node take a minute.
/// Ignored by a cluster that was already running.</remarks>
public sealed record NodeLifecycleTimings
{
    /// <summary>How often node heartbeats are looked at. Default 500 ms.</summary>
    public TimeSpan MonitorPeriod { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>Silence after which a node is NotReady. Default 4 s; keep it at 3 heartbeats of the kubelets or more,
    /// or a slow machine makes healthy nodes flap.</summary>
    public TimeSpan MonitorGracePeriod { get; init; } = TimeSpan.FromSeconds(4);

    /// <summary>The same for a node that never sent a heartbeat. Default 10 s.</summary>
    public TimeSpan StartupGracePeriod { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long pods stay bound to a node that is NotReady or unreachable. Default 5 minutes, as in Kubernetes.</summary>
    public TimeSpan PodToleration { get; init; } = TimeSpan.FromMinutes(5);
}

public sealed record TestClusterOptions
{
    /// <summary>Default: everything.</summary>
    public ControlPlaneComponents Components { get; init; } = ControlPlaneComponents.All;

    public NodeLifecycleTimings NodeLifecycle { get; init; } = new();

    /// <summary>
    /// How long a component that starts may neither become ready nor write anything new. Default 60 s; a usual start of all takes 3 to 5 s.
    /// </summary>
    public TimeSpan StartPatience { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Further flags, appended last, so that they win. Ignored by a cluster that was already running.</summary>
    public IReadOnlyList<string> ApiServerArguments { get; init; } = [];

    /// <inheritdoc cref="ApiServerArguments"/>
    public IReadOnlyList<string> ControllerManagerArguments { get; init; } = [];

    /// <inheritdoc cref="ApiServerArguments"/>
    public IReadOnlyList<string> SchedulerArguments { get; init; } = [];

    /// <summary>Where lines of progress go while something is downloaded or built. Default: the error stream,
    /// because a build from source takes minutes and must not look like a hang.</summary>
    public Action<string> Progress { get; init; } = Console.Error.WriteLine;

    public bool Wants(ControlPlaneComponents component) => (Components & component) == component;
}
