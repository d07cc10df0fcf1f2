using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Context;
using Ostler.Rollout.Failures;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Text;

namespace Ostler.Rollout.Nodes;

/// <content>A boot that was lost, a failure, and the way back.</content>
internal static partial class NodeTransitions
{
    /// <summary>
    /// The order to boot came to nothing, and the tree is not to blame: a power cut, or a staged tree that was gone. Only a host that goes
    /// down without applying the tree time and again counts as a failure.
    /// </summary>
    public static NodeDecision ReleaseAfterLostBoot(RolloutContext context, NodeView view, string reason, string? message)
    {
        var digest = view.Spec.Image!.Digest;
        return reason is Reasons.FinalizationNeverRan or Reasons.ApiUnreachable
            && BackoffRules.CountOf(view.Spec.Backoff, digest, reason) >= BackoffRules.LostBootsAllowed
            ? Fail(context, view, reason, $"For the third time in a row: {message}", evidence: null)
            : ReleaseWithBackoff(context, view, reason, message ?? "The agent gives no reason.");
    }

    /// <summary>
    /// Rebooting, Verifying or Soaking → RollingBack; or, automatic rollback being off or leading nowhere, → HeldAfterFailure.
    /// </summary>
    /// <param name="context">What holds for all nodes.</param>
    /// <param name="view">The node.</param>
    /// <param name="reason">Why.</param>
    /// <param name="message">Why, for users.</param>
    /// <param name="evidence">What that proves about the image; null: nothing, and the image is not blamed.</param>
    [Transition(NodeStep.Rebooting, NodeStep.Failed, "failed, automatic rollback is off")]
    [Transition(NodeStep.Verifying, NodeStep.Failed, "failed, automatic rollback is off")]
    [Transition(NodeStep.Soaking, NodeStep.Failed, "failed, automatic rollback is off")]
    public static NodeDecision Fail(RolloutContext context, NodeView view, string reason, string message, FailureEvidence? evidence)
    {
        if (view.Spec.IsRedeploying())
        {
            // Others run the same tree: what is not well is this node, without what was changed on it.
            var ends = view.Spec.IsRebooting() ? Reasons.RebootFailed : Reasons.ReconcileFailed;
            (reason, message, evidence) = (ends, $"{reason}: {message}", null);
        }

        var failure = new NodeFailure
        {
            Digest = view.Spec.Image?.Digest ?? "",
            Version = view.Spec.Image?.Version,
            Attempt = view.Spec.Attempt,
            Reason = reason,
            Message = MessageText.Cut(message),
            Evidence = evidence,
            At = context.Now.TruncateToSeconds(),
        };

        // A node that is back already has nothing to be held for.
        var isBack = view.HasBooted && view.Runs(view.Spec.Previous?.Digest);
        return view.Spec.Previous is not null && !view.Spec.IsRedeploying() && (context.Spec.Rollback.Automatic || isBack)
            ? OrderRollback(context, view, failure)
            : With(
                NodeDecision.Report(
                    view, NodeStep.Failed, reason, $"{MessageText.Sentence(message)} The node stays cordoned, {WhyHeld(view)}.", NodeTally.Failed, blocked: true,
                    needsPerson: true),
                Apply(view.Node, NodeSpecs.HeldAfterFailure(context, view.Spec, failure), reason, message, warning: true));
    }

    internal static string WhyHeld(NodeView view) => view.Spec.IsRebooting()
        ? "because it was rebooted into the image that it ran before, so there is no other image to roll back to"
        : view.Spec.Failure?.Reason == Reasons.ReconcileFailed || view.Spec.IsRedeploying()
        ? "because it ran the same image before, with local changes, so there is no other image to roll back to"
        : "because spec.rollback.automatic is false";

    /// <summary>→ RollingBack.</summary>
    [Transition(NodeStep.Rebooting, NodeStep.RollingBack, "failed or deadline")]
    [Transition(NodeStep.Verifying, NodeStep.RollingBack, "failed or deadline")]
    [Transition(NodeStep.Soaking, NodeStep.RollingBack, "failed or deadline")]
    [Transition(NodeStep.Failed, NodeStep.RollingBack, "automatic rollback is turned on")]
    public static NodeDecision OrderRollback(RolloutContext context, NodeView view, NodeFailure failure)
    {
        var spec = NodeSpecs.Rollback(context, view.Spec, failure);
        var text = $"{MessageText.Sentence(failure.Message)} Rolling back to {MessageText.Of(spec.Previous!)}.";
        return With(
            NodeDecision.Report(view, NodeStep.RollingBack, failure.Reason, text, NodeTally.Updating, deadline: spec.Deadlines!.Rollback),
            Apply(view.Node, spec, failure.Reason, text, warning: true));
    }

    /// <summary>RollingBack → RolledBack. Uncordon first, as in <see cref="FinishUpdate"/>.</summary>
    [Transition(NodeStep.RollingBack, NodeStep.RolledBack, "previous image, Ready")]
    [Transition(NodeStep.Failed, NodeStep.RolledBack, "reported late")]
    public static NodeDecision FinishRollback(RolloutContext context, NodeView view)
    {
        var message = $"Runs {MessageText.Of(view.Status!.Booted!)} again, after {view.Spec.Failure?.Reason}: {view.Spec.Failure?.Message}";
        return With(
            NodeDecision.Report(view, NodeStep.RolledBack, Reasons.RolledBack, message, NodeTally.RolledBack, blocked: true, needsPerson: true),
            [
                .. UncordonIfOurs(context, view, Reasons.RolledBack, message),
                Apply(view.Node, NodeSpecs.RolledBack(context, view), Reasons.RolledBack, message, warning: true),
            ]);
    }

    /// <summary>Failed → AtRest: a person uncordoned a node that could not go back.</summary>
    public static NodeDecision GiveUpRollback(RolloutContext context, NodeView view)
    {
        const string message = "The node was uncordoned after its rollback failed, so Ostler releases it.";
        return With(
            NodeDecision.Report(view, NodeStep.Failed, Reasons.Released, message, NodeTally.Failed, blocked: true, needsPerson: true),
            [.. UncordonIfOurs(context, view, Reasons.Released, message), Apply(view.Node, NodeSpecs.RolledBack(context, view), Reasons.Released, message)]);
    }
}
