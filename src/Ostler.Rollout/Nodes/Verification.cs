using Ostler.Api.Meta;
using Ostler.Api.Shared;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Context;
using Ostler.Rollout.Health;
using Ostler.Rollout.Text;

namespace Ostler.Rollout.Nodes;

/// <summary>What must hold before a node that booted its target counts as healthy. The first check that does not pass is shown.</summary>
/// <remarks>
/// A check that fails and passes again between two looks of the controller is not seen: the soak is as level-triggered as the rest.
/// </remarks>
/// <param name="Passed">All pass.</param>
/// <param name="Reason">What it waits for.</param>
/// <param name="Failure">What it is called when the deadline passes first.</param>
/// <param name="Message">For people.</param>
internal readonly record struct Verification(bool Passed, string Reason, string Failure, string Message)
{
    /// <summary>
    /// Nothing says no, but a check of the controller's has not been made, or not often enough. As only memory knows how often, this never
    /// fails a node: the next tries end it one way or the other.
    /// </summary>
    public bool Pending { get; init; }

    /// <summary>Whether it is not the tree that says no, time and again: people are told before the deadline passes.</summary>
    public bool IsStuck { get; init; }

    /// <summary>
    /// The agent's checks of this boot and this attempt, the kubelet's word from the very same boot, and the controller's checks.
    /// </summary>
    public static Verification Check(RolloutContext context, NodeView view)
    {
        var healthy = view.ReportsOnAttempt ? view.Status!.Conditions.Find(ConditionTypes.HostHealthy) : null;
        if (healthy is not { Status: ConditionStatus.True })
        {
            return OfHost(healthy);
        }

        var node = KubeletIsReady(view);
        return node.Passed ? OfController(context.Spec.Health, view.Node.Checks) : node;
    }

    private static Verification OfHost(Condition? healthy)
    {
        if (healthy is not { Status: ConditionStatus.False })
        {
            var said = healthy is { Message.Length: > 0 } ? $"The host checks have not passed yet: {MessageText.Sentence(healthy.Message)}" : "The host checks have not passed yet.";
            return new(false, Reasons.WaitingForHostChecks, Reasons.HealthTimedOut, said);
        }

        // More sentences follow, and what checks say has no period of its own.
        var words = MessageText.Sentence(healthy.Message.Length > 0 ? healthy.Message : healthy.Reason);
        return healthy.Reason switch
        {
            Reasons.HostCheckError => new(false, Reasons.WaitingForHostChecks, healthy.Reason, $"A host check cannot run: {words}"),
            Reasons.HostCheckMissing => new(false, Reasons.WaitingForHostChecks, healthy.Reason, $"A host check finds nothing to judge: {words}"),
            _ => new(false, Reasons.WaitingForHostChecks, Reasons.HostCheckFailed, $"A host check fails: {words}"),
        };
    }

    private static Verification OfController(HealthSpec health, IReadOnlyList<CheckObservation> observations)
    {
        Verification? pending = null;
        foreach (var check in health.Checks ?? [])
        {
            var runner = CheckKinds.RunnerOf(check);
            if (runner == CheckRunner.None)
            {
                return OfNoKind(check);
            }

            if (runner is CheckRunner.Agent or CheckRunner.Planner)
            {
                // In the condition of the NodeOS; and by the workloads, once the node is uncordoned.
                continue;
            }

            var seen = observations.FirstOrDefault(o => o.Name == check.Name);
            if (seen is { Outcome: not CheckOutcome.Passed })
            {
                return NotPassed(check, seen);
            }

            if (!CheckKinds.HasPassed(check, seen))
            {
                var message = seen is null
                    ? $"The check {check.Name} has not run yet."
                    : $"The check {check.Name} has passed {seen.InARow} of {check.Successes} times in a row.";
                pending ??= new(false, Reasons.WaitingForHealthChecks, Reasons.HealthTimedOut, message) { Pending = true };
            }
        }

        return pending ?? new(true, Reasons.Soaking, "", "All checks pass.");
    }

    // The spec is invalid, or written for a newer version, and this node was told to boot before that was known.
    private static Verification OfNoKind(HealthCheck check) => new(
        false, Reasons.HealthCheckError, Reasons.HealthCheckError, $"The check {check.Name} cannot run: {CheckKinds.WhyUnknown(check, "controller")}.")
    {
        IsStuck = true,
    };

    private static Verification NotPassed(HealthCheck check, CheckObservation seen)
    {
        var kind = $"{CheckKinds.NameOf(check)} check";
        var stuck = seen.InARow >= CheckKinds.PersistentErrorThreshold;
        return seen.Outcome switch
        {
            CheckOutcome.Error => new(
                false, stuck ? Reasons.HealthCheckError : Reasons.WaitingForHealthChecks, Reasons.HealthCheckError,
                $"The {kind} {CheckKinds.Describe(seen)}. This does not mean the image is bad. Fix the check or its target.")
            {
                IsStuck = stuck,
            },
            CheckOutcome.Missing => new(
                false, stuck ? Reasons.HealthCheckMissing : Reasons.WaitingForHealthChecks, Reasons.HealthCheckMissing, $"The {kind} {CheckKinds.Describe(seen)}.")
            {
                IsStuck = stuck,
            },
            CheckOutcome.False => new(false, Reasons.WaitingForHealthChecks, Reasons.HealthCheckFailed, $"The {kind} fails: {CheckKinds.Describe(seen)}."),
            CheckOutcome.Passed => throw new ArgumentException("A check that passed is no obstacle.", nameof(seen)),
        };
    }

    /// <summary>
    /// Just after a boot the Node still says Ready from before it. Its boot ID must be that of the agent, and the heartbeat must not be
    /// older than the boot (both by the node's own clock, so that its being wrong does not matter).
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
            return Waiting($"The node is not Ready ({node.ReadyReason ?? "unknown"}): {node.ReadyMessage ?? "the kubelet gives no reason"}.");
        }

        // The kubelet's heartbeat and the agent's boot time are both cut to seconds.
        return node.ReadyHeartbeat is { } heartbeat && view.Status?.Timings?.BootedAt is { } booted && heartbeat < booted.TruncateToSeconds()
            ? Waiting("The node's condition Ready is older than its boot.")
            : new(true, "", "", "");

        static Verification Waiting(string message) => new(false, Reasons.WaitingForNodeReady, Reasons.NodeNotReadyAfterBoot, message);
    }
}
