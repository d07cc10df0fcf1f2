using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Context;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Text;

namespace Ostler.Rollout.Nodes;

internal static partial class NodeStateMachine
{
    /// <summary>
    /// It holds a slot and its NodeOS was deleted: nobody knows whether what runs was verified. The target is, before the node is in
    /// service on it; a node
    /// that runs anything else has nothing on trial.
    /// </summary>
    [Transition(NodeStep.Drained, NodeStep.Cordoned, "its NodeOS was deleted")]
    [Transition(NodeStep.Rebooting, NodeStep.Cordoned, "its NodeOS was deleted")]
    [Transition(NodeStep.Verifying, NodeStep.Cordoned, "its NodeOS was deleted")]
    [Transition(NodeStep.Soaking, NodeStep.Cordoned, "its NodeOS was deleted")]
    [Transition(NodeStep.RollingBack, NodeStep.Cordoned, "its NodeOS was deleted")]
    [Transition(NodeStep.Failed, NodeStep.Cordoned, "its NodeOS was deleted")]
    private static NodeDecision WithoutRecord(RolloutContext context, NodeView view)
    {
        if (!context.Exists || !view.Selected)
        {
            return NodeTransitions.FinishRelease(context, view);
        }

        if (view.Status is null || view.Target is null)
        {
            return Lost(view, view.Status is null ? "Waiting for the agent to report what runs." : "Waiting for the image to be resolved.");
        }

        if (!view.RunsTarget)
        {
            return NodeTransitions.FinishRelease(context, view);
        }

        return view.Status.Rollback is { } former && former.Digest != view.Target.Digest
            ? NodeTransitions.VerifyUnrecorded(context, view, former)
            : Lost(
                view,
                $"It runs {MessageText.Of(view.Target.Image)} and keeps no previous deployment. "
                + $"Check the node, then run kubectl uncordon {view.Node.Name}.",
                needsPerson: true);
    }

    private static NodeDecision Lost(NodeView view, string what, bool needsPerson = false) => NodeDecision.Report(
        view, NodeStep.Cordoned, Reasons.RecordLost, $"The NodeOS was deleted while the node held a slot. {what}", NodeTally.Updating,
            blocked: true, needsPerson: needsPerson);
}
