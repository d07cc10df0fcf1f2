using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Context;
using Ostler.Rollout.Drain;
using Ostler.Rollout.Failures;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Text;

namespace Ostler.Rollout.Nodes;

internal static partial class NodeStateMachine
{
    /// <summary>It holds a slot and its pods leave. Until it is told to boot, the slot can be given back without a trace.</summary>
    private static NodeDecision Draining(RolloutContext context, NodeView view)
    {
        if ((view.IsGoingBack ? WhyToStay(context, view) : WhyToRelease(context, view)) is { } why)
        {
            return NodeTransitions.Release(context, view, why.Reason, why.Message);
        }

        var node = view.Node;
        if (node.CordonedAt is null)
        {
            return NodeTransitions.Recordon(
                context, view, NodeStep.Cordoned, context.Now, "The annotation of the cordon has lost its time, which the drain's deadline needs.");
        }

        var pass = DrainPass.Over(node.Pods, context.Spec.Drain);
        var deadline = NodeDeadlineRules.Drained(node, context.Spec)!.Value;
        var overdue = context.Now >= deadline;

        // What is seen is stronger than the clock: a node that is drained in the end is not given back for being late.
        // One whose order to boot the API server refuses is: the refusal must not hold the slot.
        if (overdue && view.Node.Refused is not null)
        {
            return NodeTransitions.ReleaseWithBackoff(context, view, Reasons.WriteRefused, UntrustedRules.RefusedMessage(view));
        }

        if (pass.Completed && IsFitToBoot(view))
        {
            return Drained(context, view, pass);
        }

        if (context.HeldBack.Deadlock(context, node, pass) is { } other)
        {
            return NodeTransitions.ReleaseWithBackoff(
                context, view, Reasons.CordonDeadlock,
                $"{other.Text} and was cordoned before. The drain of this node is blocked as well ({DrainMessage.Describe(pass).Message}) Each drain might wait for the other.");
        }

        if (overdue && WhenOverdue(context, view, pass) is { } decision)
        {
            return decision;
        }

        return node.Unschedulable
            ? GoOnDraining(context, view, pass, deadline)
            : NodeTransitions.Recordon(context, view, NodeStep.Cordoned, node.CordonedAt.Value, "The node was uncordoned by someone else while it was being drained.");
    }

    private static (string Reason, string Message)? WhyToRelease(RolloutContext context, NodeView view)
    {
        if (!view.Selected && context.Exists)
        {
            return (Reasons.Released, "The policy no longer selects the node.");
        }

        if (view.ConflictsWith is { } other)
        {
            return (Reasons.PolicyConflict, $"Policy {other} also selects this node. Neither acts on it until you change a selector.");
        }

        if (view.Node.Hold is { } hold)
        {
            return (Reasons.Held, HoldText.Of(view.Node.Name, hold));
        }

        if (context.Gate is { ReleasesSlots: true } gate)
        {
            return (gate.Reason, gate.Message);
        }

        if (context.FailureCounts(view.Spec.Failure))
        {
            return (Reasons.RolledBack, "An earlier failure of the target counts again (spec.rollout.retryFailuresBefore).");
        }

        if (view.Spec.Image?.Digest != view.Target?.Digest)
        {
            return (Reasons.TargetChanged, "The target changed before the node was instructed to boot.");
        }

        if (Eligibility.TreeIsQuarantined(context, view) is { } quarantined)
        {
            return (quarantined.Reason, quarantined.Message);
        }

        if (view.Node.OS is { Deleting: true })
        {
            return (Reasons.Released, "The NodeOS is being deleted.");
        }

        return view.RunsTarget && !IsToRedeploy(context, view) ? (Reasons.Updated, "The node already runs the target.") : null;
    }

    // Cordoned in the same snapshot in which it is empty, or pods may have come back since. Ready, or what was wrong before would be blamed
    // on the new tree. Staged still, for a reboot in between takes a locked tree away.
    private static bool IsFitToBoot(NodeView view) =>
        view.Node is { Unschedulable: true, Ready: true } && (view.HasStaged || view.IsGoingBack) && view.AgentIsCurrent
        && view.Status is { BootID: not null, Booted: not null };

