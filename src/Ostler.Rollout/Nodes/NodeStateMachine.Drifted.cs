using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Context;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Snapshot;

namespace Ostler.Rollout.Nodes;

internal static partial class NodeStateMachine
{
    /// <summary>
    /// It runs the target and differs from it, and the policy wants that undone: staged, drained and booted as for an upgrade.
    /// </summary>
    [Transition(NodeStep.Updated, NodeStep.Idle, "drift is to be undone")]
    [Transition(NodeStep.Updated, NodeStep.Failed, "drifts again, attempts are spent")]
    private static NodeDecision Drifted(RolloutContext context, NodeView view, DriftStatus drift)
    {
        var how = DriftFacts.Describe(drift);
        if (Eligibility.Check(context, view) is { } ineligible)
        {
            // It serves all the same. Only what a person must see to is no longer counted as done.
            return ineligible.NeedsPerson && ineligible.Reason is Reasons.DriftsAgain or Reasons.ReconcileFailed
                ? Blocked(view, NodeStep.Failed, ineligible)
                : Blocked(view, NodeStep.Updated, ineligible with { Tally = NodeTally.Updated, NeedsPerson = false, Message = $"{how} {ineligible.Message}" });
        }

        return context.Gate is { StagingAllowed: false } gate
            ? NodeDecision.Report(view, NodeStep.Updated, gate.Reason, $"{how} {gate.Message}", NodeTally.Updated)
            : NodeDecision.Report(view, NodeStep.Idle, Reasons.WaitingForStage, $"{how} Waiting to deploy the target again.", NodeTally.Pending)
                with
            { Wish = NodeWish.Stage };
    }
}
