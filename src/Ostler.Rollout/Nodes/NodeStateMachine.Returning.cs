using Ostler.Api.Meta;
using Ostler.Rollout.Context;
using Ostler.Rollout.Failures;

namespace Ostler.Rollout.Nodes;

internal static partial class NodeStateMachine
{
    /// <summary>
    /// Why a node that is drained to go back to its former tree keeps the one that it runs. Asked until it is told to: what made the others
    /// fail may be lifted, or a better tree be there to go forward to.
    /// </summary>
    private static (string Reason, string Message)? WhyToStay(RolloutContext context, NodeView view)
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

        if (view.Spec.Image?.Digest != view.Target?.Digest)
        {
            return (Reasons.TargetChanged, "The target changed before the node was instructed to roll back. It continues from the image that it runs.");
        }

        if (!context.TakesBack)
        {
            return (Reasons.Released, "The rollout is no longer halted, or spec.rollback no longer rolls its nodes back. The node stays as it is.");
        }

        if (!view.Runs(view.Spec.Image?.Digest))
        {
            return (Reasons.Released, "The node no longer runs the image that it was to roll back from.");
        }

        if (!view.KeepsFormer)
        {
            return (Reasons.RollbackImpossible, ReturnMessages.Impossible(view));
        }

        // A crash between the record of a drain that took too long and its uncordon.
        return view.Spec.Backoff is { } backoff && BackoffRules.IsInForce(backoff, view.Target?.Digest, context.Now) ? (backoff.Reason, backoff.Message ?? "") : null;
    }
}
