using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Context;

namespace Ostler.Rollout.Failures;

/// <summary>What an attempt proves about its image: a positive list. What is not on it is never held against the image.</summary>
internal static class BlameRules
{
    /// <summary>
    /// Whether the agent took up the order to reboot: it says so before it reboots the host, and does not reboot while that report is not
    /// stored.
    /// </summary>
    public static bool RebootAcknowledged(NodeView view) =>
        view.ReportsOnAttempt && (view.Status!.Step == NodeStep.Rebooting || view.Status.Timings?.RebootRequestedAt is not null);

    /// <summary>
    /// Of a node that has not reported from a new boot by its deadline: booted, if its kubelet reports from a boot after the acknowledged
    /// order.
    /// </summary>
    public static FailureEvidence? OfNoReport(NodeView view) =>
        RebootAcknowledged(view) && view.Node.BootID is { } now && view.Spec.Previous?.BootID is { } before && now != before
            ? FailureEvidence.Booted : null;

    /// <summary>
    /// Whether the node may run the image of the order although its agent has not said so: it acknowledged the order, and then the kubelet
    /// reported from another boot, or the reboot is one that a kubelet does not show.
    /// </summary>
    public static bool MayRunUnseen(NodeView view) =>
        !view.HasBooted && RebootAcknowledged(view) && (OfNoReport(view) is not null || view.Spec.RebootMethod is not null);

    /// <summary>Of a host that was not rebooted: only one that could not apply the image has proved anything.</summary>
    public static FailureEvidence? OfRefusal(string reason) => reason == Reasons.FinalizationFailed ? FailureEvidence.DidNotBoot : null;

    /// <summary>Of a host that booted and runs its previous tree.</summary>
    public static FailureEvidence? OfFallback(string reason) => reason switch
    {
        Reasons.WatchdogExpired => FailureEvidence.Booted,
        Reasons.BootFellBack or Reasons.FinalizationFailed => FailureEvidence.DidNotBoot,
        _ => null,
    };
}
