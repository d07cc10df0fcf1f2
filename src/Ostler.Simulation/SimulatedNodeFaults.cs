using System.Globalization;

namespace Ostler.Simulation;

/// <summary>What each fault of one node does to it.</summary>
internal static class SimulatedNodeFaults
{
    public static void Strike(RolloutSimulation simulation, SimulationFault.OfNode fault, SimulatedNode node)
    {
        switch (fault)
        {
            case SimulationFault.Boots or SimulationFault.StagingFails or SimulationFault.Drifts or SimulationFault.SomebodyBoots
                or SimulationFault.PowerCycle or SimulationFault.NodeClockJumps:
                StrikeHost(simulation, fault, node);
                break;
            case SimulationFault.AgentRestarts or SimulationFault.AgentIsAway or SimulationFault.AgentTurnsHostile
                or SimulationFault.WritesRefused or SimulationFault.NodeOSDeleted:
                StrikeAgent(simulation, fault, node);
                break;
            case SimulationFault.HumanCordons:
                HumanCordons(simulation, node);
                break;
            case SimulationFault.HumanUncordons:
                HumanUncordons(simulation, node);
                break;
            case SimulationFault.KubeletIsAway away:
                KubeletIsAway(simulation, node, away.For);
                break;
            case SimulationFault.CapacityChanges changes:
                var room = changes.Capacity?.ToString(CultureInfo.InvariantCulture) ?? "any number of";
                simulation.World.Record(node.Name, $"room for {room} pods");
                node.Capacity = changes.Capacity;
                simulation.Changed(node);
                break;
            case SimulationFault.VolumesHang:
                simulation.World.Record(node.Name, "volumes: hang");
                simulation.World.Volumes.Hang(node.Name);
                break;
            case SimulationFault.NodeDeleted:
                simulation.World.Record(node.Name, "deleted");
                Delete(simulation, node);
                break;
            case SimulationFault.NodeReplaced:
                simulation.World.Record(node.Name, "replaced by another one of that name");
                Delete(simulation, node);
                simulation.World.Add(node.First, simulation.World.Now, node.Host.Boots + 100);
                simulation.Controller.Enqueue();
                break;
            default:
                throw new InvalidOperationException($"No such fault of a node: {fault}");
        }
    }

    private static void StrikeHost(RolloutSimulation simulation, SimulationFault.OfNode fault, SimulatedNode node)
    {
        switch (fault)
        {
            case SimulationFault.Boots boots:
                boots.Outcomes.ToList().ForEach(node.Host.Faults.NextBoots.Enqueue);
                break;
            case SimulationFault.StagingFails staging:
                node.Host.Faults.StagingFailures = staging.Times;
                break;
            case SimulationFault.Drifts drifts:
                simulation.World.Record(node.Name, "someone: layers a package");
                node.Host.LayerPackage();
                node.Host.Faults.DriftsAgain = drifts.Again;
                simulation.Agents.Wake(node);
                break;
            case SimulationFault.SomebodyBoots or SimulationFault.PowerCycle when !node.Host.IsUp:
                break;
            case SimulationFault.SomebodyBoots boots:
                node.Host.Faults.ForeignAgain = boots.Again;
                simulation.Machines.BootForeign(node);
                break;
            case SimulationFault.PowerCycle:
                simulation.Machines.PowerCycle(node);
                break;
            case SimulationFault.NodeClockJumps jumps:
                simulation.World.Record(node.Name, $"host: its clock is set by {jumps.By}");
                node.SetClock(jumps.By);
                simulation.Changed(node);
                break;
            default:
                throw new InvalidOperationException($"No such fault of a host: {fault}");
        }
    }

    private static void StrikeAgent(RolloutSimulation simulation, SimulationFault.OfNode fault, SimulatedNode node)
    {
        var world = simulation.World;
        switch (fault)
        {
            case SimulationFault.AgentRestarts:
                world.Record(node.Name, "agent: killed");
                simulation.Agents.Restart(node);
                break;
            case SimulationFault.AgentIsAway away:
                AgentIsAway(simulation, node, away.For);
                break;
            case SimulationFault.AgentTurnsHostile:
                world.Record(node.Name, "agent: hostile from now on");
                node.Reports = new(world.Scenario.Seed);
                simulation.Agents.Wake(node);
                break;
            case SimulationFault.WritesRefused refused:
                world.Record(node.Name, "user: installs a webhook that denies writes to the NodeOS");
                node.WritesRefusedUntil = world.Now + refused.For;
                break;
            case SimulationFault.NodeOSDeleted when node.OS is null:
                break;
            case SimulationFault.NodeOSDeleted:
                world.Record(node.Name, "user: kubectl delete nodeos");
                node.OS = null;
                node.Agent.GiveUp();
                simulation.Controller.Enqueue();
                break;
            default:
                throw new InvalidOperationException($"No such fault of an agent: {fault}");
        }
    }

    private static void AgentIsAway(RolloutSimulation simulation, SimulatedNode node, TimeSpan time)
    {
        simulation.World.Record(node.Name, "agent: away");
        node.Host.Faults.AgentIsAway = true;
        node.KillAgent();
        simulation.World.Time.In(time, () =>
        {
            node.Host.Faults.AgentIsAway = false;
            if (!node.Gone)
            {
                simulation.World.Record(node.Name, "agent: back");
                simulation.Agents.Restart(node);
            }
        });
    }

    private static void KubeletIsAway(RolloutSimulation simulation, SimulatedNode node, TimeSpan time)
    {
        simulation.Machines.NotReady(node);
        var boots = node.Host.Boots;
        simulation.World.Time.In(time, () =>
        {
            if (node is { Gone: false, Host: { IsUp: true, HasKubelet: true } } && node.Host.Boots == boots)
            {
                simulation.Machines.Ready(node);
            }
        });
    }

    private static void HumanCordons(RolloutSimulation simulation, SimulatedNode node)
    {
        // kubectl cordon says "already cordoned" and changes nothing.
        if (node.Unschedulable)
        {
            return;
        }

        simulation.World.Record(node.Name, "someone: kubectl cordon");
        node.Unschedulable = true;

        // Where Ostler's mark is still on the node, nothing tells this cordon from the one that the mark is for.
        node.CordonedByHuman = node.CordonedBy is null;
        node.Touch();
        simulation.Changed(node);
    }

    private static void HumanUncordons(RolloutSimulation simulation, SimulatedNode node)
    {
        simulation.World.Record(node.Name, "someone: kubectl uncordon");
        node.Unschedulable = false;
        node.CordonedByHuman = false;
        node.Touch();
        simulation.Changed(node);
    }

    private static void Delete(RolloutSimulation simulation, SimulatedNode node)
    {
        foreach (var pod in simulation.World.Pods.BoundTo(node.Name))
        {
            simulation.World.Pods.Remove(pod.Facts.Uid);
        }

        simulation.World.Volumes.Boot(node.Name, []);
        simulation.World.Remove(node);
        simulation.Changed(node);
    }
}
