using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Hosts.Facts;

namespace Ostler.Rollout.Hosts.Decisions;

/// <summary>What the agent does, for every goal and every state of the host. Pure and total: no clock, no I/O, no memory.</summary>
public static class AgentDecision
{
    /// <summary>
    /// How long a reboot that was ordered may take before it is ordered again. Longer than systemd gives a unit to stop (90 s): a second
    /// order must not overtake the first one.
    /// </summary>
    public static readonly TimeSpan RebootGrace = TimeSpan.FromMinutes(2);

    /// <param name="uid">The UID of the NodeOS. A pending record of another one belonged to a former node of this name.</param>
    /// <param name="spec">What is asked.</param>
    /// <param name="host">What is.</param>
    public static AgentAction Decide(string uid, NodeOSSpec spec, HostState host)
    {
        if (host.Deployments.Booted is not { } booted)
        {
            return new AgentAction.Report(NodeStep.Idle, Reasons.HostNotSupported, "The host's tool does not know which deployment is booted.")
            {
                IsError = true,
            };
        }

        if (host.Watchdog is { } watchdog && watchdog.IsGoingBackIn(host.Boot.BootID))
        {
            // Two that order a boot at once could end on the wrong tree, and the record outlives this boot.
            return new AgentAction.Report(
                NodeStep.RollingBack, Reasons.WatchdogExpired, $"{Name(booted)} was not healthy within {watchdog.Timeout.TotalMinutes:0.#} min of its boot. The host's watchdog reboots it into the previous image.")
            {
                IsError = true,
                RequeueAfter = RebootGrace,
            };
        }

        return spec.Goal switch
        {
            Goal.Stage when spec.Image is { } image => DecideStage(spec, image, DropsChanges(spec), booted, host),
            Goal.Boot when spec.Image is { } image => DecideBoot(uid, spec, image, booted, host),
            Goal.Rollback when spec.Previous is { } previous => DecideRollback(uid, spec, previous, booted, host),
            Goal.Observe => DecideObserve(spec, booted, host),
            Goal.Stage or Goal.Boot or Goal.Rollback => Invalid($"The goal {spec.Goal} lacks its image, so nothing is done."),

            // Refused, and not thrown: an order of a newer controller must be seen in the status.
            _ => Invalid($"This agent does not know the goal {spec.Goal}, so nothing is done. Upgrade the agent."),
        };
    }

    private static AgentAction DecideObserve(NodeOSSpec spec, HostDeployment booted, HostState host)
    {
        if (spec.Image is { } image && host.Deployments.Staged is { Locked: false } staged && staged.Digest == image.Digest)
        {
            // Unlocked for a boot that was called off. What anybody else staged is theirs.
            return new AgentAction.Lock(image);
        }

        // What could not be staged was never booted.
        if (spec.Failure is { } failure && failure.Attempt == spec.Attempt && failure.Reason != Reasons.StagingFailed)
        {
            return failure.Digest == booted.Digest
                ? new AgentAction.Report(NodeStep.Failed, failure.Reason, $"Runs {Name(booted)}, which failed: {failure.Message}")
                : new AgentAction.Report(NodeStep.RolledBack, Reasons.RolledBack, $"Runs {Name(booted)} again.");
        }

        return spec.Image?.Digest == booted.Digest
            ? new AgentAction.Report(NodeStep.Updated, Reasons.Updated, $"Runs {Name(booted)}.")
            : new AgentAction.Report(NodeStep.Idle, Reasons.Observing, $"Runs {Name(booted)}.");
    }

    /// <summary>The present order is to undo what was changed on the host.</summary>
    private static bool DropsChanges(NodeOSSpec spec) => spec.IsReconciling() && spec.Reconcile!.DropsChanges;

    private static AgentAction DecideStage(NodeOSSpec spec, NodeImage image, bool anew, HostDeployment booted, HostState host)
    {
        var staged = host.Deployments.Staged;
        if (booted.Digest == image.Digest)
        {
            if (spec.IsRebooting())
            {
                return new AgentAction.Report(NodeStep.Staged, Reasons.Staged,
                    $"{Name(booted)} runs and is to be rebooted, so nothing is staged.");
            }

            if (!anew || host.RevertMethod == RevertMethod.Nothing)
            {
                return new AgentAction.Report(NodeStep.Updated, Reasons.Updated, $"Already runs {Name(booted)}.");
            }

            if (host.RevertMethod == RevertMethod.Reboot)
            {
                return new AgentAction.Report(NodeStep.Staged, Reasons.Staged, $"{Name(booted)} runs with local changes. A reboot undoes them, so nothing is staged.");
            }
        }

        if (staged is null || staged.Digest != image.Digest || (anew && staged.Packages.Count > 0))
        {
            return new AgentAction.Stage(image, anew);
        }

        return staged.Locked
            ? new AgentAction.Report(NodeStep.Staged, Reasons.Staged, $"{Name(staged)} is staged and locked.")
            : new AgentAction.Lock(image);
    }

