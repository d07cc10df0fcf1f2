using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Context;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Text;

namespace Ostler.Rollout.Nodes;

/// <content>A node that is well and goes back for the failures of others.</content>
internal static partial class NodeTransitions
{
    /// <summary>
    /// Drained → RollingBack, of a node that is well: from here on it is brought to an end. The record says that it did not fail itself,
    /// and keeps the tree from being tried on it again.
    /// </summary>
    [Transition(NodeStep.Drained, NodeStep.RollingBack, "volumes detached, goal Rollback")]
    private static NodeDecision OrderBack(RolloutContext context, NodeView view, string reason, string why)
    {
        var failure = new NodeFailure
        {
            Digest = view.Spec.Image!.Digest,
            Version = view.Spec.Image.Version,
            Attempt = view.Spec.Attempt + 1,
            Reason = Reasons.RolledBackByScope,
            Message = MessageText.Cut(ReturnMessages.Why(context)),
            At = context.Now.TruncateToSeconds(),
        };
        var spec = NodeSpecs.GoBack(context, view, failure);
        var message = $"{why}: instructed to roll back to {MessageText.Of(spec.Previous!)}. {failure.Message}";
        return With(
            NodeDecision.Report(view, NodeStep.RollingBack, Reasons.RolledBackByScope, message, NodeTally.Updating, deadline: spec.Deadlines!.Rollback),
            Apply(view.Node, spec, Reasons.RolledBackByScope, message, warning: reason is Reasons.DrainForced or Reasons.VolumesStillAttached));
    }
}
