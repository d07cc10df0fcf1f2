using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Context;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Text;

namespace Ostler.Rollout.Nodes;

internal static partial class NodeStateMachine
{
    /// <summary>
    /// It is back in service, whichever way it went, and keeps its slot until the workloads that its drain displaced are available again.
    /// </summary>
    private static NodeDecision Recovering(RolloutContext context, NodeView view)
    {
        if (!context.Exists || !view.Selected || !WorkloadRecovery.IsOn(context))
        {
            return NodeTransitions.FinishRecovery(context, view, "Ostler no longer waits for its workloads.");
        }

        var deadline = view.Spec.Deadlines!.Recovered!.Value;
        if (deadline <= context.RetryBefore)
        {
            return NodeTransitions.FinishRecovery(context, view, "A user chose to continue without waiting for its workloads.");
        }

        var missing = WorkloadRecovery.Missing(view, context.Now - WorkloadRecovery.Fresh, context.Now);
        if (missing is { Count: 0 })
        {
            return NodeTransitions.FinishRecovery(context, view, "The workloads that its drain displaced are available again.");
        }

        var late = WorkloadRecovery.IsLate(view, context.Spec, context.Now);
        var facts = view.Node.Workloads;
        var question = WorkloadRecovery.Ask(
            view, facts is null || missing is null && facts.Error is null ? context.Now : facts.At.After(late ? WorkloadRecovery.SlowPace : WorkloadRecovery.Pace));
        var which = missing is not null ? $"not available again: {MessageText.List(missing)}."
            : facts?.Error is { } error ? $"could not be read: {error}" : "not checked yet.";
        var (step, tally) = EndOf(context, view);
        return late
            ? NodeDecision.Report(
                view, step, Reasons.WorkloadsNotRecovered,
                $"The node is back in service, but displaced workloads are {which} Find out why their pods do not start. To continue without them, "
                + "then run kubectl ostler retry.",
                tally, blocked: true, needsPerson: true) with
            { Probes = [question] }
            : NodeDecision.Report(
                view, step == NodeStep.Updated ? NodeStep.Soaking : step, Reasons.WaitingForWorkloads,
                $"Back in service, but displaced workloads are {which} Deadline: {MessageText.Of(deadline)}.", NodeTally.Updating, deadline: deadline) with
            { Probes = [question] };
    }

    // Where the node stands apart from its workloads.
    private static (NodeStep Step, NodeTally Tally) EndOf(RolloutContext context, NodeView view) => view.Spec switch
    {
        { Failure: { } failure } spec when failure.Attempt == spec.Attempt => (NodeStep.RolledBack, NodeTally.RolledBack),
        // Released before its reboot.
        { Image: not null } when RebootRules.IsDue(context, view) => (NodeStep.Idle, NodeTally.Pending),
        { Image: not null } => (NodeStep.Updated, NodeTally.Updated),
        { Image: null } => (NodeStep.Idle, NodeTally.Pending),
    };
}