    private static AgentAction DecideBoot(string uid, NodeOSSpec spec, NodeImage image, HostDeployment booted, HostState host)
    {
        if (BootOutcome.IsNewBoot(uid, spec, host))
        {
            return BootOutcome.Derive(uid, spec, image, booted, host);
        }

        var anew = DropsChanges(spec) && booted.Digest == image.Digest;
        var again = spec.IsRebooting() && booted.Digest == image.Digest;
        if (booted.Digest == image.Digest && !again && (!anew || host.RevertMethod == RevertMethod.Nothing))
        {
            // Updated would claim a boot that never was; a reboot would disturb the node for nothing.
            return Refuse($"{Name(booted)} already ran before the instruction, so there is nothing to boot.");
        }

        if (WaitsForReboot(uid, spec, host, NodeStep.Rebooting, Reasons.WaitingForReboot) is { } wait)
        {
            return wait;
        }

        if (again)
        {
            // What is staged and locked is dropped at shutdown. What somebody staged unlocked would run instead.
            return host.Deployments.Next is { } stays && stays.Digest == image.Digest
                ? new AgentAction.Boot(image, Finalized: true)
                : Refuse($"The next boot would run {(host.Deployments.Next is { } other ? Name(other) : "nothing")}, not {Name(image)}.");
        }

        if (host.Finalization is { Outcome: Finalization.Failed } failed && host.Deployments.All.All(d => d.Digest != image.Digest))
        {
            return BootOutcome.NotApplied(image, failed, booted);
        }

        if (host.Deployments.Staged is { } staged)
        {
            return staged.Digest == image.Digest
                ? new AgentAction.Boot(image, Finalized: false)
                : Refuse($"{Name(staged)} is staged, not {Name(image)}.");
        }

        // What runs is the next boot's, too, and undoes nothing when it must be laid down anew.
        return host.Deployments.Next is { } next && next.Digest == image.Digest && (!anew || host.RevertMethod == RevertMethod.Reboot || !next.Booted)
            ? new AgentAction.Boot(image, Finalized: true)
            : Refuse($"{Name(image)} is not staged.");
    }

    private static AgentAction DecideRollback(string uid, NodeOSSpec spec, PreviousOS previous, HostDeployment booted, HostState host)
    {
        if (booted.Digest == previous.Digest)
        {
            return host.Deployments.Next is { } next && next.Digest != previous.Digest
                ? new AgentAction.KeepPrevious(previous)
                : host.Watchdog is { } watchdog && watchdog.Answers(uid, spec) && watchdog.TookBack(booted)
                    ? new AgentAction.Report(NodeStep.RolledBack, Reasons.WatchdogExpired, BootOutcome.WatchdogExpired(watchdog, spec.Image?.Version, booted))
                    : new AgentAction.Report(NodeStep.RolledBack, Reasons.RolledBack, $"Runs {Name(booted)}.");
        }

        if (host.Pending is { } pending && pending.Answers(uid, spec) && pending.BootID != host.Boot.BootID)
        {
            // Going round again would reboot for ever: the bootloader does not do what it is told.
            return new AgentAction.Report(
                NodeStep.Failed, Reasons.RollbackImpossible, $"The host was rebooted to roll back to {Name(previous)}, but booted {Name(booted)}.")
            {
                IsError = true,
            };
        }

        return WaitsForReboot(uid, spec, host, NodeStep.RollingBack, Reasons.RollingBack) ?? (AgentAction)new AgentAction.RollBack(previous);
    }

    /// <summary>
    /// The reboot was ordered in this boot already: nothing is done while the host goes down, or while it may still be about to.
    /// </summary>
    private static AgentAction.Report? WaitsForReboot(string uid, NodeOSSpec spec, HostState host, NodeStep step, string reason)
    {
        if (host.Pending is not { } pending || !pending.Answers(uid, spec) || pending.BootID != host.Boot.BootID)
        {
            return null;
        }

        // A clock that was set back must not make the wait endless.
        var age = host.Now - pending.RequestedAt;
        var left = age < TimeSpan.Zero ? TimeSpan.Zero : RebootGrace - age;
        if (host.ShuttingDown)
        {
            return new AgentAction.Report(step, reason, "The host is shutting down.") { RequeueAfter = RebootGrace };
        }

        return left <= TimeSpan.Zero ? null : new AgentAction.Report(step, reason, "The host is rebooting.") { RequeueAfter = left };
    }

    // Not Failed: the tree is not to blame, and a failure would put it into quarantine.
    private static AgentAction.Report Refuse(string why) =>
        new(NodeStep.Idle, Reasons.NotStaged, why + " The host is not rebooted.") { IsError = true };

    private static AgentAction.Report Invalid(string why) => new(NodeStep.Idle, Reasons.Invalid, why) { IsError = true };

    public static string Name(HostDeployment deployment) => Name(deployment.Version, deployment.Digest);

    public static string Name(NodeImage image) => Name(image.Version, image.Digest);

    public static string Name(PreviousOS previous) => Name(previous.Version, previous.Digest);

    public static string Name(string? version, string digest)
    {
        var from = digest.IndexOf(':') + 1;
        var shortened = digest.Substring(from, Math.Min(12, digest.Length - from));
        return version is { Length: > 0 } ? $"{version} ({shortened})" : shortened;
    }
}
