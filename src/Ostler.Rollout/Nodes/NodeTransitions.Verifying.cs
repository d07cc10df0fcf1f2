using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Context;
using Ostler.Rollout.Plan;

namespace Ostler.Rollout.Nodes;

/// <content>What runs is looked at again, without a boot.</content>
internal static partial class NodeTransitions
{
    /// <summary>HeldAfterFailure → Verifying: a person asked for another look at the tree that runs.</summary>
    [Transition(NodeStep.Failed, NodeStep.Verifying, "a user retries")]
    public static NodeDecision VerifyAgain(RolloutContext context, NodeView view)
    {
        var spec = NodeSpecs.VerifyAgain(context, view);
        const string message = "A user requested another attempt. The checks run again on the running image.";
        return With(
            NodeDecision.Report(view, NodeStep.Verifying, Reasons.Retried, message, NodeTally.Updating,
                deadline: spec.Deadlines!.Healthy),
            Apply(view.Node, spec, Reasons.Retried, message));
    }

    /// <summary>WithoutRecord → Verifying: the target runs, and nobody knows whether it was ever healthy.</summary>
    [Transition(NodeStep.Cordoned, NodeStep.Verifying, "runs the target, record was lost")]
    public static NodeDecision VerifyUnrecorded(RolloutContext context, NodeView view, Deployment former)
    {
        var spec = NodeSpecs.VerifyUnrecorded(context, view, former);
        const string message = "The NodeOS was deleted while the node held a slot: what runs is verified again.";
        return With(
            NodeDecision.Report(view, NodeStep.Verifying, Reasons.RecordLost, message, NodeTally.Updating,
                deadline: spec.Deadlines!.Healthy),
            Apply(view.Node, spec, Reasons.RecordLost, message, warning: true));
    }
}
