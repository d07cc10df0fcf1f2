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
                world.Tell("image", $"now {MessageText.Of(target.Digest, target.Version)}");
                simulation.Controller.Source = (target.Digest, target.Version);
                simulation.Controller.ReconcileImage();
                break;
            case SimulationFault.HumanHolds holds when world.Find(holds.Node) is { } node && node.Hold?.Reason != holds.Reason:
                Hold(simulation, node, holds.Reason);
                break;
            case SimulationFault.PolicyChanges changes when world.Policies[changes.Policy].Spec is { } spec:
                world.Tell(changes.Policy, "policy: edited");
                Edit(simulation, changes.Policy, changes.Change(spec));
                break;
            case SimulationFault.Retry retry when world.Policies[retry.Policy].Spec is { } spec:
                world.Tell(retry.Policy, "policy: retryFailuresBefore set to now");
                Edit(simulation, retry.Policy, spec with { Rollout = spec.Rollout with { RetryFailuresBefore = world.Now } });
                break;
            case SimulationFault.PolicyCreated created:
                world.Tell(created.Policy, "policy: created");
                world.Policies[created.Policy] = new(created.Policy, created.Spec);
                simulation.Controller.Enqueue();
                break;
            case SimulationFault.PolicyDeleted deleted:
                world.Tell(deleted.Policy, "policy: deleted");
                Edit(simulation, deleted.Policy, null);
                world.Policies[deleted.Policy].Status = null;
                break;
            case SimulationFault.BudgetChanges budget:
                world.Tell(budget.Workload, $"budget: minAvailable {budget.MinAvailable}");
                world.Pods.Workloads[budget.Workload] = world.Pods.Workloads[budget.Workload] with { MinAvailable = budget.MinAvailable };
                world.Pods.Protects(budget.Workload, budget.MinAvailable is not null);
                simulation.Controller.Enqueue();
                break;
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
        simulation.World.Tell(node.Name, $"someone: kubectl annotate node {node.Name} {mark}");
        node.Hold = reason is null ? null : new(reason, "kubectl-annotate");
        node.Touch();
        simulation.Changed(node);
    }
}
