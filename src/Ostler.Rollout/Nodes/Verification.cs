using Ostler.Api;

namespace Ostler.Rollout;

/// <summary>What must hold before a node that booted its target counts as healthy. The first check that does not pass is shown.</summary>
/// <remarks>A check that fails and passes again between two looks of the controller is not seen: the soak is as level-triggered as the rest.</remarks>
/// <param name="Passed">All pass.</param>
/// <param name="Reason">What it waits for.</param>
/// <param name="Failure">What it is called when the deadline passes first.</param>
/// <param name="Message">For people.</param>
internal readonly record struct Verification(bool Passed, string Reason, string Failure, string Message)
{
    /// <summary>The agent's checks of this boot and this attempt, and the kubelet's word from the very same boot.</summary>
    public static Verification Check(NodeView view)
    {
        var healthy = view.ReportsOnAttempt ? view.Status!.Conditions.Find(ConditionTypes.HostHealthy) : null;
        if (healthy is not { Status: ConditionStatus.True })
        {
            return healthy is { Status: ConditionStatus.False }
                ? new(false, Reasons.WaitingForHostChecks, Reasons.HostCheckFailed, $"A host check fails: {(healthy.Message.Length > 0 ? healthy.Message : healthy.Reason)}")
                : new(false, Reasons.WaitingForHostChecks, Reasons.HealthTimedOut, "The host checks have not passed yet.");
        }

        var node = KubeletIsReady(view);
        return node.Passed ? new(true, Reasons.Soaking, "", "All checks pass.") : node;
    }

    /// <summary>
    /// Just after a boot the Node still says Ready from before it. Its boot ID must be that of the agent, and the heartbeat must not be older than
    /// the boot (both by the node's own clock, so that its being wrong does not matter).
    /// </summary>
    public static Verification KubeletIsReady(NodeView view)
    {
        var node = view.Node;
        if (node.BootID != view.Status?.BootID)
        {
            return Waiting("The kubelet has not reported from the new boot yet.");
        }

        if (!node.Ready)
        {
            return Waiting($"The node is not Ready ({node.ReadyReason ?? "unknown"}): {node.ReadyMessage ?? "the kubelet does not say why"}.");
        }

        // The kubelet's heartbeat and the agent's boot time are both cut to seconds.
        return node.ReadyHeartbeat is { } heartbeat && view.Status?.Timings?.BootedAt is { } booted && heartbeat < booted.TruncateToSeconds()
            ? Waiting("The node's condition Ready is older than its boot.")
            : new(true, "", "", "");

        static Verification Waiting(string message) => new(false, Reasons.WaitingForNodeReady, Reasons.NodeNotReadyAfterBoot, message);
    }
}
