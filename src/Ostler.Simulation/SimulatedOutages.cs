using Ostler.Rollout.Health;

namespace Ostler.Simulation;

/// <summary>What befalls the API server, its objects, and what is told of the time.</summary>
internal static class SimulatedOutages
{
    /// <returns>Whether the fault is one of these.</returns>
    public static bool Strike(RolloutSimulation simulation, SimulationFault fault)
    {
        var world = simulation.World;
        switch (fault)
        {
            case SimulationFault.AgentTurnsHostile hostile when world.Find(hostile.Node) is { } node:
                world.Tell(node.Name, "agent: hostile from now on");
                node.Reports = new(world.Scenario.Seed);
                simulation.Agents.Wake(node);
                break;
            case SimulationFault.WritesRefused refused when world.Find(refused.Node) is { } node:
                world.Tell(node.Name, "user: installs a webhook that denies writes to the NodeOS");
                node.WritesRefusedUntil = world.Now + refused.For;
                break;
            case SimulationFault.GateSays says:
                world.Tell(says.Node ?? "cluster", $"gate {says.Gate} would be: {says.Outcome}");
                var former = world.GateAnswers.TryGetValue((says.Node, says.Gate), out var said) ? said
                    : (CheckOutcome.Passed, world.Scenario.Start);
                world.GateAnswers[(says.Node, says.Gate)] = (says.Outcome, says.Outcome == former.Item1 ? former.Item2 : world.Now);
                break;
            case SimulationFault.NodeOSDeleted deleted when world.Find(deleted.Node) is { OS: not null } node:
                world.Tell(node.Name, "user: kubectl delete nodeos");
                node.OS = null;
                node.Agent.GiveUp();
                simulation.Controller.Enqueue();
                break;
            case SimulationFault.NodeClockJumps jumps when world.Find(jumps.Node) is { } node:
                world.Tell(node.Name, $"host: its clock is set by {jumps.By}");
                node.SetClock(jumps.By);
                simulation.Changed(node);
                break;
            case SimulationFault.ServerClockJumps jumps:
                world.Tell("api", $"its clock is set by {jumps.By}");
                world.ServerClockError += jumps.By;
                world.Time.In(jumps.For, () => world.ServerClockError -= jumps.By);
                break;
            case SimulationFault.ApiIsAway away:
                ApiIsAway(simulation, away.For);
                break;
            case SimulationFault.AgentTurnsHostile or SimulationFault.WritesRefused or SimulationFault.NodeOSDeleted
                or SimulationFault.NodeClockJumps:
                // The node is gone.
                break;
            default:
                return false;
        }

        return true;
    }

    private static void ApiIsAway(RolloutSimulation simulation, TimeSpan time)
    {
        var world = simulation.World;
        world.Tell("api", "unreachable");
        world.ApiOutages++;
        simulation.Controller.LoseApi(time);
        world.Time.In(time, () =>
        {
            if (--world.ApiOutages == 0)
            {
                world.Tell("api", "reachable again");
                world.Nodes.Where(n => n.OS is not null).ToList().ForEach(simulation.Agents.Wake);
            }
        });
    }
}
