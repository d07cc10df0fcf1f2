using Ostler.Api.Meta;
using Ostler.Api.OSImages;

namespace Ostler.Simulation;

/// <summary>
/// A fleet in words and figures, enough to foretell a rollout over it: see <see cref="RolloutSimulation.Forecast"/>. The same description
/// always gives the same forecast.
/// </summary>
public sealed record FleetDescription
{
    /// <summary>The nodes, one by one or in groups of like ones. At least one.</summary>
    public required IReadOnlyList<FleetNodes> Nodes { get; init; }

    /// <summary>How long the steps take.</summary>
    public FleetDurations Durations { get; init; } = new();

    /// <summary>How often steps fail. Default: never.</summary>
    public FailureRates Failures { get; init; } = new();

    /// <summary>What runs on the nodes and its PodDisruptionBudgets. Default: nothing, so that no drain waits.</summary>
    public IReadOnlyList<SimulatedWorkload> Workloads { get; init; } = [];

    /// <summary>When the rollout begins; windows and freezes are looked up from here.</summary>
    public required DateTimeOffset Start { get; init; }

    /// <summary>
    /// How far is looked ahead, 1 s to 366 days. A forecast ends before, when nothing is left to happen. Default: 30 days.
    /// </summary>
    public Duration Horizon { get; init; } = new(TimeSpan.FromDays(30));

    /// <summary>Chooses each duration within its range and who fails. Another seed is another, equally likely, course.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>The node that runs the controller, which goes last of its wave. Default: none of them.</summary>
    public string? LeaderNode { get; init; }

    /// <summary>
    /// How long a person takes to approve a wave that waits for it. Default: nobody does, and the forecast ends there and says so.
    /// </summary>
    public Duration? ApprovedAfter { get; init; }

    /// <summary>
    /// How long after a change the controller has looked and decided, 100 ms to 30 s; no moment of the forecast is more precise. Default: 2
    /// s, and 6 ms a node for fleets of more than 333, since each look is at the whole fleet, but no more than 30 s.
    /// </summary>
    public Duration? Resolution { get; init; }
}

/// <summary>One node, or some that differ in nothing but their names.</summary>
public sealed record FleetNodes
{
    /// <summary>
    /// The Node's name; with <see cref="Count"/>, what the names begin with: <c>edge</c> gives <c>edge-1</c> and so on, in digits enough
    /// for all.
    /// </summary>
    public required string Name { get; init; }

    /// <summary>How many. Default: one, named <see cref="Name"/> itself.</summary>
    public int? Count { get; init; }

    /// <summary>The Nodes' labels.</summary>
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>The values of topology.kubernetes.io/zone, given to the nodes in turn. Default: what the labels say.</summary>
    public IReadOnlyList<string>? Zones { get; init; }

    /// <summary>Whether they have the label of the control plane.</summary>
    public bool ControlPlane { get; init; }

    /// <summary>
    /// The tree that they run: 64 hexadecimal digits. One that is the target is updated from the beginning. Default: some other tree.
    /// </summary>
    public string? Digest { get; init; }

    /// <summary>Its version, for people.</summary>
    public string? Version { get; init; }

    /// <summary>When they booted, for spec.rollout.rebootBefore. Default: when the rollout begins.</summary>
    public DateTimeOffset? BootedAt { get; init; }

    /// <summary>How many pods of the described workloads fit on each. Default: any number.</summary>
    public int? Capacity { get; init; }

    /// <summary>Whether a person has cordoned them.</summary>
    public bool Cordoned { get; init; }

    /// <summary>Whether their kubelets report. False: they do not for as long as is looked ahead. Default: true.</summary>
    public bool Ready { get; init; } = true;
}

/// <summary>A duration is drawn between the two, both included.</summary>
public readonly record struct DurationRange(Duration Least, Duration Most)
{
    internal (TimeSpan Least, TimeSpan Most) Span => (Least, Most);
}

/// <summary>
/// How long the steps of an upgrade take on the described fleet; what a policy measured (status.durations) is a good source.
/// </summary>
public sealed record FleetDurations
{
    /// <summary>Fetching the target and laying it down. Default: 20 s to 4 min.</summary>
    public DurationRange Staging { get; init; } = new(Duration.FromSeconds(20), Duration.FromMinutes(4));

    /// <summary>The end of each evicted pod. Default: 1 s to 30 s.</summary>
    public DurationRange PodTermination { get; init; } = new(Duration.FromSeconds(1), Duration.FromSeconds(30));

    /// <summary>From the order to reboot until the host is up. Default: 40 s to 4 min.</summary>
    public DurationRange Reboot { get; init; } = new(Duration.FromSeconds(40), Duration.FromMinutes(4));

    /// <summary>From there until the kubelet reports Ready. Default: 5 s to 40 s.</summary>
    public DurationRange Kubelet { get; init; } = new(Duration.FromSeconds(5), Duration.FromSeconds(40));

    /// <summary>The checks on the host. Default: 1 s to 20 s.</summary>
    public DurationRange HostChecks { get; init; } = new(Duration.FromSeconds(1), Duration.FromSeconds(20));
}

/// <summary>How often a step fails on a node, as a share from 0 (never) to 1 (always). The last three exclude each other.</summary>
public sealed record FailureRates
{
    /// <summary>One attempt to fetch the target; the agent tries again by itself.</summary>
    public double Staging { get; init; }

    /// <summary>The boot loader falls back to the former tree.</summary>
    public double FallsBack { get; init; }

    /// <summary>The machine never comes up again.</summary>
    public double NeverReturns { get; init; }

    /// <summary>The tree comes up and its host checks fail.</summary>
    public double Unhealthy { get; init; }
}

/// <summary>The tree that a described fleet is moved to.</summary>
public sealed record FleetTarget
{
    /// <summary>64 hexadecimal digits.</summary>
    public required string Digest { get; init; }

    /// <summary>For people.</summary>
    public string? Version { get; init; }

    /// <summary>The spec of the OSImage that the policy names: its quarantine holds.</summary>
    public required OSImageSpec Image { get; init; }
}