    private static NodeDecision? WhenOverdue(RolloutContext context, NodeView view, DrainPass pass)
    {
        var spec = context.Spec.Drain;
        var (reason, message) = WhyNotDrained(view, pass);
        return spec.OnTimeout switch
        {
            DrainTimeoutAction.Hold => null,
            DrainTimeoutAction.Release => NodeTransitions.ReleaseWithBackoff(context, view, reason, $"Not drained within {spec.Timeout}: {message}"),
            DrainTimeoutAction.Force => DrainingByForce(context, view, pass, reason, message),
        };
    }

    private static NodeDecision? DrainingByForce(RolloutContext context, NodeView view, DrainPass pass, string reason, string message)
    {
        var timeout = context.Spec.Drain.Timeout;
        var forced = NodeDeadlineRules.Forced(view.Node, context.Spec)!.Value;
        if (context.Now < forced)
        {
            return view.Node.Unschedulable && pass is { Known: true, Completed: false } ? NodeTransitions.DeleteWhatIsLeft(context, view, pass, forced) : null;
        }

        return pass.IsOnlyTerminating && IsFitToBoot(view)
            ? NodeTransitions.OrderBoot(
                context, view, Reasons.DrainForced, $"onTimeout is Force, and pods that were deleted have not gone within {timeout} more ({message})")
            : NodeTransitions.ReleaseWithBackoff(context, view, reason, $"Not drained by force within twice {timeout}: {message}");
    }

    // Why a node that holds a slot is not told to boot.
    private static (string Reason, string Message) WhyNotDrained(NodeView view, DrainPass pass)
    {
        if (!pass.Completed)
        {
            var (reason, message) = DrainMessage.Describe(pass);
            return (reason is Reasons.DrainBlocked or Reasons.WaitingForCompletion ? Reasons.DrainBlocked : Reasons.DrainTimedOut, message);
        }

        return view switch
        {
            { Node.Unschedulable: false } => (Reasons.CordonLost, "it was uncordoned by someone else."),
            { Node.Ready: false } => (Reasons.NodeNotReady, Eligibility.NotReadyMessage(view.Node)),
            { HasStaged: false, IsGoingBack: false } => (Reasons.NotStaged, view.Error is { } error ? $"{error.Reason}: {error.Message}" : "the target is no longer staged."),
            _ => (Reasons.AgentSilent, "the agent has not processed its NodeOS yet."),
        };
    }

    [Transition(NodeStep.Drained, NodeStep.Cordoned, "a pod came back")]
    private static NodeDecision GoOnDraining(RolloutContext context, NodeView view, DrainPass pass, DateTimeOffset deadline)
    {
        var overdue = context.Now >= deadline;
        if (pass.Completed)
        {
            var (reason, message) = WhyNotDrained(view, pass);
            return NodeDecision.Report(view, NodeStep.Drained, reason, $"Drained, but cannot boot: {message}", NodeTally.Updating, blocked: true,
                // A kubelet may come back by itself.
                needsPerson: IsHeld(context, overdue) && view.Node.Ready)
                with
            { WakeUp = overdue ? Forced(context, view) : deadline };
        }

        var (why, explanation) = DrainMessage.Describe(pass);
        var due = DrainPace.Due(pass.Evict, context.Now);
        var record = due.Length > 0 ? WorkloadRecovery.BeforeEviction(context, view, pass) : DisplacedRecord.Nothing;
        var decision = NodeDecision.Report(
            view, NodeStep.Cordoned, why, explanation, NodeTally.Updating, blocked: why == Reasons.DrainBlocked || overdue, needsPerson: IsHeld(context, overdue),
            deadline: overdue ? null : deadline);
        return decision with
        {
            Verdict = decision.Verdict with { Drain = pass },
            Actions = record.Probe is null ? NodeTransitions.Evict(context, view, due, record.Displaced) : [],
            Probes = record.Probe is { } question ? [question] : null,
            WakeUp = TimeMath.Earliest(
                overdue ? Forced(context, view) : deadline,
                pass.UnknownNamespaces.Count > 0 ? context.Now.After(DrainPace.Retry) : DrainPace.Next(pass.Evict, context.Now)),
        };
    }

    // Nothing ends a drain that is late under Hold but what it waits for.
    private static bool IsHeld(RolloutContext context, bool overdue) => overdue && context.Spec.Drain.OnTimeout == DrainTimeoutAction.Hold;

    private static DateTimeOffset? Forced(RolloutContext context, NodeView view) =>
        context.Spec.Drain.OnTimeout == DrainTimeoutAction.Force ? NodeDeadlineRules.Forced(view.Node, context.Spec) : null;
}
