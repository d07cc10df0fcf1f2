using Ostler.Api.Meta;
using Ostler.Api.Shared;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Health;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Tests.Support;
using Ostler.Simulation;
using Ostler.Simulation.Hosts;
using Ostler.Testing;

namespace Ostler.Rollout.Tests.Simulation;

/// <summary>Whole rollouts, told line by line. What a person would read in events and logs must make sense from beginning to end.</summary>
public class NarrativeTests
{
    public static TheoryData<string> Scenarios_ =>
    [
        "three-nodes",
        "bad-tree-halts-and-a-better-one-follows",
        "retry-after-a-halt",
        "drain-blocked-by-a-budget",
        "drain-by-force",
        "reboot-never-returns",
        "image-without-kubelet",
        "watchdog-takes-a-node-back",
        "soft-reboots-where-hosts-can",
        "watchdog-after-a-soft-reboot",
        "no-watchdog-and-a-node-that-hangs",
        "power-cut-during-a-boot",
        "humans-cordon-and-uncordon",
        "automatic-rollback-off",
        "target-changes-midway",
        "policy-deleted-in-flight",
        "node-replaced-in-flight",
        "two-policies-select-a-node",
        "paused-midway",
        "staging-fails",
        "staging-gives-up",
        "agent-goes-silent",
        "flapping-health",
        "drain-order",
        "wait-completed",
        "preflight-blocked",
        "workloads-recover",
        "cordon-deadlock",
        "cordon-deadlock-of-two-policies",
        "volumes-detach",
        "prometheus-says-no",
        "check-error-endless",
        "consecutive-successes",
        "controller-restarts-amid-checks",
        .. PaceScenarios.Names,
        .. ScopeScenarios.Names,
        .. SwitchScenarios.Names,
        .. GateScenarios.Names,
    ];

    [Theory]
    [MemberData(nameof(Scenarios_))]
    public void A_rollout_tells_its_story(string scenario)
    {
        var simulation = new RolloutSimulation(Of(scenario));
        var invariants = Invariants.Watch(simulation);
        simulation.Run();
        invariants.CheckEnd();

        Assert.Empty(invariants.Broken);
        Golden.VerifyFile(string.Join('\n', simulation.World.Timeline), $"tests/Ostler.Rollout.Tests/Testdata/{scenario}/narrative.txt");
    }

    [Fact]
    public void The_same_seed_tells_the_same_story_and_another_one_another()
    {
        static string Story(ulong seed)
        {
            var simulation = new RolloutSimulation(Of("three-nodes") with { Seed = seed });
            simulation.Run();
            return string.Join('\n', simulation.World.Timeline);
        }

        Assert.Equal(Story(7), Story(7));
        Assert.NotEqual(Story(7), Story(8));
    }

    [Fact]
    public void An_upgrade_costs_few_writes()
    {
        var simulation = new RolloutSimulation(Scenarios.Cluster(8) with { Workloads = [] });
        simulation.Run();

        // One for the NodeOS; then stage, cordon, boot, soak, uncordon and the record.
        Assert.Equal(8 * 7, simulation.ControllerWrites);
    }

    private static SimulationScenario Softly(SimulationScenario scenario) =>
        scenario with { Workloads = [], Nodes = [.. scenario.Nodes.Select(n => n with { SoftReboots = n.Name == "n1" })] };

