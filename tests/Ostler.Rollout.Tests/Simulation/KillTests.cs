using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;
using Ostler.Simulation;
using Ostler.Simulation.Hosts;

namespace Ostler.Rollout.Tests.Simulation;

/// <summary>Invariant 9: whoever dies between whichever two steps, the end is the same.</summary>
public class KillTests
{
    public static TheoryData<string> Rollouts => ["all goes well", "one falls back and one is unhealthy", "a budget blocks the first drain", "power fails during a boot",
        "a dry run is blocked at first", "workloads take their time", "pods go in order and some are waited for",
        "two databases lie crosswise", "in waves that soak, and in a window", "a policy goes back"];

    [Theory]
    [MemberData(nameof(Rollouts))]
    public void A_controller_killed_after_any_write_changes_nothing_in_the_end(string rollout)
    {
        var (expected, plain) = End(Scenario(rollout));
        Assert.True(plain.ControllerWrites > 20);

        for (var write = 1; write <= plain.ControllerWrites; write++)
        {
            Assert.Equal($"killed after write {write}\n{expected}", $"killed after write {write}\n{End(Scenario(rollout) with { KillControllerAfterWrites = [write] }).End}");
        }
    }

    [Theory]
    [MemberData(nameof(Rollouts))]
    public void An_agent_killed_after_any_step_changes_nothing_in_the_end(string rollout)
    {
        var (expected, plain) = End(Scenario(rollout));
        Assert.True(plain.AgentSteps > 10);

        for (var step = 1; step <= plain.AgentSteps; step++)
        {
            Assert.Equal($"killed after step {step}\n{expected}", $"killed after step {step}\n{End(Scenario(rollout) with { KillAgentAfterSteps = [step] }).End}");
        }
    }

    [Theory]
    [MemberData(nameof(Rollouts))]
    public void A_controller_and_agents_that_die_time_and_again_change_nothing_in_the_end(string rollout)
    {
        var (expected, _) = End(Scenario(rollout));

        for (var seed = 1; seed <= 25; seed++)
        {
            var random = new SeededSequence((ulong)seed);
            var killed = Scenario(rollout) with
            {
                Seed = (ulong)seed,
                KillControllerAfterWrites = [.. Enumerable.Range(0, 6).Select(_ => 1 + random.Below(60))],
                KillAgentAfterSteps = [.. Enumerable.Range(0, 6).Select(_ => 1 + random.Below(40))],
            };
            Assert.Equal($"seed {seed}\n{expected}", $"seed {seed}\n{End(killed).End}");
        }
    }

    private static SimulationScenario Scenario(string rollout)
    {
        var scenario = Scenarios.Cluster(3, s => s with
        {
            Rollback = new() { MaxFailures = IntOrPercent.Count(3) },
            Drain = s.Drain with { Timeout = Duration.FromMinutes(5) },
        });
        return rollout switch
        {
            "one falls back and one is unhealthy" => scenario with
            {
                Faults =
                [
                    new SimulationFault.Boots(TimeSpan.Zero, "n1", [SimulatedBoot.FallsBack]),
                    new SimulationFault.Boots(TimeSpan.Zero, "n3", [SimulatedBoot.Unhealthy]),
                ],
            },
            "a budget blocks the first drain" => scenario with
            {
                Policies = new Dictionary<string, UpgradePolicySpec>
                {
                    ["edge"] = scenario.Policies["edge"] with { Drain = scenario.Policies["edge"].Drain with { Preflight = DrainPreflight.Ignore } },
                },
                Workloads = [new() { Name = "web", Replicas = 4, MinAvailable = 4 }],
                Faults = [new SimulationFault.BudgetChanges(TimeSpan.FromMinutes(8), "web", 1)],
            },
            "a dry run is blocked at first" => scenario with
            {
                Workloads = [new() { Name = "web", Replicas = 4, MinAvailable = 4 }],
                Faults = [new SimulationFault.BudgetChanges(TimeSpan.FromMinutes(8), "web", 1)],
            },
            "workloads take their time" => scenario with
            {
                Nodes = Scenarios.Nodes(3, (i, n) => n with { Capacity = 2 }),
                Workloads = [new() { Name = "web", Replicas = 5, MinAvailable = 1 }],
                Faults = [new SimulationFault.CapacityChanges(TimeSpan.Zero, "n1", 1), new SimulationFault.CapacityChanges(TimeSpan.FromMinutes(40), "n1", 2)],
            },
            "two databases lie crosswise" => DrainScenarios.Of("cordon-deadlock")!,
            "pods go in order and some are waited for" => DrainScenarios.Of("wait-completed")! with
            {
                Workloads = [new() { Name = "db", Replicas = 2, Labels = new Dictionary<string, string> { ["tier"] = "db" }, ControllerKind = "StatefulSet" }],
            },
            "power fails during a boot" => scenario with
            {
                Faults = [new SimulationFault.Boots(TimeSpan.Zero, "n2", [SimulatedBoot.PowerCut, SimulatedBoot.PowerCut])],
            },
            "in waves that soak, and in a window" => scenario with
            {
                Policies = new Dictionary<string, UpgradePolicySpec>
                {
                    ["edge"] = scenario.Policies["edge"] with
                    {
                        Freezes = [new() { From = scenario.Start, To = scenario.Start + TimeSpan.FromMinutes(10) }],
                        Rollout = new()
                        {
                            Waves = [new() { Name = "canary", Nodes = IntOrPercent.Count(1), Soak = Duration.FromMinutes(5) }, new() { Name = "second", Nodes = IntOrPercent.Count(1) }],
                            Topology = new(),
                        },
                    },
                },
            },
            // Waves, so that the one that fails is the last whatever dies before.
            "a policy goes back" => scenario with
            {
                Nodes = Scenarios.Nodes(3, (i, n) => i < 3 ? n with { Labels = new Dictionary<string, string> { ["goes"] = "first" } } : n),
                Policies = new Dictionary<string, UpgradePolicySpec>
                {
                    ["edge"] = scenario.Policies["edge"] with
                    {
                        Rollback = new() { Scope = RollbackScope.Policy },
                        Rollout = new()
                        {
                            Waves = [new() { Name = "first", NodeSelector = new() { MatchLabels = new Dictionary<string, string> { ["goes"] = "first" } } }],
                        },
                    },
                },
                Faults = [new SimulationFault.Boots(TimeSpan.Zero, "n3", [SimulatedBoot.Unhealthy])],
            },
            _ => scenario,
        };
    }

    private static (string End, RolloutSimulation Simulation) End(SimulationScenario scenario)
    {
        var simulation = new RolloutSimulation(scenario);
        var invariants = Invariants.Watch(simulation);
        Assert.True(simulation.Run() || simulation.ComesToRest(), "the rollout does not end");
        invariants.CheckEnd();
        Assert.Empty(invariants.Broken);
        var nodes = simulation.World.Nodes.Select(n =>
            $"{n.Name}: runs {n.Host.Booted.Digest[0]}, unschedulable {n.Unschedulable}, cordoned by {n.CordonedBy}, "
            + $"goal {n.OS!.Spec.Goal}, failure {n.OS.Spec.Failure?.Reason}, step {n.OS.Status!.Step}");
        var ready = simulation.World.Policies["edge"].Status!.Conditions.Find(ConditionTypes.Ready)!;
        return ($"{string.Join('\n', nodes)}\n{ready.Reason}: {ready.Message}", simulation);
    }
}
