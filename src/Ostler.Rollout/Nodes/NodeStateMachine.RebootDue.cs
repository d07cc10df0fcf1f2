using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Context;
using Ostler.Rollout.Plan;

namespace Ostler.Rollout.Nodes;

internal static partial class NodeStateMachine
{
    /// <summary>It runs the target and booted too long ago: drained and rebooted as for an upgrade, with nothing to stage.</summary>
    [Transition(NodeStep.Updated, NodeStep.Idle, "a reboot is requested")]
    private static NodeDecision RebootDue(RolloutContext context, NodeView view)
    {
        var why = RebootRules.Why(context, view);
        if (Eligibility.Check(context, view) is { } ineligible)
        {
            var step = ineligible.Tally == NodeTally.Failed ? NodeStep.Failed : NodeStep.Idle;
            return Blocked(view, step, ineligible with { Message = $"{why} {ineligible.Message}" });
        }

        return context.Gate is { StagingAllowed: false } gate
            ? NodeDecision.Report(view, NodeStep.Idle, gate.Reason, $"{why} {gate.Message}", NodeTally.Pending)
            : NodeDecision.Report(view, NodeStep.Idle, Reasons.WaitingForStage, $"{why} Waiting for its turn.", NodeTally.Pending)
                with
            { Wish = NodeWish.Stage };
    }

    // Counted apart: it runs the target, and yet is not done.
    private static NodeDecision MarkReboot(NodeDecision decision) => decision with { Verdict = decision.Verdict with { ToReboot = true } };
}
