using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Nodes;
using Ostler.Rollout.Tests.Support;
using Ostler.Simulation;

namespace Ostler.Rollout.Tests.Simulation;

/// <summary>Nodes that reached the target and drift from it, in whole rollouts.</summary>
public class DriftScenarioTests
{
    private const int Long = 600;

    [Theory]
    [InlineData(DriftHandling.Report, 0, 1)]
    [InlineData(DriftHandling.Reconcile, 0, 2)]
    [InlineData(DriftHandling.Reconcile, 2, 4)]
    [InlineData(DriftHandling.Reconcile, int.MaxValue, 4)]
    public void Packages_are_undone_by_so_many_boots(DriftHandling handling, int again, int boots)
    {
        var run = Run(handling, 1, new SimulationFault.Drifts(Scenarios.Minutes(60), "n2", again));

        Assert.Equal(boots, Boots(run, "n2"));
        Assert.Equal(1, Boots(run, "n1"));
        var n2 = run.World.Find("n2")!;
        Assert.Equal(handling == DriftHandling.Reconcile && again < DriftRules.MostReconciles, n2.Host.Booted.Packages is []);
        var blocked = run.World.Policies["edge"].Status!.Blocked;
        Assert.Equal(again == int.MaxValue ? Reasons.DriftsAgain : null, blocked?.Single(b => b.Node == "n2").Reason);
    }

    [Theory]
    [InlineData(DriftHandling.Report)]
    [InlineData(DriftHandling.Reconcile)]
    public void Somebody_who_boots_another_tree_time_and_again_has_the_node_in_the_end(DriftHandling handling)
    {
        var run = Run(handling, 1, new SimulationFault.SomebodyBoots(Scenarios.Minutes(60), "n2", int.MaxValue));

        Assert.Equal(1 + DriftRules.MostReconciles, Boots(run, "n2"));
        Assert.NotEqual(Trees.New, run.World.Find("n2")!.Host.Booted.Digest);
        Assert.Equal(Reasons.DriftsAgain, run.World.Policies["edge"].Status!.Blocked!.Single(b => b.Node == "n2").Reason);
        Assert.True(run.World.Policies["edge"].Status!.Conditions.IsTrue(ConditionTypes.Stalled));
    }

    [Fact]
    public void Whoever_drifts_and_whatever_else_happens_no_node_is_rebooted_for_ever_and_every_invariant_holds()
    {
        var undone = 0;
        for (var seed = 1; seed <= 150; seed++)
        {
            var random = new SeededSequence((ulong)seed);
            var faults = Enumerable.Range(1, 4).SelectMany(i => Faults(random, $"n{i}")).ToArray();
            var run = Run(random.Below(4) == 0 ? DriftHandling.Report : DriftHandling.Reconcile, (ulong)seed, faults);

            Assert.All(run.World.Nodes, n => Assert.True(Boots(run, n.Name) <= 3 + DriftRules.MostReconciles, $"seed {seed}: {n.Name} was rebooted {Boots(run, n.Name)} times\n{string.Join('\n', run.World.Timeline)}"));
            undone += run.World.Nodes.Sum(n => Boots(run, n.Name) - 1);
        }

        // A run in which nothing happens proves nothing.
        Assert.InRange(undone, 150, int.MaxValue);
    }

    private static IEnumerable<SimulationFault> Faults(SeededSequence random, string node)
    {
        var at = Scenarios.Minutes(10 + random.Below(90));
        switch (random.Below(5))
        {
            case 0:
                yield return new SimulationFault.Drifts(at, node, random.Below(6));
                break;
            case 1:
                yield return new SimulationFault.SomebodyBoots(at, node, random.Below(6));
                break;
            case 2:
                yield return new SimulationFault.Drifts(at, node, random.Below(6));
                yield return new SimulationFault.SomebodyBoots(at + Scenarios.Minutes(random.Below(30)), node, random.Below(6));
                break;
        }

        switch (random.Below(6))
        {
            case 0:
                yield return new SimulationFault.AgentRestarts(at + Scenarios.Minutes(random.Below(10)), node);
                break;
            case 1:
                yield return new SimulationFault.PowerCycle(at + Scenarios.Minutes(random.Below(10)), node);
                break;
            case 2:
                yield return new SimulationFault.ControllerRestarts(at + Scenarios.Minutes(random.Below(10)));
                break;
        }
    }

    private static RolloutSimulation Run(DriftHandling handling, ulong seed, params SimulationFault[] faults)
    {
        var scenario = Scenarios.Cluster(4, s => s with { Drift = handling }, faults);
        var simulation = new RolloutSimulation(scenario with { Seed = seed, Horizon = Scenarios.Minutes(Long) });
        var invariants = Invariants.Watch(simulation);
        simulation.Run();
        invariants.CheckEnd();
        Assert.True(invariants.Broken.Count == 0, $"seed {seed}: {string.Join('\n', invariants.Broken)}\n{string.Join('\n', simulation.World.Timeline)}");
        return simulation;
    }

    private static int Boots(RolloutSimulation run, string node) => run.World.Timeline.Count(l => l.Who == node && l.What == "host: reboots (Boot)");
}
