using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Tests.Support;
using Ostler.Simulation;

namespace Ostler.Rollout.Tests.Simulation;

/// <summary>One node that lies, or whose writes are denied, stops nobody else's rollout.</summary>
public class HostileAgentTests
{
    private const int Rollouts = 300;

    [Fact]
    public void The_others_are_updated_beside_a_node_whose_agent_fuzzes_every_report()
    {
        for (var seed = 1; seed <= Rollouts; seed++)
        {
            var at = TimeSpan.FromSeconds(seed * 7 % 900);
            Check(seed, new SimulationFault.AgentTurnsHostile(at, "n2"));
        }
    }

    [Fact]
    public void The_others_are_updated_beside_a_node_whose_writes_are_denied()
    {
        for (var seed = 1; seed <= Rollouts; seed++)
        {
            var at = TimeSpan.FromSeconds(seed * 7 % 900);
            var simulation = Check(seed, new SimulationFault.WritesRefused(at, "n2", TimeSpan.FromHours(3)));

            // Nothing was wrong with the node itself: once the webhook is gone it follows.
            AssertUpdated(simulation, "n2", seed);
        }
    }

    private static RolloutSimulation Check(int seed, SimulationFault fault)
    {
        var simulation = new RolloutSimulation(Scenarios.Cluster(4, s => s with
        {
            Rollout = s.Rollout with { MaxUnavailable = IntOrPercent.Count(2), StageAhead = IntOrPercent.Count(1) },
            Rollback = new() { MaxFailures = IntOrPercent.Count(1), Scope = RollbackScope.Policy },
        }) with
        {
            Seed = (ulong)seed,
            Faults = [fault],
        });
        var invariants = Invariants.Watch(simulation);
        simulation.Run();

        Assert.All(["n1", "n3", "n4"], name => AssertUpdated(simulation, name, seed));
        Assert.Empty(invariants.Broken.Where(b => !b.Contains(" n2 ", StringComparison.Ordinal)).Select(b => $"seed {seed}: {b}"));
        return simulation;
    }

    private static void AssertUpdated(RolloutSimulation simulation, string name, int seed)
    {
        var node = simulation.World.Find(name)!;
        Assert.True(
            node is { CordonedBy: null, OS.Spec.Goal: Goal.Observe } && node.Host.Booted.Digest == Trees.New,
            $"seed {seed}: {name} is not updated\n{string.Join('\n', simulation.World.Timeline)}");
    }
}
