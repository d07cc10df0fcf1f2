using Ostler.Agent.Cluster;
using Ostler.Agent.Host;
using Ostler.Agent.Logging;
using Ostler.Agent.Watchdog;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.Shared;
using Ostler.Rollout.Hosts.Decisions;
using Ostler.Rollout.Hosts.Facts;
using Ostler.Rollout.Hosts.Report;

namespace Ostler.Agent.Reboot;

/// <summary>
/// The only way by which the agent reboots the host, forward or back. No branch in here ever reports success: that is told by the next
/// boot.
/// </summary>
internal sealed class RebootSequence(
    INodeOSApi api, LatestNodeOS cell, ICommandRunner runner, HostFiles files, SoftReboot softReboot, PendingBootStore pendings, KnownGood knownGood, HostWatchdog watchdog, StatusReporter reporter, AgentLog log, TimeProvider time)
{
    /// <summary>Unlocks what is staged and reboots, softly where that is allowed and possible.</summary>
    /// <exception cref="HostToolException">NotStaged: what would be booted is not what was ordered. The host is not rebooted.</exception>
    public async Task<TimeSpan?> BootAsync(NodeOS os, HostState host, IHostBackend backend, AgentAction.Boot boot, CancellationToken cancellationToken)
    {
        if (!await IsStillOrderedAsync(os, cancellationToken))
        {
            return TimeSpan.Zero;
        }

        // Before the lock is gone: from then on a reboot that comes from elsewhere applies the new tree.
        await knownGood.KeepAsync(os.Metadata.Uid, backend, host.Deployments.Booted!, cancellationToken);
        await watchdog.ArmAsync(os, host, boot, cancellationToken);
        if (!boot.Finalized)
        {
            log.Info(Reasons.WaitingForReboot, $"Unlocking {AgentDecision.Name(boot.Image)}.");
            await backend.UnlockAsync(cancellationToken);
        }

        var deployments = await backend.ReadAsync(cancellationToken);
        if (deployments.Next is not { } next || next.Digest != boot.Image.Digest)
        {
            throw new HostToolException(
                Reasons.NotStaged, $"The next boot would run {deployments.Next?.Digest ?? "nothing"}, not {boot.Image.Digest}. The host is not rebooted.");
        }

        (var how, deployments) = await softReboot.PrepareAsync(os, host.Boot, backend, deployments, next, cancellationToken);
        return await RebootAsync(os, host with { Deployments = deployments }, next, ActionReports.Rebooting(boot.Image, how), cancellationToken);
    }

    /// <summary>Makes the former tree the next boot's and reboots.</summary>
    public async Task<TimeSpan?> RollBackAsync(NodeOS os, HostState host, IHostBackend backend, PreviousOS previous, CancellationToken cancellationToken)
    {
        if (!await IsStillOrderedAsync(os, cancellationToken))
        {
            return TimeSpan.Zero;
        }

        log.Info(Reasons.RollingBack, $"Rolling back to {AgentDecision.Name(previous)}.");
        await backend.RollBackAsync(previous.Digest, host.Deployments, cancellationToken);
        var deployments = await backend.ReadAsync(cancellationToken);
        if (deployments.Next is not { } next || next.Digest != previous.Digest)
        {
            throw new HostToolException(
                Reasons.RollbackImpossible, $"The next boot would run {deployments.Next?.Digest ?? "nothing"}, not {previous.Digest}. The host is not rebooted.");
        }

        return await RebootAsync(os, host with { Deployments = deployments }, next, ActionReports.RollingBack(previous), cancellationToken);
    }

    /// <summary>
    /// Asks the server itself, not the watch: between the order and this moment the node may have been uncordoned and filled with pods
    /// again. A server that cannot be reached has confirmed nothing.
    /// </summary>
    private async Task<bool> IsStillOrderedAsync(NodeOS os, CancellationToken cancellationToken)
    {
        var known = cell.Version;
        var fresh = await api.GetAsync(cancellationToken);
        cell.SetAnswer(fresh, known);
        if (NodeOrder.AsksTheSame(os, fresh) && fresh!.Spec.Goal == os.Spec.Goal)
        {
            return true;
        }

        log.Info(Reasons.TargetChanged, "The instruction changed before the reboot, so the host is not rebooted.");
        return false;
    }

    private async Task<TimeSpan?> RebootAsync(NodeOS os, HostState host, HostDeployment next, StepReport report, CancellationToken cancellationToken)
    {
        var stored = await reporter.ReportAsync(os, host, host.Boot, report, cancellationToken);
        if (!NodeOrder.AsksTheSame(os, stored))
        {
            log.Info(Reasons.TargetChanged, "The instruction changed before the reboot, so the host is not rebooted.");
            return TimeSpan.Zero;
        }

        // As late as can be: a record of a reboot that was never asked for would hold up the next try.
        pendings.Write(PendingBoot.Of(os.Metadata.Uid!, os.Spec, host, next, time.GetUtcNow()));
        log.Info(report.Reason, report.Message);
        var command = report.Reboot!.Method == RebootKind.SoftReboot ? RebootCommands.Soft : RebootCommands.Full(files);
        var result = await runner.RunAsync(command, cancellationToken);
        return RebootCommands.WasHeard(result)
            ? AgentDecision.RebootGrace
            : throw new HostToolException(Reasons.HostToolFailed, $"{command}: {HostToolException.Trim(result.Stderr)}");
    }
}
