using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Context;
using Ostler.Rollout.Failures;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Text;

namespace Ostler.Rollout.Nodes;

/// <content>Before a node is disrupted: it fetches the target beside its work.</content>
internal static partial class NodeTransitions
{
    /// <summary>AtRest → Staging: the agent fetches the target and lays it down, locked.</summary>
    [Transition(NodeStep.Idle, NodeStep.Staging, "outdated, and stageAhead allows it")]
    [Transition(NodeStep.RolledBack, NodeStep.Staging, "another target, or a retry")]
    [Transition(NodeStep.Failed, NodeStep.Staging, "another target, or a retry")]
    [Transition(NodeStep.Updated, NodeStep.Staging, "drift is to be undone")]
    [Transition(NodeStep.Updated, NodeStep.Staging, "a reboot is requested")]
    public static (NodeVerdict Verdict, NodeAction Action) Stage(RolloutContext context, NodeFacts node, NodeVerdict verdict)
    {
        var target = context.Trees!.For(node)!;
        var view = new NodeView(context, node);
        var spec = NodeSpecs.Stage(context, view, target);
        if (spec.IsRebooting())
        {
            var why = $"{RebootRules.Why(context, view)} It is to reboot into {MessageText.Of(target.Image)}, which it runs.";
            return (
                verdict with
                {
                    Step = NodeStep.Staging,
                    Reason = Reasons.RebootRequested,
                    Message = why,
                    Tally = NodeTally.Pending,
                    Deadline = spec.Deadlines!.Staged,
                    ToReboot = true,
                },
                Apply(node, spec, Reasons.RebootRequested, why));
        }

        var message = view.RunsTarget
            ? $"Deploying {MessageText.Of(target.Image)} again, because the node differs from it ({spec.Reconcile?.Reason})."
            : $"Downloading {MessageText.Of(target.Image)}. Workloads keep running.";
        return (
            verdict with { Step = NodeStep.Staging, Reason = Reasons.Staging, Message = message, Tally = NodeTally.Pending, Deadline = spec.Deadlines!.Staged },
            Apply(node, spec, Reasons.Staging, message));
    }

    /// <summary>Staging → AtRest: what is staged stays locked on the disk and is never booted.</summary>
    [Transition(NodeStep.Staging, NodeStep.Idle, "withdrawn")]
    [Transition(NodeStep.Staged, NodeStep.Idle, "withdrawn")]
    public static NodeDecision Withdraw(RolloutContext context, NodeView view, string reason, string message) => With(
        NodeDecision.Report(
            view, NodeStep.Idle, reason, message, NodeTally.Pending, blocked: view.ConflictsWith is not null, needsPerson: view.ConflictsWith is not null),
        Apply(view.Node, NodeSpecs.Released(context, view), reason, message));

    /// <summary>Staging → Updated: it runs the target without our doing.</summary>
    [Transition(NodeStep.Staging, NodeStep.Updated, "runs the target already")]
    [Transition(NodeStep.Staged, NodeStep.Updated, "runs the target already")]
    public static NodeDecision FoundUpdated(RolloutContext context, NodeView view) => With(
        NodeDecision.Report(view, NodeStep.Updated, Reasons.Updated, view.Target!.UpdatedMessage, NodeTally.Updated),
        Apply(view.Node, NodeSpecs.Updated(context, view), Reasons.Updated, view.Target!.UpdatedMessage));

    /// <summary>
    /// Staging → AtRest: the agent's tries came to nothing. Another attempt is made after a while, unless this was the last.
    /// </summary>
    [Transition(NodeStep.Staging, NodeStep.Idle, "attempt failed, retried later")]
    [Transition(NodeStep.Staging, NodeStep.Failed, "no attempts left")]
    public static NodeDecision FailStaging(RolloutContext context, NodeView view, NodeError error)
    {
        var image = view.Spec.Image!;
        var allowed = context.Spec.Rollout.StagingAttempts;
        var attempt = StagingRules.Attempt(view.Spec.Backoff, image.Digest);
        var ends = view.Spec.IsRebooting() ? Reasons.RebootFailed
            : view.RunsTarget && view.Spec.IsReconciling() ? Reasons.ReconcileFailed
            : Reasons.StagingFailed;
        var message = $"{MessageText.Of(image)} could not be staged (attempt {attempt} of {allowed}): {error.Reason}: {error.Message?.TrimEnd('.')}.";
        if (!StagingRules.AreSpent(view.Spec.Backoff, image.Digest, allowed))
        {
            return ReleaseWithBackoff(context, view, Reasons.StagingFailed, message);
        }

        var failure = new NodeFailure
        {
            Digest = image.Digest,
            Version = image.Version,
            Attempt = view.Spec.Attempt,
            // The tree runs here, and elsewhere: it is not to blame.
            Reason = ends,
            Message = MessageText.Cut(message),
            At = context.Now.TruncateToSeconds(),
        };

        // The attempts begin anew when a person asks for another try.
        var spec = NodeSpecs.Released(context, view) with { Failure = failure, Backoff = null };
        return With(
            NodeDecision.Report(view, NodeStep.Failed, ends, message, NodeTally.Failed, blocked: true, needsPerson: true),
            Apply(view.Node, spec, ends, message, warning: true));
    }
}
