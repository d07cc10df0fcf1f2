using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Context;
using Ostler.Rollout.Failures;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Text;

namespace Ostler.Rollout.Nodes;

internal static partial class NodeStateMachine
{
    /// <summary>It was told to boot: whatever becomes of the policy, it is brought to an end.</summary>
    private static NodeDecision Booting(RolloutContext context, NodeView view)
    {
        // The uncordon that ends an upgrade comes before the write that records it. A crash in between leaves this.
        if (!view.HoldsSlot && SoakIsOver(context, view))
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
                var refused = error?.Reason ?? Reasons.BootFellBack;
                return NodeTransitions.Fail(context, view, refused, error?.Message ?? "The agent gives no reason.", BlameRules.OfRefusal(refused));
            }

            if (view.Status.Step == NodeStep.Idle && error?.Reason == Reasons.NotStaged && view.Runs(view.Spec.Previous?.Digest))
            {
                return NodeTransitions.ReleaseAfterLostBoot(context, view, error.Reason, error.Message);
            }
        }

        var deadline = NodeDeadlineRules.Rebooted(view.Spec, context);
        if (context.Now >= deadline)
        {
            return NoBootReported(context, view);
        }

        return NodeDecision.Report(
            view, NodeStep.Rebooting, Reasons.WaitingForReboot, $"Instructed to boot {Target(view)}. Must report by {MessageText.Of(deadline)}.", NodeTally.Updating,
            deadline: deadline);
    }

    /// <summary>
    /// No report from a new boot in time. Only a node that went down for the reboot has failed; an image of which nobody knows whether it
    /// ran is not to blame.
    /// </summary>
    private static NodeDecision NoBootReported(RolloutContext context, NodeView view)
    {
        var last = view.Error is { } error ? $" Its last error: {error.Reason}: {error.Message}" : "";
        var acknowledged = BlameRules.RebootAcknowledged(view);
        var evidence = BlameRules.OfNoReport(view);

        // The kubelet does not show a soft reboot: a host that was to make one may run the image, and must not be put into service on it.
        if (evidence is not null || (acknowledged && (!view.Node.Ready || view.Spec.RebootMethod is not null)))
        {
            return NodeTransitions.Fail(
                context, view, Reasons.RebootTimedOut,
                $"The agent acted on the instruction, but has not reported from a new boot. Check the machine's console.{last}", evidence);
        }

        var silent = acknowledged
            ? "The agent acted on the instruction, but the host did not reboot. Check the agent's log."
            : "The agent did not act on the instruction to boot. Check its pod on the node.";
        return NodeTransitions.ReleaseWithBackoff(context, view, Reasons.AgentSilent, $"{silent}{last}");
    }

    [Transition(NodeStep.Rebooting, NodeStep.Verifying, "new boot, target digest")]
    private static NodeDecision HasBooted(RolloutContext context, NodeView view)
    {
        var error = view.Error;
        if (!view.Runs(view.Spec.Image?.Digest))
        {
            if (view.Runs(view.Spec.Previous?.Digest))
            {
                var why = error?.Reason ?? Reasons.BootFellBack;
                if (error?.Reason == Reasons.WatchdogExpired && NodeDeadlineRules.WasBlind(view.Spec, context.Snapshot.Sight))
                {
                    return NodeTransitions.ReleaseAfterLostBoot(
                        context, view, Reasons.ApiUnreachable,
                            $"The controller could not reach the API server either while the image was on trial. {error.Message}");
                }

                return error?.Reason is Reasons.FinalizationNeverRan or Reasons.ApiUnreachable
                    ? NodeTransitions.ReleaseAfterLostBoot(context, view, error.Reason, error.Message)
                    : NodeTransitions.Fail(context, view, why, error?.Message ?? "The node booted the previous image.",
                        BlameRules.OfFallback(why));
            }

            var runs = view.Status!.Booted is { } booted ? MessageText.Of(booted) : "an unknown image";
            return NodeTransitions.Fail(
                context, view, Reasons.UnexpectedTree,
                    $"The node booted {runs} instead of {Target(view)}: another program updates it.", evidence: null);
        }

        return view.Status!.Step == NodeStep.Failed
            ? NodeTransitions.Fail(context, view, error?.Reason ?? Reasons.HostCheckFailed, error?.Message
                ?? "The agent gives no reason.", FailureEvidence.Booted)
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
        var deadline = NodeDeadlineRules.Healthy(view.Spec, view.Status, context);
        if (verification.Pending && (view.Spec.HealthySince is not null || context.Now >= deadline))
        {
            // What was found is forgotten with the process that found it. That neither ends a soak nor fails a node; the next tries tell.
            var step = view.Spec.HealthySince is null ? NodeStep.Verifying : NodeStep.Soaking;
            return NodeDecision.Report(view, step, verification.Reason, verification.Message, NodeTally.Updating);
        }

        if (context.Now >= deadline)
        {
            return NodeTransitions.Fail(context, view, verification.Failure, verification.Message, FailureEvidence.Booted);
        }

        var waits = NodeDecision.Report(
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
        return NodeDecision.Report(view, NodeStep.Soaking, Reasons.Soaking, $"All checks pass and must keep passing until {MessageText.Of(over)}.", NodeTally.Updating, deadline: over) with
        {
            Probes = AskForWorkloads(context, view),
        };
    }

    // Mostly they are available again long before the soak is over: then the slot need not be kept for another look, nor that be written
    // down.
    private static Probe[]? AskForWorkloads(RolloutContext context, NodeView view) => view.Spec.Displaced is { Count: > 0 } && WorkloadRecovery.IsOn(context)
        ? [WorkloadRecovery.Ask(view, view.Node.Workloads is { } facts && facts.At >= view.Spec.HealthySince ? facts.At.After(WorkloadRecovery.SlowPace) : context.Now)]
        : null;

    private static bool SoakIsOver(RolloutContext context, NodeView view) =>
        view.Spec.HealthySince is { } since && since.After(context.Spec.Rollout.Soak) <= context.Now;

    private static string Target(NodeView view) => view.Spec.Image is { } image ? MessageText.Of(image) : "nothing";
}
