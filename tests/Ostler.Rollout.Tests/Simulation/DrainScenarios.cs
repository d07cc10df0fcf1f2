using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Tests.Support;
using Ostler.Simulation;

namespace Ostler.Rollout.Tests.Simulation;

/// <summary>Rollouts in which the drain is the story.</summary>
internal static class DrainScenarios
{
    public static SimulationScenario? Of(string scenario) => scenario switch
    {
        "drain-order" => Scenarios.Cluster(2, s => s with { Drain = new() { Rules = Rules } }) with
        {
            Workloads = [Workload("app", 2), Workload("db", 2, "StatefulSet"), Workload("cache", 1)],
        },
        "wait-completed" => WaitCompleted(),
        "preflight-blocked" => PreflightBlocked(),
        // Two pods fit on a node, five are wanted: while one is away one pod waits. Then something else takes n1's room.
        "workloads-recover" => Scenarios.Cluster(
            3, null,
            new SimulationFault.CapacityChanges(Scenarios.Minutes(1.5), "n1", 0),
            new SimulationFault.CapacityChanges(Scenarios.Minutes(45), "n1", 2)) with
        {
            Nodes = Scenarios.Nodes(3, (_, n) => n with { Capacity = 2 }),
            Workloads = [new() { Name = "web", Replicas = 5, MinAvailable = 1 }],
        },
        "cordon-deadlock" => CordonDeadlock(),
        "cordon-deadlock-of-two-policies" => CordonDeadlockOfTwoPolicies(),
        // On n1 the volume is detached soon, on n2 it hangs.
        "volumes-detach" => Scenarios.Cluster(
            2, s => s with { Drain = new() { VolumeDetachTimeout = Duration.FromMinutes(2) } }, new SimulationFault.VolumesHang(TimeSpan.Zero, "n2")) with
        {
            Workloads = [Store],
        },
        _ => null,
    };

    /// <summary>The database goes last, batch jobs are waited for, the probes of the lab stay.</summary>
    public static DrainRule[] Rules =>
    [
        new() { PodSelector = Tier("db"), Order = 10 },
        new() { PodSelector = Tier("batch"), Behavior = DrainBehavior.WaitCompleted },
        new() { PodSelector = Tier("probe"), NamespaceSelector = new() { MatchLabels = new Dictionary<string, string> { ["kubernetes.io/metadata.name"] = "lab" } }, Behavior = DrainBehavior.Skip },
    ];

    private static SimulationScenario WaitCompleted()
    {
        var cluster = Scenarios.Cluster(
            2, s => s with { Drain = new() { Timeout = Duration.FromMinutes(5), Rules = Rules } },
            new SimulationFault.PodCompletes(Scenarios.Minutes(3), "job-1"),
            new SimulationFault.PodCompletes(Scenarios.Minutes(25), "job-2"));
        return cluster with
        {
            Workloads = [],
            Nodes = Scenarios.Nodes(2, (i, n) => n with
            {
                Pods =
                [
                    .. n.Pods,
                    Pod($"job-{i}", "Job", "apps", "batch"),
                    Pod($"probe-{i}", "ReplicaSet", "lab", "probe"),
                ],
            }),
        };
    }

    // A pod without a controller on n1 waits for a person, a budget for its replacement.
    private static SimulationScenario PreflightBlocked()
    {
        var cluster = Scenarios.Cluster(
            3, null,
            new SimulationFault.BudgetChanges(Scenarios.Minutes(5), "web", 1),
            new SimulationFault.PodCompletes(Scenarios.Minutes(30), "lone"));
        return cluster with
        {
            Workloads = [new() { Name = "web", Replicas = 4, MinAvailable = 4 }],
            Nodes = Scenarios.Nodes(3, (i, n) => i == 1 ? n with { Pods = [.. n.Pods, Pod("lone", null, "apps", "test")] } : n),
        };
    }

    // As CloudNativePG runs two databases: the primary of each beside a replica of the other. Both nodes have staged when slots may be
    // granted.
    private static SimulationScenario CordonDeadlock() => Scenarios.Cluster(
        3, s => s with { Paused = true, Rollout = s.Rollout with { MaxUnavailable = IntOrPercent.Count(2) } },
        new SimulationFault.PolicyChanges(Scenarios.Minutes(5), "edge", s => s with { Paused = false })) with
    {
        Workloads = Crosswise,
    };

    // The same two databases, but a policy for each pool of nodes. A policy that is created drains n1 while the other one is about to take
    // n2.
    private static SimulationScenario CordonDeadlockOfTwoPolicies()
    {
        static UpgradePolicySpec Pool(UpgradePolicySpec s, string pool) => s with { Paused = true, NodeSelector = new() { MatchLabels = new Dictionary<string, string> { ["pool"] = pool } } };

        return Scenarios.Cluster(
            3, null,
            new SimulationFault.PolicyChanges(Scenarios.Minutes(5), "edge", s => s with { Paused = false }),
            new SimulationFault.PolicyChanges(Scenarios.Minutes(5), "lake", s => s with { Paused = false })) with
        {
            Nodes = Scenarios.Nodes(3, (i, n) => n with { Labels = new Dictionary<string, string> { ["pool"] = i == 1 ? "edge" : "lake" } }),
            Policies = new Dictionary<string, UpgradePolicySpec> { ["edge"] = Trees.Policy(s => Pool(s, "edge")), ["lake"] = Trees.Policy(s => Pool(s, "lake")) },
            Workloads = Crosswise,
        };
    }

    /// <summary>Pods that have a volume each.</summary>
    public static SimulatedWorkload Store { get; } = new() { Name = "store", Replicas = 2, ControllerKind = "StatefulSet", HasVolumes = true };

    public static SimulatedWorkload[] Crosswise =>
    [
        new() { Name = "db-a", Replicas = 2, ControllerKind = "Cluster", HasPrimary = true, Homes = ["n1", "n2"] },
        new() { Name = "db-b", Replicas = 2, ControllerKind = "Cluster", HasPrimary = true, Homes = ["n2", "n1"] },
    ];

    private static SimulatedWorkload Workload(string tier, int replicas, string kind = "ReplicaSet") =>
        new() { Name = tier, Replicas = replicas, ControllerKind = kind, Labels = new Dictionary<string, string> { ["tier"] = tier } };

    public static PodFacts Pod(string name, string? controller, string ns, string tier) => new()
    {
        Namespace = ns,
        Name = name,
        Uid = name,
        Controller = controller is null ? null : new(controller, name, name),
        Labels = new Dictionary<string, string> { ["tier"] = tier },
    };

    private static LabelSelector Tier(string tier) => new() { MatchLabels = new Dictionary<string, string> { ["tier"] = tier } };
}