    private static SimulationScenario Of(string scenario)
    {
        static TimeSpan At(double minutes) => TimeSpan.FromMinutes(minutes);
        return scenario switch
        {
            "three-nodes" => Scenarios.Cluster(3),
            "bad-tree-halts-and-a-better-one-follows" => Scenarios.Cluster(
                3, null,
                new SimulationFault.BadTree(At(0), Trees.New, SimulatedBoot.Unhealthy),
                new SimulationFault.TargetChanges(At(60), Trees.Newer, "43")),
            "retry-after-a-halt" => Scenarios.Cluster(
                2, null,
                new SimulationFault.Boots(At(0), "n1", [SimulatedBoot.FallsBack]),
                new SimulationFault.Boots(At(0), "n2", [SimulatedBoot.FallsBack]),
                new SimulationFault.Retry(At(30), "edge"),
                new SimulationFault.Retry(At(60), "edge")),
            "drain-blocked-by-a-budget" => Scenarios.Cluster(
                2, s => s with { Drain = new() { Timeout = Duration.FromMinutes(5), Preflight = DrainPreflight.Ignore } },
                new SimulationFault.BudgetChanges(At(25), "web", 1)) with
            { Workloads = [new() { Name = "web", Replicas = 3, MinAvailable = 3 }] },
            "drain-by-force" => Forced(),
            "reboot-never-returns" => Scenarios.Cluster(2, null, new SimulationFault.BadTree(At(0), Trees.New, SimulatedBoot.NeverReturns)),
            "watchdog-takes-a-node-back" => Scenarios.Cluster(2, null, new SimulationFault.BadTree(At(0), Trees.New, SimulatedBoot.Hangs)),
            "no-watchdog-and-a-node-that-hangs" => Scenarios.Cluster(
                2, s => s with { Rollback = new() { Watchdog = Duration.Zero } }, new SimulationFault.BadTree(At(0), Trees.New, SimulatedBoot.Hangs)),
            // n1 can, n2 cannot: each does what it can, and says so in its boot.
            "soft-reboots-where-hosts-can" => Softly(Scenarios.Cluster(2, s => s with { Reboot = new() { Method = RebootMethod.Auto } })),
            "watchdog-after-a-soft-reboot" => Softly(Scenarios.Cluster(
                1, s => s with { Reboot = new() { Method = RebootMethod.Auto } }, new SimulationFault.BadTree(At(0), Trees.New, SimulatedBoot.Hangs))),
            "image-without-kubelet" => Scenarios.Cluster(2, null, new SimulationFault.BadTree(At(0), Trees.New, SimulatedBoot.WithoutKubelet)),
            "power-cut-during-a-boot" => Scenarios.Cluster(
                1, null, new SimulationFault.Boots(At(0), "n1", [SimulatedBoot.PowerCut, SimulatedBoot.PowerCut, SimulatedBoot.PowerCut])) with
            { Workloads = [] },
            "humans-cordon-and-uncordon" => Scenarios.Cluster(
                3, s => s with { Rollout = s.Rollout with { Soak = Duration.FromMinutes(5), MaxUnavailable = IntOrPercent.Count(2) } },
                new SimulationFault.HumanCordons(At(0.02), "n3"),
                new SimulationFault.HumanUncordons(At(0.84), "n1"),
                new SimulationFault.HumanUncordons(At(2), "n1"),
                new SimulationFault.HumanUncordons(At(4), "n1"),
                new SimulationFault.HumanUncordons(At(60), "n3")),
            "automatic-rollback-off" => Scenarios.Cluster(
                2, s => s with { Rollback = new() { Automatic = false } },
                new SimulationFault.Boots(At(0), "n1", [SimulatedBoot.Unhealthy]),
                new SimulationFault.Boots(At(0), "n2", [SimulatedBoot.Unhealthy]),
                new SimulationFault.PolicyChanges(At(60), "edge", s => s with { Rollback = new() { Automatic = true } })),
            "target-changes-midway" => Scenarios.Cluster(3, null, new SimulationFault.TargetChanges(At(1), Trees.Newer, "43")),
            "policy-deleted-in-flight" => Scenarios.Cluster(3, null, new SimulationFault.PolicyDeleted(At(1.2), "edge")),
            "node-replaced-in-flight" => Scenarios.Cluster(
                2, null, new SimulationFault.NodeReplaced(At(1), "n1"), new SimulationFault.NodeReplaced(At(1), "n2")),
            "two-policies-select-a-node" => TwoPolicies(),
            "paused-midway" => Scenarios.Cluster(
                3, null,
                new SimulationFault.PolicyChanges(At(2), "edge", s => s with { Paused = true }),
                new SimulationFault.PolicyChanges(At(40), "edge", s => s with { Paused = false })),
            "staging-fails" => Scenarios.Cluster(2, null, new SimulationFault.StagingFails(At(0), "n1", 3), new SimulationFault.StagingFails(At(0), "n2", 1)),
            // n1 cannot fetch the target in three attempts; the others have it by then. At 90 min a person has mended the registry.
            "staging-gives-up" => Scenarios.Cluster(3, null, new SimulationFault.StagingFails(At(0), "n1", 15), new SimulationFault.Retry(At(90), "edge")),
            "agent-goes-silent" => Scenarios.Cluster(
                2, s => s with { Rollout = s.Rollout with { StageAhead = IntOrPercent.Count(0) } },
                new SimulationFault.AgentIsAway(At(0.06), "n1", At(50)), new SimulationFault.AgentIsAway(At(3), "n2", At(10))),
            "flapping-health" => Scenarios.Cluster(
                1, s => s with { Rollout = s.Rollout with { Soak = Duration.FromMinutes(2) } },
                new SimulationFault.Boots(At(0), "n1", [SimulatedBoot.Flapping])) with
            { Workloads = [] },
            "prometheus-says-no" => Scenarios.Cluster(
                2, s => Checked(s, Scenarios.Errors), new SimulationFault.CheckSays(At(0), "errors", [CheckOutcome.Passed, CheckOutcome.False])),
            "check-error-endless" => Scenarios.Cluster(
                2, s => Checked(s, Scenarios.Errors), new SimulationFault.CheckSays(At(0), "errors", [CheckOutcome.Error])),
            "consecutive-successes" => Scenarios.Cluster(
                1, s => Checked(s, Scenarios.Errors with { Successes = 3, Interval = Duration.FromSeconds(20) }),
                new SimulationFault.CheckSays(
                    At(0), "errors", [CheckOutcome.Missing, CheckOutcome.Passed, CheckOutcome.Passed, CheckOutcome.False, CheckOutcome.Passed])) with
            { Workloads = [] },

            // Once before all have passed, once in the soak: neither fails the node nor makes the soak begin anew.
            "controller-restarts-amid-checks" => Scenarios.Cluster(
                1, s => Checked(s, Scenarios.Errors with { Successes = 3, Interval = Duration.FromSeconds(20) }) with
                {
                    Rollout = s.Rollout with { Soak = Duration.FromMinutes(3) },
                },
                new SimulationFault.ControllerRestarts(At(3)), new SimulationFault.ControllerRestarts(At(5))) with
            { Workloads = [] },
            _ => DrainScenarios.Of(scenario) ?? ScopeScenarios.Of(scenario) ?? SwitchScenarios.Of(scenario) ?? GateScenarios.Of(scenario)
                ?? PaceScenarios.Of(scenario),
        };

        static UpgradePolicySpec Checked(UpgradePolicySpec spec, HealthCheck check) => spec with { Health = new() { Checks = [check] } };

        static SimulationScenario Forced()
        {
            var cluster = Scenarios.Cluster(1, s => s with { Drain = new() { Timeout = Duration.FromMinutes(5), OnTimeout = DrainTimeoutAction.Force } });
            PodFacts stuck = new()
            {
                Namespace = "apps",
                Name = "stuck",
                Uid = "stuck",
                Controller = new("ReplicaSet", "db", "db"),
                Finalizers = ["acme.example/hold"],
            };
            return cluster with
            {
                Workloads = [new() { Name = "web", Replicas = 2, MinAvailable = 2 }],
                Nodes = [cluster.Nodes[0] with { Pods = [.. cluster.Nodes[0].Pods, stuck] }],
            };
        }

        static SimulationScenario TwoPolicies()
        {
            var cluster = Scenarios.Cluster(3, null, new SimulationFault.PolicyDeleted(TimeSpan.FromMinutes(30), "canary"));
            var canary = Trees.Policy(s => s with { NodeSelector = new() { MatchLabels = new Dictionary<string, string> { ["canary"] = "yes" } } });
            return cluster with
            {
                Nodes = Scenarios.Nodes(3, (i, n) => i == 1 ? n with { Labels = new Dictionary<string, string> { ["canary"] = "yes" } } : n),
                Policies = new Dictionary<string, UpgradePolicySpec>(cluster.Policies) { ["canary"] = canary },
            };
        }
    }
}
