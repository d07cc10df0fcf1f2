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
            case SimulationFault.OfNode ofNode:
                if (world.Find(ofNode.Node) is { } node)
                {
                    SimulatedNodeFaults.Strike(simulation, ofNode, node);
                }

                break;
            case SimulationFault.BadTree bad:
                world.BadTrees[bad.Digest] = bad.Outcome;
                break;
            case SimulationFault.ControllerRestarts:
                simulation.Controller.Restart();
                break;
            case SimulationFault.PodCompletes completes:
                PodCompletes(simulation, completes.Pod);
                break;
            case SimulationFault.CheckSays says:
                world.CheckScripts[(says.Node, says.Check)] = says;
                break;
            case SimulationFault.NodeJoins joins:
                world.Record(joins.Node.Name, $"joins with {MessageText.Of(joins.Node.Digest, joins.Node.Version)}");
                world.Add(joins.Node, world.Now, 0);
                joins.Node.Pods.ToList().ForEach(pod => world.Pods.Add(joins.Node.Name, pod));
                simulation.Controller.Enqueue();
                simulation.SchedulePods();
                break;
            case SimulationFault.ServerClockJumps or SimulationFault.ApiIsAway or SimulationFault.GateSays:
                SimulatedOutages.Strike(simulation, fault);
                break;
            case SimulationFault.TargetChanges or SimulationFault.PolicyChanges or SimulationFault.PolicyCreated
                or SimulationFault.PolicyDeleted or SimulationFault.Retry or SimulationFault.BudgetChanges or SimulationFault.HumanHolds:
                SimulatedDecisions.Make(simulation, fault);
                break;
            default:
                throw new InvalidOperationException($"No such fault: {fault}");
        }
    }

    private static void PodCompletes(RolloutSimulation simulation, string name)
    {
        if (simulation.World.Pods.Find(name) is { } pod)
        {
            simulation.World.Record(pod.Node, $"pod {pod.Facts.Name}: has completed");
            pod.Facts = pod.Facts with { Phase = "Succeeded" };
            simulation.Controller.Enqueue();
        }
    }
}
