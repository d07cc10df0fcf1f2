using Ostler.Rollout.Health;

namespace Ostler.Simulation;

/// <summary>What befalls the API server, and the answers of gates.</summary>
internal static class SimulatedOutages
{
    public static void Strike(RolloutSimulation simulation, SimulationFault fault)
    {
        var world = simulation.World;
        switch (fault)
        {
            case SimulationFault.GateSays says:
                world.Record(says.Node ?? "cluster", $"gate {says.Gate} would be: {says.Outcome}");
                var former = world.GateAnswers.TryGetValue((says.Node, says.Gate), out var said) ? said
                    : (CheckOutcome.Passed, world.Scenario.Start);
                world.GateAnswers[(says.Node, says.Gate)] = (says.Outcome, says.Outcome == former.Item1 ? former.Item2 : world.Now);
                break;
            case SimulationFault.ServerClockJumps jumps:
                world.Record("api", $"its clock is set by {jumps.By}");
                world.ServerClockError += jumps.By;
                world.Time.In(jumps.For, () => world.ServerClockError -= jumps.By);
                break;
            case SimulationFault.ApiIsAway away:
                ApiIsAway(simulation, away.For);
                break;
            default:
                throw new InvalidOperationException($"No such outage: {fault}");
        }
    }

    private static void ApiIsAway(RolloutSimulation simulation, TimeSpan time)
    {
        var world = simulation.World;
        world.Record("api", "unreachable");
        world.ApiOutages++;
        simulation.Controller.LoseApi(time);
        world.Time.In(time, () =>
        {
            if (--world.ApiOutages == 0)
            {
                world.Record("api", "reachable again");
                world.Nodes.Where(n => n.OS is not null).ToList().ForEach(simulation.Agents.Wake);
            }
        });
    }
}
