using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Context;
using Ostler.Rollout.Failures;
using Ostler.Rollout.OSImages;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Text;

namespace Ostler.Rollout.Nodes;

/// <summary>Why a node that does not run the target may not be moved to it.</summary>
internal sealed record Ineligible(string Reason, string Message)
{
    public NodeTally Tally { get; init; } = NodeTally.Pending;

    /// <summary>Whether only a person can change it.</summary>
    public bool NeedsPerson { get; init; }

    /// <summary>When time changes it.</summary>
    public DateTimeOffset? Until { get; init; }
}

/// <summary>The checks that a node must pass before it is staged, and again before it gets a slot. The first that fails is shown.</summary>
internal static class Eligibility
{
    /// <summary>
    /// In order. Later checks rely on earlier ones: whatever reads the agent's report comes after the check that there is one.
    /// </summary>
    internal static readonly IReadOnlyList<Rule<Func<RolloutContext, NodeView, Ineligible?>>> Ordered =
    [
        new(nameof(SelectedByAnotherPolicyToo), "Another policy selects the node as well.", SelectedByAnotherPolicyToo),
        new(nameof(HeldByAnotherPolicy), "The policy that selected the node before has not released it yet.", HeldByAnotherPolicy),
        new(nameof(OnHold), "A user holds the node back with ostler.dev/hold.", OnHold),
        new(nameof(AgentHasNotReported), "The node has no NodeOS, or its agent has never reported.", AgentHasNotReported),
        new(nameof(HostIsNotSupported), "The agent does not know what the host has booted.", HostIsNotSupported),
        new(nameof(TargetIsNotForItsPlatform), "The target does not exist for the node's platform.", TargetIsNotForItsPlatform),
        new(nameof(TreeIsQuarantined), "The image of the node's platform is quarantined.", TreeIsQuarantined),
        new(nameof(FailedOnTheTarget), "The target failed on the node, and no retry was requested since.", FailedOnTheTarget),
        new(nameof(DriftsAgain), "The node changes again and again, and its attempts to reconcile are spent.", DriftsAgain),
        new(nameof(BacksOff), "The node was released, and its backoff is not over.", BacksOff),
        new(nameof(CordonedByOther), "Someone other than the policy cordoned the node.", CordonedByOther),
        new(nameof(NodeIsNotReady), "The node is not Ready.", NodeIsNotReady),
        new(nameof(UntrustedRules.WritesAreRefused), "The API server refused what was written for the node, and the wait is not over.", UntrustedRules.WritesAreRefused),
    ];

    public static Ineligible? Check(RolloutContext context, NodeView view)
    {
        foreach (var check in Ordered)
        {
            if (check.Apply(context, view) is { } ineligible)
            {
                return ineligible;
            }
        }

        return null;
    }

    private static Ineligible? SelectedByAnotherPolicyToo(RolloutContext context, NodeView view) => view.ConflictsWith is { } other
        ? new(Reasons.PolicyConflict, $"Policy {other} also selects this node. Neither acts on it until you change a selector.") { NeedsPerson = true }
        : null;

    // A node that moved from one policy's selection to another's: the former one still has to let go.
    private static Ineligible? HeldByAnotherPolicy(RolloutContext context, NodeView view) =>
        !view.OwnedByPolicy && view.Spec.Policy is { } other && (view.Spec.Goal != Goal.Observe || view.Node.CordonedBy == other)
            ? new(Reasons.HeldByOtherPolicy, $"Policy {other} has not released the node yet.")
            : null;

    // Said before all that is wrong with the node: whoever holds it mostly knows, and nothing else is asked of anybody meanwhile.
    private static Ineligible? OnHold(RolloutContext context, NodeView view) => view.Node.Hold is { } hold
        ? new(Reasons.Held, HoldText.Of(view.Node.Name, hold))
        {
            // It keeps its place among the failed.
            Tally = FailedOnTheTarget(context, view)?.Tally ?? NodeTally.Pending,
            NeedsPerson = true,
        }
        : null;

    private static Ineligible? AgentHasNotReported(RolloutContext context, NodeView view) => view.Node.OS is { Deleting: true }
        ? new(Reasons.AgentMissing,
            "The NodeOS is being deleted. It is created again once it is gone; check its finalizers if that lasts.")
        { NeedsPerson = true }
        : view.Status is null
        ? new(
            Reasons.AgentMissing,
            view.Node.OS is null
                ? "The node has no NodeOS yet. The controller creates it."
                : "The agent has never reported. Check whether its pod runs on the node.")
        {
            NeedsPerson = view.Node.OS is not null,
        }
        : null;

