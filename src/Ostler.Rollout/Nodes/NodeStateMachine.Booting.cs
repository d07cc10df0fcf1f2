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

    [Transition(NodeStep.Verifying, NodeStep.Rebooting, "the agent has yet to report on a retry")]
    private static NodeDecision Rebooting(RolloutContext context, NodeView view)
    {
        var error = view.Error;
        if (view.ReportsOnAttempt && view.AgentIsCurrent)
        {
            if (view.Status!.Step is NodeStep.Failed or NodeStep.RolledBack)
            {
                return NodeTransitions.Fail(context, view, error?.Reason ?? Reasons.BootFellBack, error?.Message ?? "The agent does not say why.");
            }

            if (view.Status.Step == NodeStep.Idle && error?.Reason == Reasons.NotStaged && view.Runs(view.Spec.Previous?.Digest))
            {
                return NodeTransitions.ReleaseAfterLostBoot(context, view, error.Reason, error.Message);
            }
        }

        var deadline = NodeDeadlineRules.Rebooted(view.Spec, context.Spec, context.Now);
        if (context.Now >= deadline)
        {
            var seen = view.AgentIsCurrent
                ? "The agent took the order up and has not reported from a new boot: see the machine's console."
                : "The agent never took up the order to boot: look at its pod on the node.";
            return NodeTransitions.Fail(context, view, Reasons.RebootTimedOut, error is null ? seen : $"{seen} Its last error: {error.Reason}: {error.Message}");
        }

        return Said(
            view, NodeStep.Rebooting, Reasons.WaitingForReboot, $"Told to boot {Target(view)}; must report back by {MessageText.Of(deadline)}.", NodeTally.Updating,
            deadline: deadline);
    }

    [Transition(NodeStep.Rebooting, NodeStep.Verifying, "new boot, target digest")]
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
                        context, view, error?.Reason ?? Reasons.BootFellBack, error?.Message ?? "The node came up with its former tree.");
            }

            var runs = view.Status!.Booted is { } booted ? MessageText.Of(booted) : "an unknown tree";
            return NodeTransitions.Fail(
                context, view, Reasons.UnexpectedTree, $"The node came up with {runs} instead of {Target(view)}. See who else updates it.");
        }

        return view.Status!.Step == NodeStep.Failed
            ? NodeTransitions.Fail(context, view, error?.Reason ?? Reasons.HostCheckFailed, error?.Message ?? "The agent does not say why.")
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
            view, NodeStep.Verifying, verification.Reason, $"{verification.Message} It has until {MessageText.Of(deadline)}.", NodeTally.Updating,
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
        return Said(view, NodeStep.Soaking, Reasons.Soaking, $"All checks pass; they must until {MessageText.Of(over)}.", NodeTally.Updating, deadline: over) with
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
