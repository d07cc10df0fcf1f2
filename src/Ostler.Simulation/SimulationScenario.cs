using Ostler.Api.OSImages;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Snapshot;

namespace Ostler.Simulation;

/// <summary>A cluster and what befalls it.</summary>
public sealed record SimulationScenario
{
    /// <summary>Chooses every latency and the order of what happens at the same moment.</summary>
    public ulong Seed { get; init; } = 1;

    public DateTimeOffset Start { get; init; } = new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>How long at most. A run ends before, when nothing is left to happen.</summary>
    public TimeSpan Horizon { get; init; } = TimeSpan.FromHours(24);

    public required IReadOnlyList<SimulatedNodeSpec> Nodes { get; init; }

    /// <summary>The policies by name. All refer to the one image.</summary>
    public required IReadOnlyDictionary<string, UpgradePolicySpec> Policies { get; init; }

    public required OSImageSpec Image { get; init; }

    /// <summary>The image's name, which policies refer to.</summary>
    public string ImageName { get; init; } = "edge-os";

    /// <summary>What the image resolves to at first.</summary>
    public required string TargetDigest { get; init; }

    public string? TargetVersion { get; init; }

    public IReadOnlyList<SimulatedWorkload> Workloads { get; init; } = [];

    public IReadOnlyList<SimulationFault> Faults { get; init; } = [];

    /// <summary>The controller is killed right after these writes, counted from 1.</summary>
    public IReadOnlyList<int> KillControllerAfterWrites { get; init; } = [];

    /// <summary>The agent that takes one of these steps (counted from 1 over all agents) is killed right after it.</summary>
    public IReadOnlyList<int> KillAgentAfterSteps { get; init; } = [];

    /// <summary>The node that runs the controller.</summary>
    public string? LeaderNode { get; init; }

    /// <summary>Whether the controller estimates when the rollout will be complete, which it reckons anew at each look.</summary>
    public bool Estimates { get; init; } = true;

    public SimulatedLatencies Latencies { get; init; } = new();
}

/// <summary>A node at the beginning.</summary>
public sealed record SimulatedNodeSpec
{
    public required string Name { get; init; }

    public required string Digest { get; init; }

    public string? Version { get; init; }

    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>Pods that only this node has.</summary>
    public IReadOnlyList<PodFacts> Pods { get; init; } = [];

    /// <summary>How many pods of workloads fit on it. Null: as many as there are.</summary>
    public int? Capacity { get; init; }

    /// <summary>Whether it registers with the taint of nodes that are to be upgraded before they get workloads.</summary>
    public bool HasJoinTaint { get; init; }

    /// <summary>Whether its host can enter a new tree by a soft reboot.</summary>
    public bool SoftReboots { get; init; }

    /// <summary>When it booted, by its own clock. Null: its kernel does not say.</summary>
    public DateTimeOffset? BootedAt { get; init; }

    /// <summary>How far the host's clock is ahead of the controller's.</summary>
    public TimeSpan ClockSkew { get; init; }
}

/// <summary>Pods that are started again elsewhere when they are evicted, and how many of them must stay.</summary>
public sealed record SimulatedWorkload
{
    public required string Name { get; init; }

    public required int Replicas { get; init; }

    /// <summary>The PodDisruptionBudget's minAvailable; null: no budget.</summary>
    public int? MinAvailable { get; init; }

    /// <summary>The kind of the pods' controller. Of a ReplicaSet, the workload is its Deployment.</summary>
    public string ControllerKind { get; init; } = "ReplicaSet";

    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>Whether each pod has a volume of its own, which is attached to the node that it runs on.</summary>
    public bool HasVolumes { get; init; }

    /// <summary>The nodes on which the pods' volumes lie: each pod runs there or nowhere. Null: anywhere.</summary>
    public IReadOnlyList<string>? Homes { get; init; }

    /// <summary>
    /// Whether one of the pods is the primary, which a budget of its own never lets go. When its node is cordoned or dies, the role moves
    /// to a Ready pod on a schedulable, Ready node, if there is one.
    /// </summary>
    public bool HasPrimary { get; init; }
}

/// <summary>How long things take. Each time is drawn between the two.</summary>
public sealed record SimulatedLatencies
{
    public (TimeSpan Least, TimeSpan Most) Controller { get; init; } = (TimeSpan.FromMilliseconds(50), TimeSpan.FromSeconds(2));

    public (TimeSpan Least, TimeSpan Most) Agent { get; init; } = (TimeSpan.FromMilliseconds(100), TimeSpan.FromSeconds(5));

    public (TimeSpan Least, TimeSpan Most) Staging { get; init; } = (TimeSpan.FromSeconds(20), TimeSpan.FromMinutes(4));

    public (TimeSpan Least, TimeSpan Most) Boot { get; init; } = (TimeSpan.FromSeconds(40), TimeSpan.FromMinutes(4));

    public (TimeSpan Least, TimeSpan Most) Kubelet { get; init; } = (TimeSpan.FromSeconds(5), TimeSpan.FromSeconds(40));

    public (TimeSpan Least, TimeSpan Most) HostChecks { get; init; } = (TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(20));

    /// <summary>From the end of a pod until its volume is detached.</summary>
    public (TimeSpan Least, TimeSpan Most) VolumeDetach { get; init; } = (TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(30));

    public (TimeSpan Least, TimeSpan Most) PodTermination { get; init; } = (TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(30));
}