    private static Ineligible? HostIsNotSupported(RolloutContext context, NodeView view) => view.Status!.Booted is null
        ? new(Reasons.HostNotSupported, view.Status.LastError?.Message ?? "The agent does not know what the host booted.") { NeedsPerson = true }
        : null;

    private static Ineligible? TargetIsNotForItsPlatform(RolloutContext context, NodeView view) => context.Trees is { } trees && view.Target is null
        ? new(
            Reasons.PlatformNotFound,
            view.Node.Platform is { } platform
                ? $"{MessageText.Of(trees.Release)} does not exist for {platform}, only for {trees.Offered}. Add the platform to the image, or remove the node from spec.nodeSelector."
                : $"The node does not report its architecture (status.nodeInfo.architecture), and {MessageText.Of(trees.Release)} exists for {trees.Offered}.")
        {
            NeedsPerson = true,
        }
        : null;

    // The release as a whole is a gate; a person may deny what it is on one platform.
    internal static Ineligible? TreeIsQuarantined(RolloutContext context, NodeView view) =>
        view.Target is { } target && target.Digest != context.Target!.Digest && context.Snapshot.Image is { } image && OSImageStatusRules.IsQuarantined(image.Spec, image.Status, target.Digest)
            ? new(
                Reasons.ImageQuarantined,
                $"{MessageText.Of(target.Image)}, the target on {view.Node.Platform ?? "this node"}, is quarantined. Point OSImage {image.Name} to another image.")
            {
                NeedsPerson = true,
            }
            : null;

    private static Ineligible? FailedOnTheTarget(RolloutContext context, NodeView view) =>
        view.Spec.Failure is { } failure && context.FailureCounts(failure)
            ? new(
                IsOfNode(failure) ? failure.Reason : Reasons.RolledBack,
                $"{MessageText.Of(failure.Digest, failure.Version)} failed here at {MessageText.Of(failure.At)} ({failure.Reason}: {failure.Message}); "
                + $"the node runs {(view.Status?.Booted is { } booted ? MessageText.Of(booted) : "an unknown image")}. "
                + "To try again, run kubectl ostler retry.")
            {
                Tally = IsOfNode(failure) ? NodeTally.Failed : NodeTally.RolledBack,
                NeedsPerson = true,
            }
            : null;

    // It did not go back to another image, because it never left the one that it runs.
    private static bool IsOfNode(NodeFailure failure) =>
        failure.Reason is Reasons.StagingFailed or Reasons.ReconcileFailed or Reasons.RebootFailed;

    // A node that somebody else moves to another tree time and again, or changes time and again.
    private static Ineligible? DriftsAgain(RolloutContext context, NodeView view) =>
        DriftRules.IsSpent(context, view) && (DriftRules.RunsOther(view) || (view.RunsTarget && view.Spec.Goal == Goal.Observe))
            ? new(
                Reasons.DriftsAgain,
                DriftRules.SpentMessage(context, view, view.RunsTarget && DriftFacts.Of(view.Status) is { } drift ? DriftFacts.Describe(drift) : $"it runs {MessageText.Of(view.Status!.Booted!)}"))
            {
                Tally = NodeTally.Failed,
                NeedsPerson = true,
            }
            : null;

    private static Ineligible? BacksOff(RolloutContext context, NodeView view) =>
        view.Spec.Backoff is { } backoff && BackoffRules.IsInForce(backoff, view.Target?.Digest, context.Now)
            ? new(Reasons.BackingOff, $"Released ({backoff.Reason}). Next try at {MessageText.Of(backoff.Until)}: {backoff.Message}") { Until = backoff.Until }
            : null;

    private static Ineligible? CordonedByOther(RolloutContext context, NodeView view) => view.Node.Unschedulable && !view.HoldsSlot
        ? new(
            Reasons.CordonedByOther,
            view.Node.CordonedBy is { } other
                ? $"Cordoned by policy {other}. Waiting until that policy releases the node."
                : $"Ostler did not make this cordon and leaves it. Run kubectl uncordon {view.Node.Name} when the node may be upgraded.")
        {
            NeedsPerson = true,
        }
        : null;

    private static Ineligible? NodeIsNotReady(RolloutContext context, NodeView view) => view.Node.Ready
        ? null
        : new(Reasons.NodeNotReady, NotReadyMessage(view.Node));

    internal static string NotReadyMessage(NodeFacts node) =>
        $"The node is not Ready ({node.ReadyReason ?? "unknown"}): {node.ReadyMessage ?? "the kubelet gives no reason"}. It is not touched until it is Ready.";
}
