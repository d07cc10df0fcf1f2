using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Tests.Support;
using Ostler.Rollout.Text;
using Ostler.Simulation;

namespace Ostler.Rollout.Tests.Simulation;

/// <summary>
/// An outage of the API server, or a clock that is set, at any moment of a rollout: no image is blamed and every node arrives.
/// </summary>
public class OutageTests
{
    private static readonly TimeSpan[] Jumps =
        [.. ((double[])[1, 60, 1200, 3600, 172_800]).SelectMany(s => (TimeSpan[])[TimeSpan.FromSeconds(s), TimeSpan.FromSeconds(-s)])];

    [Theory]
    [InlineData(3)]
    [InlineData(12)]
    [InlineData(40)]
    public void An_API_server_that_is_away_for_longer_than_the_watchdog(int minutes)
    {
        for (var second = 0; second < 1200; second += 20)
        {
            Check($"away from {second} s", new SimulationFault.ApiIsAway(TimeSpan.FromSeconds(second), TimeSpan.FromMinutes(minutes)));
        }
    }

    [Fact]
    public void A_clock_of_the_API_server_that_is_wrong_for_five_minutes()
    {
        foreach (var by in Jumps)
        {
            for (var second = 60; second < 900; second += 60)
            {
                Check($"set by {by} at {second} s", new SimulationFault.ServerClockJumps(TimeSpan.FromSeconds(second), by,
                    TimeSpan.FromMinutes(5)));
            }
        }
    }

    [Fact]
    public void A_controller_that_starts_while_the_clock_of_the_API_server_is_wrong()
    {
        // What is within the tolerance between two clocks is believed.
        foreach (var by in Jumps.Where(j => j.Duration() > ClusterTime.Agreement))
        {
            for (var second = 60; second < 900; second += 60)
            {
                Check($"set by {by} at {second} s", new SimulationFault.ServerClockJumps(TimeSpan.FromSeconds(second), by,
                    TimeSpan.FromMinutes(5)), new SimulationFault.ControllerRestarts(TimeSpan.FromSeconds(second + 20)));
            }
        }
    }

    [Fact]
    public void A_clock_of_a_host_that_is_set()
    {
        foreach (var by in Jumps)
        {
            for (var second = 0; second < 900; second += 60)
            {
                Check($"set by {by} at {second} s", new SimulationFault.NodeClockJumps(TimeSpan.FromSeconds(second),
                    $"n{(second / 60 % 3) + 1}", by));
            }
        }
    }

    private static void Check(string what, params SimulationFault[] faults)
    {
        var simulation = new RolloutSimulation(Scenarios.Cluster(3, s => s with
        {
            Rollback = s.Rollback with { Watchdog = Duration.FromMinutes(10), Scope = RollbackScope.Policy },
        }) with
        {
            Faults = faults,
        });
        var invariants = Invariants.Watch(simulation);
        Assert.True(simulation.Run() || simulation.ComesToRest(), what);
        invariants.CheckEnd();

        var story = string.Join('\n', simulation.World.Timeline);
        Assert.True(invariants.Broken.Count == 0, $"{what}: {string.Join('\n', invariants.Broken)}\n{story}");
        Assert.True(simulation.World.Image.Status!.Quarantined is null or { Count: 0 }, $"{what}: quarantined\n{story}");
        Assert.All(simulation.World.Nodes, n => Assert.True(n is { CordonedBy: null, OS.Spec.Goal: Goal.Observe }
            && n.Host.Booted.Digest == Trees.New, $"{what}: {n.Name}\n{story}"));
    }
}
