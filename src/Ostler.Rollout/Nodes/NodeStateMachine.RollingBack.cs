using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Context;
using Ostler.Rollout.Failures;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Text;

namespace Ostler.Rollout.Nodes;

internal static partial class NodeStateMachine
{
    /// <summary>It failed and goes back to its former tree.</summary>
    [Transition(NodeStep.RollingBack, NodeStep.Failed, "refused or deadline")]
    private static NodeDecision RollingBack(RolloutContext context, NodeView view)
    {
        if (IsBack(view))
        {
            var ready = Verification.KubeletIsReady(view);
            if (ready.Passed)
            {
                return NodeTransitions.FinishRollback(context, view);
            }
        }

        var deadline = NodeDeadlineRules.RolledBack(view.Spec, context);
        var refused = view.AgentIsCurrent && view.ReportsOnAttempt && view.Status!.Step == NodeStep.Failed;
        if (!refused && context.Now < deadline)
        {
            return NodeTransitions.KeepCordoned(
                context, view, NodeDecision.Report(view, NodeStep.RollingBack, Reasons.RollingBack, BackMessage(view, deadline), NodeTally.Updating, deadline: deadline));
        }

        // Whoever uncordons a node that could not go back has taken it over.
        if (!view.Node.Unschedulable)
        {
            return NodeTransitions.GiveUpRollback(context, view);
        }

        var error = view.Error;
        var reason = refused ? error?.Reason ?? Reasons.RollbackImpossible : Reasons.RollbackTimedOut;
        var why = refused
            ? error?.Message ?? "The agent gives no reason."
            : $"Not rolled back to {Former(view)} and Ready by {MessageText.Of(deadline)}. Ostler accepts the node again when it reports.";
        return NodeDecision.Report(
            view, NodeStep.Failed, reason, $"{why} Check the machine. kubectl uncordon {view.Node.Name} takes it out of Ostler's hands.", NodeTally.Failed,
            blocked: true, needsPerson: true);
    }

    // The agent must have seen the order to go back: until then a reboot into the failed tree may still be under way. In a boot of before
    // the failure only its own word counts, that nothing but the former tree will be booted next.
    private static bool IsBack(NodeView view) =>
        view.AgentIsCurrent && view.Runs(view.Spec.Previous?.Digest) && (view.HasBooted || (view.ReportsOnAttempt && view.Status!.Step == NodeStep.RolledBack));

    private static string BackMessage(NodeView view, DateTimeOffset deadline) =>
        $"{view.Spec.Failure?.Reason}: {MessageText.Sentence(view.Spec.Failure?.Message)} Rolling back to {Former(view)}. Must run it and be Ready by {MessageText.Of(deadline)}.";

    /// <summary>It failed and, automatic rollback being off, stays cordoned until a person decides.</summary>
    private static NodeDecision HeldAfterFailure(RolloutContext context, NodeView view)
    {
        var failure = view.Spec.Failure!;
        if (!view.Node.Unschedulable)
        {
            return NodeTransitions.FinishRelease(context, view);
        }

        var isRedeployed = failure.Reason is Reasons.ReconcileFailed or Reasons.RebootFailed;
        if (view.Selected && context.Spec.Rollback.Automatic && !isRedeployed)
        {
            return NodeTransitions.OrderRollback(context, view, failure);
        }

        // A machine that does not report may run the image all the same: it stays cordoned until it does.
        var isRequested = view.Selected && failure.At <= context.RetryBefore;
        if (isRequested && BlameRules.MayRunUnseen(view))
        {
            return NodeDecision.Report(
                view, NodeStep.Failed, failure.Reason,
                $"{MessageText.Sentence(failure.Message)} The requested retry starts when the agent reports what the node runs. Check its pod.",
                NodeTally.Failed, blocked: true, needsPerson: true);
        }

        if (isRequested && context.Gate is null && view.Node.Ready)
        {
            return view.RunsTarget && view.HasBooted
                ? NodeTransitions.VerifyAgain(context, view)
                : NodeTransitions.Release(context, view, Reasons.Retried, "A user requested another attempt.");
        }

        return NodeDecision.Report(
            view, NodeStep.Failed, failure.Reason, $"{MessageText.Sentence(failure.Message)} It stays cordoned on {Runs(view)}, {NodeTransitions.WhyHeld(view)}. "
            + $"To {(isRedeployed ? "" : "roll back, set that to true; to ")}keep the image, run kubectl uncordon {view.Node.Name}; to check it again, "
            + "run kubectl ostler retry.",
            NodeTally.Failed, blocked: true, needsPerson: true);
    }

    private static string Former(NodeView view) => view.Spec.Previous is { } previous ? MessageText.Of(previous) : "its previous image";

    private static string Runs(NodeView view) => view.Status?.Booted is { } booted ? MessageText.Of(booted) : "an unknown image";
}
