using Ostler.Rollout.Text;

namespace Ostler.Simulation;

/// <summary>What each fault does to the world.</summary>
internal static class SimulatedFaults
{
    public static void Strike(RolloutSimulation simulation, SimulationFault fault)
    {
        var world = simulation.World;
        switch (fault)
        {
            case SimulationFault.Boots boots when world.Find(boots.Node) is { } node:
                boots.Outcomes.ToList().ForEach(node.Host.Faults.NextBoots.Enqueue);
                break;
            case SimulationFault.BadTree bad:
                world.BadTrees[bad.Digest] = bad.Outcome;
                break;
            case SimulationFault.StagingFails staging when world.Find(staging.Node) is { } node:
                node.Host.Faults.StagingFailures = staging.Times;
                break;
            case SimulationFault.ControllerRestarts:
                simulation.Controller.Restart();
                break;
            case SimulationFault.AgentRestarts restarts when world.Find(restarts.Node) is { } node:
                world.Tell(node.Name, "agent: killed");
                simulation.Agents.Restart(node);
                break;
            case SimulationFault.AgentIsAway away when world.Find(away.Node) is { } node:
                AgentIsAway(simulation, node, away.For);
                break;
            case SimulationFault.HumanCordons cordons when world.Find(cordons.Node) is { } node:
                HumanCordons(simulation, node);
                break;
            case SimulationFault.HumanUncordons uncordons when world.Find(uncordons.Node) is { } node:
                HumanUncordons(simulation, node);
                break;
            case SimulationFault.KubeletIsAway away when world.Find(away.Node) is { } node:
                KubeletIsAway(simulation, node, away.For);
                break;
            case SimulationFault.PowerCycle cycle when world.Find(cycle.Node) is { Host.IsUp: true } node:
                simulation.Machines.PowerCycle(node);
                break;
            case SimulationFault.Drifts drifts when world.Find(drifts.Node) is { } node:
                world.Tell(node.Name, "someone: layers a package");
                node.Host.LayerPackage();
                node.Host.Faults.DriftsAgain = drifts.Again;
                simulation.Agents.Wake(node);
                break;
            case SimulationFault.SomebodyBoots boots when world.Find(boots.Node) is { Host.IsUp: true } node:
                node.Host.Faults.ForeignAgain = boots.Again;
                simulation.Machines.BootForeign(node);
                break;
            case SimulationFault.PodCompletes completes when world.Pods.Find(completes.Pod) is { } pod:
                world.Tell(pod.Node, $"pod {pod.Facts.Name}: has completed");
                pod.Facts = pod.Facts with { Phase = "Succeeded" };
                simulation.Controller.Enqueue();
                break;
            case SimulationFault.CapacityChanges changes when world.Find(changes.Node) is { } node:
                world.Tell(node.Name, $"room for {changes.Capacity?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "any number of"} pods");
                node.Capacity = changes.Capacity;
                simulation.Changed(node);
                break;
            case SimulationFault.VolumesHang hangs when world.Find(hangs.Node) is { } node:
                world.Tell(node.Name, "volumes: hang");
                world.Volumes.Hang(node.Name);
                break;
            case SimulationFault.NodeDeleted deleted when world.Find(deleted.Node) is { } node:
                world.Tell(node.Name, "deleted");
                Delete(simulation, node);
                break;
            case SimulationFault.NodeReplaced replaced when world.Find(replaced.Node) is { } node:
                world.Tell(node.Name, "replaced by another one of that name");
                Delete(simulation, node);
                world.Add(node.First, world.Now, node.Host.Boots + 100);
                simulation.Controller.Enqueue();
                break;
            case SimulationFault.CheckSays says:
                world.CheckScripts[(says.Node, says.Check)] = says;
                break;
            case SimulationFault.NodeJoins joins:
                world.Tell(joins.Node.Name, $"joins with {MessageText.Of(joins.Node.Digest, joins.Node.Version)}");
                world.Add(joins.Node, world.Now, 0);
                joins.Node.Pods.ToList().ForEach(pod => world.Pods.Add(joins.Node.Name, pod));
                simulation.Controller.Enqueue();
                simulation.SchedulePods();
                break;
            default:
                if (!SimulatedOutages.Strike(simulation, fault))
                {
                    SimulatedDecisions.Make(simulation, fault);
                }

                break;
        }
    }

    private static void AgentIsAway(RolloutSimulation simulation, SimulatedNode node, TimeSpan time)
    {
        simulation.World.Tell(node.Name, "agent: away");
        node.Host.Faults.AgentIsAway = true;
        node.KillAgent();
        simulation.World.Time.In(time, () =>
        {
            node.Host.Faults.AgentIsAway = false;
            if (!node.Gone)
            {
                simulation.World.Tell(node.Name, "agent: back");
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

        simulation.World.Tell(node.Name, "someone: kubectl cordon");
        node.Unschedulable = true;

        // Where Ostler's mark is still on the node, nothing tells this cordon from the one that the mark is for.
        node.CordonedByHuman = node.CordonedBy is null;
        node.Touch();
        simulation.Changed(node);
    }

    private static void HumanUncordons(RolloutSimulation simulation, SimulatedNode node)
    {
        simulation.World.Tell(node.Name, "someone: kubectl uncordon");
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
