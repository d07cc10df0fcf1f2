using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Context;
using Ostler.Rollout.Failures;
using Ostler.Rollout.Images;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Snapshot;

namespace Ostler.Rollout.Nodes;

/// <summary>
/// One node's way. Where it stands is derived from the goal in its NodeOS, the mark on its Node and what its agent reports; nothing is
/// remembered. Each state is a file of this class, each arrow a method of <see cref="NodeTransitions"/>; the drawing in the README has the
/// same names.
/// </summary>
internal static partial class NodeStateMachine
{
    public static NodeDecision Decide(RolloutContext context, NodeFacts node)
    {
        var view = new NodeView(context, node);
        var decision = Decide(context, view);
        if (view.OwnedByPolicy && view.Spec.IsRebooting() && decision.Verdict.Tally != NodeTally.Updated)
        {
            decision = MarkReboot(decision);
        }

        return UntrustedRules.Explain(view, NodeTransitions.FollowBackendLabel(context, view, decision));
    }

    private static NodeDecision Decide(RolloutContext context, NodeView view) => view switch
    {
        { HoldsSlot: true, OwnedByPolicy: false } => HoldsWithoutNodeOS(context, view),
        { OwnedByPolicy: false } => AtRest(context, view),
        { Spec.Goal: Goal.Stage, HoldsSlot: false } => Staging(context, view),
        { Spec.Goal: Goal.Stage } => Draining(context, view),
        { Spec.Goal: Goal.Boot } => Booting(context, view),
        { Spec.Goal: Goal.Rollback } => RollingBack(context, view),
        { IsHeldAfterFailure: true } => HeldAfterFailure(context, view),
        { IsGoingBack: true } => Draining(context, view),
        { HasNoRecord: true } => WithoutRecord(context, view),
        { HoldsSlot: true } => NodeTransitions.FinishRelease(context, view),
        { IsRecovering: true } => Recovering(context, view),
        { Spec.Goal: Goal.Observe } => AtRest(context, view),
    };

    /// <summary>Nothing is asked of the node.</summary>
    [Transition(NodeStep.Updated, NodeStep.Idle, "another target")]
    [Transition(NodeStep.RolledBack, NodeStep.Idle, "another target, or a retry")]
    [Transition(NodeStep.Failed, NodeStep.Idle, "another target, or a retry")]
    [Transition(NodeStep.Idle, NodeStep.Updated, "runs the target already")]
    [Transition(NodeStep.Idle, NodeStep.RolledBack, "the target failed here before")]
    [Transition(NodeStep.Idle, NodeStep.Failed, "the target could not be staged here before")]
    private static NodeDecision AtRest(RolloutContext context, NodeView view)
    {
        if (!view.Selected)
        {
            return view.OwnedByPolicy && view.Spec.Policy is not null
                ? NodeTransitions.LetGo(context, view)
                : NodeDecision.Report(view, NodeStep.Idle, Reasons.Observing, "The policy does not select the node.", NodeTally.Pending);
        }

        if (view.Target is { } target && view.RunsTarget)
        {
            // A conflict and an invalid spec leave the taint where it is; the node says why in status.
            return context is { Spec.Rollout.JoinTaint: true, Problems.Count: 0 } && view is { Node: { HasJoinTaint: true, Ready: true }, ConflictsWith: null }
                ? NodeTransitions.Admit(context, view)
                : RunsTarget(context, view, target);
        }

        if (Eligibility.Check(context, view) is { } ineligible)
        {
            var step = ineligible.Tally switch
            {
                NodeTally.RolledBack => NodeStep.RolledBack,
                NodeTally.Failed => NodeStep.Failed,
                NodeTally.Updated or NodeTally.Updating or NodeTally.Staged or NodeTally.Pending => NodeStep.Idle,
            };
            return Blocked(view, step, ineligible);
        }

        return context.Gate is { StagingAllowed: false } gate
            ? NodeDecision.Report(view, NodeStep.Idle, gate.Reason, gate.Message, NodeTally.Pending) with { IsTimeInvariant = true }
            : NodeDecision.Report(view, NodeStep.Idle, Reasons.WaitingForStage, "Waiting to stage; spec.rollout.stageAhead limits concurrent downloads.", NodeTally.Pending)
                with
            { Wish = NodeWish.Stage, IsTimeInvariant = true };
    }

    // Whether it may go back, and when, is decided between all that should.
    private static NodeDecision RunsTarget(RolloutContext context, NodeView view, TargetTree target)
    {
        var decision = NodeDecision.Report(view, NodeStep.Updated, Reasons.Updated, target.UpdatedMessage, NodeTally.Updated);
        if (context.TakesBack && view.Spec.IsUpdated() && view.Spec.Image!.Digest == target.Digest)
        {
            return decision with { Wish = NodeWish.GoBack, WakeUp = view.Spec.Backoff?.Until };
        }

        if (DriftRules.ToUndo(context, view) is { } drift)
        {
            return Drifted(context, view, drift);
        }

        return RebootRules.IsDue(context, view) ? MarkReboot(RebootDue(context, view))
            : RebootRules.Begins(context) is { } begins ? decision with { WakeUp = begins }
            : decision with { IsTimeInvariant = true };
    }

