using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Context;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Text;

namespace Ostler.Rollout.Nodes;

internal static partial class NodeStateMachine
{
    /// <summary>It was told to boot: whatever becomes of the policy, it is brought to an end.</summary>
    private static NodeDecision Booting(RolloutContext context, NodeView view)
    {
        // The uncordon that ends an upgrade comes before the write that records it. A crash in between leaves this.
        if (!view.Holds && SoakIsOver(context, view))
        {
            return NodeTransitions.FinishUpdate(context, view);
        }

        var decision = view.HasBooted ? HasBooted(context, view) : Rebooting(context, view);
        return NodeTransitions.KeepCordoned(context, view, decision);
    }

    private static NodeDecision Rebooting(RolloutContext context, NodeView view)
    {
        var error = view.Error;
        if (view.ReportsOnAttempt && view.AgentIsCurrent)
        {
            switch (view.Status!.Step)
            {
                case NodeStep.Failed or NodeStep.RolledBack:
                    return NodeTransitions.Fail(context, view, error?.Reason ?? Reasons.BootFellBack, error?.Message ?? "The agent gives no reason.");
                case NodeStep.Idle when error?.Reason == Reasons.NotStaged && view.Runs(view.Spec.Previous?.Digest):
                    return NodeTransitions.ReleaseAfterLostBoot(context, view, error.Reason, error.Message);
            }
        }

        var deadline = NodeDeadlineRules.Rebooted(view.Spec, context.Spec, context.Now);
        if (context.Now >= deadline)
        {
            var seen = view.AgentIsCurrent
                ? "The agent acted on the instruction, but has not reported from a new boot. Check the machine's console."
                : "The agent did not act on the instruction to boot. Check its pod on the node.";
            return NodeTransitions.Fail(context, view, Reasons.RebootTimedOut, error is null ? seen : $"{seen} Its last error: {error.Reason}: {error.Message}");
        }

        return Said(
            view, NodeStep.Rebooting, Reasons.WaitingForReboot, $"Instructed to boot {Target(view)}. Must report by {MessageText.Of(deadline)}.", NodeTally.Updating,
            deadline: deadline);
    }

    private static NodeDecision HasBooted(RolloutContext context, NodeView view)
    {
        var error = view.Error;
        if (!view.Runs(view.Spec.Image?.Digest))
        {
            if (view.Runs(view.Spec.Previous?.Digest))
            {
                return error?.Reason is Reasons.FinalizationNeverRan
                    ? NodeTransitions.ReleaseAfterLostBoot(context, view, error.Reason, error.Message)
                    : NodeTransitions.Fail(
                        context, view, error?.Reason ?? Reasons.BootFellBack, error?.Message ?? "The node booted the previous image.");
            }

            var runs = view.Status!.Booted is { } booted ? MessageText.Of(booted) : "an unknown image";
            return NodeTransitions.Fail(
                context, view, Reasons.UnexpectedTree, $"The node booted {runs} instead of {Target(view)}: another program updates it.");
        }

        return view.Status!.Step == NodeStep.Failed
            ? NodeTransitions.Fail(context, view, error?.Reason ?? Reasons.HostCheckFailed, error?.Message ?? "The agent gives no reason.")
            : Verifying(context, view);
    }

    private static NodeDecision Verifying(RolloutContext context, NodeView view)
    {
        var verification = Verification.Check(context, view);
        if (verification.Passed)
        {
            return SoakIsOver(context, view) || context.Spec.Rollout.Soak.Value <= TimeSpan.Zero
                ? NodeTransitions.FinishUpdate(context, view)
                : Soaking(context, view);
        }

        // Flapping does not lengthen the way: after the deadline the first check that fails is the last.
        var deadline = NodeDeadlineRules.Healthy(view.Spec, view.Status, context.Spec, context.Now);
        if (verification.Pending && (view.Spec.HealthySince is not null || context.Now >= deadline))
        {
            // What was found is forgotten with the process that found it. That neither ends a soak nor fails a node; the next tries tell.
            var step = view.Spec.HealthySince is null ? NodeStep.Verifying : NodeStep.Soaking;
            return Said(view, step, verification.Reason, verification.Message, NodeTally.Updating);
        }

        if (context.Now >= deadline)
        {
            return NodeTransitions.Fail(context, view, verification.Failure, verification.Message);
        }

        var waits = Said(
            view, NodeStep.Verifying, verification.Reason, $"{verification.Message} Deadline: {MessageText.Of(deadline)}.", NodeTally.Updating,
            blocked: verification.IsStuck, deadline: deadline);
        return view.Spec.HealthySince is null ? waits : NodeTransitions.LoseHealth(context, view, waits);
    }

    private static NodeDecision Soaking(RolloutContext context, NodeView view)
    {
        // A clock that was set back must not make the soak endless.
        if (view.Spec.HealthySince is not { } since || since > context.Now)
        {
            return NodeTransitions.BeginSoak(context, view);
        }

        var over = since.After(context.Spec.Rollout.Soak);
        return Said(view, NodeStep.Soaking, Reasons.Soaking, $"All checks pass and must keep passing until {MessageText.Of(over)}.", NodeTally.Updating, deadline: over) with
        {
            Questions = AskForWorkloads(context, view),
        };
    }

    // Mostly they are available again long before the soak is over: then the slot need not be kept for another look, nor that be written down.
    private static Probe[]? AskForWorkloads(RolloutContext context, NodeView view) => view.Spec.Displaced is { Count: > 0 } && WorkloadRecovery.IsOn(context)
        ? [WorkloadRecovery.Ask(view, view.Node.Workloads is { } facts && facts.At >= view.Spec.HealthySince ? facts.At.After(WorkloadRecovery.SlowPace) : context.Now)]
        : null;

    private static bool SoakIsOver(RolloutContext context, NodeView view) =>
        view.Spec.HealthySince is { } since && since.After(context.Spec.Rollout.Soak) <= context.Now;

    private static string Target(NodeView view) => view.Spec.Image is { } image ? MessageText.Of(image) : "nothing";
}
