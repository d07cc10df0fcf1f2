using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Hosts.Facts;

namespace Ostler.Rollout.Hosts.Decisions;

/// <summary>What became of the order to boot, told from what the host runs afterwards. Pure.</summary>
/// <remarks>
/// What the host has booted is the only truth: a finalization that failed may have swapped the bootloader before it did, and one that
/// succeeded says nothing of the boot.
/// </remarks>
public static class BootOutcome
{
    /// <summary>How soon the agent looks again at a list of deployments that a soft reboot has made stale.</summary>
    private static readonly TimeSpan StaleList = TimeSpan.FromSeconds(5);

    /// <summary>
    /// True when the host has booted since the order. Told by the agent's own record, which is the younger; else by the boot that the
    /// controller saw when it gave the order.
    /// </summary>
    public static bool IsNewBoot(string uid, NodeOSSpec spec, HostState host)
    {
        var before = host.Pending is { } pending && pending.Answers(uid, spec) ? pending.BootID : spec.Previous?.BootSessionID();
        return before is not null && before != host.Boot.BootID;
    }

    /// <summary>For a host that has booted since the order.</summary>
    public static AgentAction Derive(string uid, NodeOSSpec spec, NodeImage target, HostDeployment booted, HostState host)
    {
        if (booted.Digest == target.Digest)
        {
            return new AgentAction.Verify(target);
        }

        if (host.Deployments.All.Any(d => d.SoftRebootTarget && d.Digest == target.Digest))
        {
            // The list is of before the soft reboot: nothing can be concluded from it, least of all that the image did not boot.
            return new AgentAction.Report(
                NodeStep.Rebooting, Reasons.WaitingForReboot, $"The host was soft-rebooted, but ostree still lists {AgentDecision.Name(target)} as the next soft reboot's.")
            {
                RequeueAfter = StaleList,
            };
        }

        if (spec.Previous is { } previous && booted.Digest != previous.Digest)
        {
            return new AgentAction.Report(
                NodeStep.Failed,
                Reasons.UnexpectedTree,
                $"The host booted {AgentDecision.Name(booted)} instead of {AgentDecision.Name(target)} or {AgentDecision.Name(previous)}: another program updated it.")
            {
                IsError = true,
            };
        }

        if (host.Watchdog is { } watchdog && watchdog.Answers(uid, spec) && watchdog.TookBack(booted))
        {
            return watchdog.LackedOnlyApi
                ? RolledBack(
                    Reasons.ApiUnreachable,
                    $"The host's watchdog rolled back to {AgentDecision.Name(booted)}: all checks passed on "
                    + $"{AgentDecision.Name(target)}, but the API server was unreachable since "
                    + $"{watchdog.ApiUnreachableSince:yyyy-MM-dd'T'HH:mm:ss'Z'}.")
                : RolledBack(Reasons.WatchdogExpired, WatchdogExpired(watchdog, target.Version, booted));
        }

        if (host.Deployments.Find(target.Digest) is not null)
        {
            return RolledBack(
                Reasons.BootFellBack,
                $"{AgentDecision.Name(target)} was set as the next boot, but the host booted {AgentDecision.Name(booted)}: {host.FellBackBecause ?? "the new image did not boot, or a user chose so in the boot menu"}.");
        }

        return host.Finalization switch
        {
            { Outcome: Finalization.Failed } report => RolledBack(
                Reasons.FinalizationFailed,
                $"{AgentDecision.Name(target)} could not be applied while the host shut down: {report.Message ?? "the host gives no reason"}"),
            { Outcome: Finalization.SkippedLocked } => RolledBack(
                Reasons.FinalizationNeverRan,
                $"{AgentDecision.Name(target)} was still locked when the host shut down."),
            null or { Outcome: Finalization.NeverRan } => RolledBack(
                Reasons.FinalizationNeverRan,
                $"The host went down without applying {AgentDecision.Name(target)}: a power cut, or a forced reboot."),
            _ => throw new InvalidOperationException($"No such outcome: {host.Finalization}"),
        };
    }

    /// <summary>For a host that could not apply the image before the reboot, and was not rebooted.</summary>
    public static AgentAction NotApplied(NodeImage target, FinalizationReport report, HostDeployment booted) => RolledBack(
        Reasons.FinalizationFailed,
        $"{AgentDecision.Name(target)} could not be applied: {(report.Message ?? "the host gives no reason").TrimEnd('.')}. The host was not rebooted and runs {AgentDecision.Name(booted)}.");

    public static string WatchdogExpired(WatchdogRecord record, string? version, HostDeployment booted) =>
        $"The host's watchdog rolled back to {AgentDecision.Name(booted)}: {AgentDecision.Name(version, record.Target)} ran, but was not declared healthy within "
        + $"{record.Timeout.TotalMinutes:0.#} min of its boot. Check the journal of that boot on the node.";

    private static AgentAction.Report RolledBack(string reason, string message) => new(NodeStep.RolledBack, reason, message) { IsError = true };
}
