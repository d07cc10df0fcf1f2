using Ostler.Api.Meta;
using Ostler.Rollout.Context;
using Ostler.Rollout.Failures;
using Ostler.Rollout.Planner;

namespace Ostler.Rollout.Nodes;

internal static partial class NodeStateMachine
{
    /// <summary>
    /// Why a node that is drained to go back to its former tree keeps the one that it runs. Asked until it is told to: what made the others fail may be
    /// lifted, or a better tree be there to go forward to.
    /// </summary>
    private static (string Reason, string Message)? WhyToStay(RolloutContext context, NodeView view)
    {
        if (!view.Selected && context.Exists)
        {
            return (Reasons.Released, "The policy does not select the node any more.");
        }

        if (view.ConflictsWith is { } other)
        {
            return (Reasons.PolicyConflict, $"Policy {other} selects the node, too: neither touches it. Change one of the selectors.");
        }

        if (view.Spec.Image?.Digest != view.Target?.Digest)
        {
            return (Reasons.TargetChanged, "The target changed before the node was told to go back: it moves on from the tree that it runs.");
        }

        if (!context.TakesBack)
        {
            return (Reasons.Released, "The rollout is not halted any more, or its nodes are not taken back any more (spec.rollback): the node stays as it is.");
        }

        if (!view.Runs(view.Spec.Image?.Digest))
        {
            return (Reasons.Released, "The node does not run the tree any more that it was to be taken back from.");
        }

        if (!view.KeepsFormer)
        {
            return (Reasons.RollbackImpossible, ScopeRollback.Impossible(view));
        }

        // A crash between the record of a drain that took too long and its uncordon.
        return view.Spec.Backoff is { } backoff && BackoffRules.Holds(backoff, view.Target?.Digest, context.Now) ? (backoff.Reason, backoff.Message ?? "") : null;
    }
}
