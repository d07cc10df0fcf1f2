using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Context;
using Ostler.Rollout.Images;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Text;

namespace Ostler.Rollout.Nodes;

/// <summary>Nodes that reached a tree and differ from it since: what counts as that, and what is done about it. Pure.</summary>
public static class DriftRules
{
    /// <summary>
    /// How often a node is rebooted to bring it back to one tree. Whoever changes it each time is stronger than a controller, and a node
    /// that is rebooted for ever serves nobody.
    /// </summary>
    public const int MostReconciles = 3;

    /// <summary>
    /// How a node that runs the target differs from it in a way that a redeployment undoes; null: it does not, or the policy only reports.
    /// </summary>
    internal static DriftStatus? ToUndo(RolloutContext context, NodeView view) =>
        context.Spec.Drift == DriftHandling.Reconcile && DriftFacts.Of(view.Status) is { } drift && drift.Findings?.Any(f => f.Reconcilable) == true ? drift : null;

    /// <summary>Whether it was left alone with another tree after it had reached the target: somebody booted that.</summary>
    internal static bool RunsOther(NodeView view) =>
        view.OwnedByPolicy && view.Spec.IsUpdated() && view.Target is { } target && view.Spec.Image!.Digest == target.Digest && view.Status?.Booted is not null && !view.RunsTarget;

    /// <summary>How often the node was rebooted to bring it back to this tree, since a person last asked for another try.</summary>
    internal static int CountOf(RolloutContext context, NodeOSSpec spec, string digest) =>
        spec.Reconcile is { } reconcile && reconcile.Digest == digest && !(reconcile.At <= context.RetryBefore) ? reconcile.Count : 0;

    /// <summary>Whether it was brought back as often as it may be.</summary>
    internal static bool IsSpent(RolloutContext context, NodeView view) =>
        view.Target is { } target && CountOf(context, view.Spec, target.Digest) >= MostReconciles;

    internal static string SpentMessage(RolloutContext context, NodeView view, string how) =>
        $"The node was reconciled to {MessageText.Of(view.Target!.Image)} {MostReconciles} times and drifted again ({how.TrimEnd('.')}). Find out what changes the host, "
        + "then run kubectl ostler retry.";

    /// <summary>What the next attempt on the node is noted as; a plain upgrade keeps what is known of former ones.</summary>
    internal static NodeReconcile? Next(RolloutContext context, NodeView view, TargetTree target)
    {
        var attempt = view.Spec.Attempt + 1;
        var undo = ToUndo(context, view);
        var isReturn = view.RunsTarget || RunsOther(view);
        if (!isReturn && undo is null)
        {
            return view.Spec.Reconcile;
        }

        // An upgrade drops what is layered on the way, which saves a reboot.
        return new()
        {
            Digest = target.Digest,
            Attempt = attempt,
            Count = CountOf(context, view.Spec, target.Digest),
            Reason = undo is null ? Reasons.UnexpectedTree : DriftFacts.WordFor(undo),
            DropsChanges = undo is not null,
            At = view.Spec.Reconcile?.Digest == target.Digest ? view.Spec.Reconcile.At : null,
        };
    }

    /// <summary>Noted with the order to boot: a try that comes to nothing before it disturbs nobody.</summary>
    internal static NodeReconcile? Counted(RolloutContext context, NodeOSSpec spec) => spec.IsReconciling()
        ? spec.Reconcile! with { Count = spec.Reconcile.Count + 1, At = context.Now.TruncateToSeconds() }
        : spec.Reconcile;
}
