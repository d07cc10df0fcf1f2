using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Text;

namespace Ostler.Simulation;

/// <summary>What people decide in the course of a run.</summary>
internal static class SimulatedDecisions
{
    public static void Make(RolloutSimulation simulation, SimulationFault decision)
    {
        var world = simulation.World;
        switch (decision)
        {
            case SimulationFault.TargetChanges target:
                world.Record("image", $"now {MessageText.Of(target.Digest, target.Version)}");
                simulation.Controller.Source = (target.Digest, target.Version);
                simulation.Controller.ReconcileImage();
                break;
            case SimulationFault.HumanHolds holds:
                if (world.Find(holds.Node) is { } node && node.Hold?.Reason != holds.Reason)
                {
                    Hold(simulation, node, holds.Reason);
                }

                break;
            case SimulationFault.PolicyChanges changes:
                Change(simulation, changes.Policy, "policy: edited", changes.Change);
                break;
            case SimulationFault.Retry retry:
                Change(
                    simulation, retry.Policy, "policy: retryFailuresBefore set to now",
                    s => s with { Rollout = s.Rollout with { RetryFailuresBefore = world.Now } });
                break;
            case SimulationFault.PolicyCreated created:
                world.Record(created.Policy, "policy: created");
                world.Policies[created.Policy] = new(created.Policy, created.Spec);
                simulation.Controller.Enqueue();
                break;
            case SimulationFault.PolicyDeleted deleted:
                world.Record(deleted.Policy, "policy: deleted");
                Edit(simulation, deleted.Policy, null);
                world.Policies[deleted.Policy].Status = null;
                break;
            case SimulationFault.BudgetChanges budget:
                world.Record(budget.Workload, $"budget: minAvailable {budget.MinAvailable}");
                world.Pods.Workloads[budget.Workload] = world.Pods.Workloads[budget.Workload] with { MinAvailable = budget.MinAvailable };
                world.Pods.Protects(budget.Workload, budget.MinAvailable is not null);
                simulation.Controller.Enqueue();
                break;
            default:
                throw new InvalidOperationException($"No such decision: {decision}");
        }
    }

    // A policy that was deleted meanwhile is not edited.
    private static void Change(RolloutSimulation simulation, string name, string what, Func<UpgradePolicySpec, UpgradePolicySpec> change)
    {
        if (simulation.World.Policies[name].Spec is { } spec)
        {
            simulation.World.Record(name, what);
            Edit(simulation, name, change(spec));
        }
    }

    private static void Edit(RolloutSimulation simulation, string name, UpgradePolicySpec? spec)
    {
        var policy = simulation.World.Policies[name];
        policy.Spec = spec;
        policy.Generation++;
        simulation.Controller.ReconcileImage();
        simulation.Controller.Enqueue();
    }

    private static void Hold(RolloutSimulation simulation, SimulatedNode node, string? reason)
    {
        var mark = reason is null ? $"{NodeMarks.Hold}-" : $"{NodeMarks.Hold}=\"{reason}\"";
        simulation.World.Record(node.Name, $"someone: kubectl annotate node {node.Name} {mark}");
        node.Hold = reason is null ? null : new(reason, "kubectl-annotate");
        node.Touch();
        simulation.Changed(node);
    }
}
