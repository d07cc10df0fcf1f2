using System.Globalization;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Snapshot;

namespace Ostler.Simulation;

/// <summary>The API server's side of the controller's writes: preconditions first.</summary>
internal static class SimulatedWrites
{
    /// <summary>
    /// An <see cref="EvictionResult"/> for an eviction; a <see cref="RefusedWrite"/> for one that is denied; for other writes, whether it
    /// was made.
    /// </summary>
    public static object Make(RolloutSimulation simulation, NodeAction action)
    {
        var world = simulation.World;
        if (world.Find(action.Node) is not { } node || node.Uid != action.NodeUid)
        {
            return false;
        }

        switch (action)
        {
            case NodeAction.ApplySpec apply when node.OS is null || node.OS.ResourceVersion != apply.ResourceVersion:
                return false;
            case NodeAction.ApplySpec when world.Now < node.WritesRefusedUntil:
                return node.Refused = new("NodeOS", node.Refused?.Since ?? world.Now, world.Now, "admission webhook denied the request");
            case NodeAction.ApplySpec apply:
                node.Refused = null;
                node.WriteSpec(apply.Spec);
                break;

            case NodeAction.Cordon cordon:
                if (cordon.ResourceVersion != node.Version.ToString(CultureInfo.InvariantCulture))
                {
                    return false;
                }

                node.Unschedulable = true;
                node.CordonedBy = cordon.Policy;
                node.CordonedAt = cordon.At;
                node.Touch();
                break;

            case NodeAction.Uncordon uncordon:
                if (uncordon.ResourceVersion != node.Version.ToString(CultureInfo.InvariantCulture))
                {
                    return false;
                }

                node.Unschedulable = false;
                node.CordonedBy = null;
                node.CordonedAt = null;
                node.Touch();
                break;

            case NodeAction.RemoveJoinTaint taint:
                if (taint.ResourceVersion != node.Version.ToString(CultureInfo.InvariantCulture))
                {
                    return false;
                }

                node.HasJoinTaint = false;
                node.Touch();
                break;

            case NodeAction.EvictPod evict:
                return Evict(simulation, node, evict);

            case NodeAction.DeletePod delete:
                Delete(simulation, delete);
                break;

            case NodeAction.CancelMigration:
                // Nothing migrates here: pods are evicted and started again elsewhere.
                break;

            default:
                throw new InvalidOperationException($"No such action: {action}");
        }

        world.Record(node.Name, $"{action.Reason}: {action.Message}");
        simulation.Changed(node);
        return true;
    }

    private static void Delete(RolloutSimulation simulation, NodeAction.DeletePod delete)
    {
        if (simulation.World.Pods.Find(delete.PodUid) is { } pod)
        {
            SimulatedPods.Delete(pod, simulation.World.Now);
            simulation.Machines.End(pod);
        }
    }

    private static EvictionResult Evict(RolloutSimulation simulation, SimulatedNode node, NodeAction.EvictPod evict)
    {
        var world = simulation.World;
        var result = world.Pods.Evict(evict.Namespace, evict.Pod, evict.PodUid, world.Now);
        if (result.Outcome == EvictionOutcome.Accepted)
        {
            world.Record(node.Name, $"{evict.Reason}: {evict.Message}");
            simulation.Machines.End(world.Pods.Find(evict.PodUid)!);
            simulation.Changed(node);
        }

        return result;
    }
}