    /// <summary>It fetches the target, or has it and waits for a slot.</summary>
    [Transition(NodeStep.Staged, NodeStep.Idle, "another target")]
    [Transition(NodeStep.Staging, NodeStep.Idle, "another target")]
    private static NodeDecision Staging(RolloutContext context, NodeView view)
    {
        if (!view.Selected)
        {
            return NodeTransitions.LetGo(context, view);
        }

        if (view.ConflictsWith is { } other)
        {
            return NodeTransitions.Withdraw(
                context, view, Reasons.PolicyConflict, $"Policy {other} also selects this node. Neither acts on it until you change a selector.");
        }

        if (context.Gate is { WithdrawsStaging: true } gate)
        {
            return NodeTransitions.Withdraw(context, view, gate.Reason, gate.Message);
        }

        if (context.Trees is null)
        {
            return NodeDecision.Report(view, NodeStep.Staging, context.Gate!.Reason, context.Gate.Message, NodeTally.Pending);
        }

        if (view.RunsTarget && !IsToRedeploy(context, view))
        {
            return NodeTransitions.FoundUpdated(context, view);
        }

        var staged = view.HasStaged;
        if (Eligibility.Check(context, view) is { } ineligible)
        {
            var tally = ineligible.Tally is NodeTally.RolledBack or NodeTally.Failed ? ineligible.Tally : staged ? NodeTally.Staged : NodeTally.Pending;
            return Blocked(view, staged ? NodeStep.Staged : NodeStep.Staging, ineligible with { Tally = tally });
        }

        // A node that was to reboot into the target, and runs another image by now, has to be upgraded.
        if (view.Spec.Image?.Digest != view.Target!.Digest || (view.Spec.IsRebooting() && !view.RunsTarget))
        {
            return NodeDecision.Report(view, NodeStep.Idle, Reasons.TargetChanged, "Waiting to stage the new target.", NodeTally.Pending)
                with
            { Wish = context.Gate is { StagingAllowed: false } ? NodeWish.Nothing : NodeWish.Stage };
        }

        return staged && view.AgentIsCurrent ? HasStaged(context, view) : Fetches(context, view);
    }

    // Whether the order to boot the tree that runs is still needed: to reboot, or to undo something. Not known counts as yes: the agent has
    // the last word.
    private static bool IsToRedeploy(RolloutContext context, NodeView view) => view.Spec.IsRebooting()
        ? RebootRules.IsDue(context, view)
        : context.Spec.Drift == DriftHandling.Reconcile && view.Spec.IsReconciling()
        && (!view.AgentIsCurrent || (view.Status?.Conditions).Find(ConditionTypes.Drifted)?.Status != ConditionStatus.False);

    [Transition(NodeStep.Staging, NodeStep.Staged, "downloaded, deployed, locked")]
    private static NodeDecision HasStaged(RolloutContext context, NodeView view) => context.Gate is { } gate
        ? NodeDecision.Report(view, NodeStep.Staged, gate.Reason, gate.Message, NodeTally.Staged) with { IsTimeInvariant = true }
        : NodeDecision.Report(
            view, NodeStep.Staged, Reasons.WaitingForSlot,
            view.Spec.IsRebooting() ? "Ready to reboot. Waiting for a slot." : view.Target!.StagedMessage,
            NodeTally.Staged) with
        { Wish = NodeWish.Slot, IsTimeInvariant = true };

    [Transition(NodeStep.Staged, NodeStep.Staging, "the staged image is gone")]
    private static NodeDecision Fetches(RolloutContext context, NodeView view)
    {
        var deadline = view.Spec.Deadlines?.Staged;
        if (view.Error is { } error)
        {
            if (StagingRules.HasFailed(error, deadline, context.Now))
            {
                return NodeTransitions.FailStaging(context, view, error);
            }

            // The agent goes on trying; meanwhile another node may fetch.
            var reason = error.Reason == Reasons.HostNotSupported ? error.Reason : Reasons.StagingFailed;
            return NodeDecision.Report(view, NodeStep.Staging, reason, $"{error.Reason}: {error.Message} The agent tries again.", NodeTally.Pending, blocked: true)
                with
            { WakeUp = deadline > context.Now ? deadline : null };
        }

        if (deadline <= context.Now)
        {
            return view.ReportsOnAttempt
                ? NodeDecision.Report(
                    view, NodeStep.Staging, Reasons.Staging, "Staging takes unusually long. Other nodes go ahead.", NodeTally.Pending, blocked: true)
                : NodeDecision.Report(
                    view, NodeStep.Staging, Reasons.AgentSilent, "The agent has not acted on the instruction to stage. Check its pod on the node.",
                    NodeTally.Pending, blocked: true);
        }

        return NodeDecision.Report(view, NodeStep.Staging, Reasons.Staging, "Staging. Workloads keep running.", NodeTally.Pending, deadline: deadline)
            with
        { IsStaging = true, WakeUp = deadline };
    }

    // The Node carries the policy's mark, but the NodeOS that would say what for is missing or another policy's.
    private static NodeDecision HoldsWithoutNodeOS(RolloutContext context, NodeView view) => view.Node.OS is null && context.Exists
        ? NodeDecision.Report(
            view, NodeStep.Cordoned, Reasons.AgentMissing,
                "The node is cordoned but has no NodeOS. It continues once the NodeOS exists again and its agent reports.",
            NodeTally.Updating, blocked: true)
        : NodeTransitions.FinishRelease(context, view);

    private static NodeDecision Blocked(NodeView view, NodeStep step, Ineligible why) =>
        NodeDecision.Report(view, step, why.Reason, why.Message, why.Tally, blocked: true, needsPerson: why.NeedsPerson) with { WakeUp = why.Until };
}
