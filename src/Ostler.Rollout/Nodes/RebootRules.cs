using Ostler.Rollout.Context;
using Ostler.Rollout.Text;

namespace Ostler.Rollout.Nodes;

/// <summary>Nodes that run the target and are to reboot without a new image (spec.rollout.rebootBefore).</summary>
internal static class RebootRules
{
    /// <summary>
    /// Whether the node has not booted since the time that the policy names. A node whose boot time is unknown is rebooted as well.
    /// What the controller ordered since counts, whatever the node's clock says: one that is slow must not be rebooted for ever.
    /// </summary>
    public static bool IsDue(RolloutContext context, NodeView view) =>
        context.Spec.Rollout.RebootBefore is { } before && before <= context.Now
        && view is { Selected: true, RunsTarget: true }
        && !(view.Status?.Timings?.BootedAt >= before)
        && !(view.OwnedByPolicy && view.Spec.LastUpgrade?.BootRequestedAt >= before);

    /// <summary>When time alone makes nodes due; null: it does not.</summary>
    public static DateTimeOffset? Begins(RolloutContext context) =>
        context.Spec.Rollout.RebootBefore is { } before && before > context.Now ? before : null;

    /// <summary>Why the node is to reboot, as a sentence.</summary>
    public static string Why(RolloutContext context, NodeView view)
    {
        var booted = view.Status?.Timings?.BootedAt is { } at ? $"It booted at {MessageText.Of(at)}"
            : "When it booted is unknown; it may be";
        return $"{booted}, before spec.rollout.rebootBefore ({MessageText.Of(context.Spec.Rollout.RebootBefore!.Value)}).";
    }
}
