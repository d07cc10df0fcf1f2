using Ostler.Agent.Backends;
using Ostler.Agent.Host;
using Ostler.Agent.Reboot;
using Ostler.Agent.Watchdog;
using Ostler.Api.Meta;
using Ostler.Rollout.Hosts.Facts;

namespace Ostler.Agent.HostShell;

/// <summary>Looks at this host with the agent's own backends, and lets a person take it back when no cluster can.</summary>
internal sealed class HostInspection(ICommandRunner runner, HostFiles files, TimeProvider time)
{
    private readonly WatchdogStore _watchdog = new(files);
    private readonly StagingUnit _unit = new(runner, files, time);

    /// <summary>Changes nothing.</summary>
    /// <exception cref="HostToolException">The host cannot be updated by Ostler, or its tool does not answer.</exception>
    public async Task<HostReport> ReadAsync(CancellationToken cancellationToken)
    {
        var boot = await HostBootReader.ReadAsync(runner, files, cancellationToken);
        var backend = await new BackendDetection(runner, files, _unit).DetectAsync(null, boot, cancellationToken);
        return await ReadAsync(backend, await backend.ReadAsync(cancellationToken), boot, cancellationToken);
    }

    /// <summary>Makes the next boot run the tree that is kept to go back to. Does not reboot.</summary>
    /// <param name="dryRun">Only say what would be done.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>What is so now, for people.</returns>
    /// <exception cref="HostToolException">It cannot, or somebody else is at it; the message says what to do.</exception>
    public async Task<string> RollBackAsync(bool dryRun, CancellationToken cancellationToken)
    {
        // Only where there is a record can the watchdog act; on other hosts nothing is left behind by a look.
        using var exclusive = _watchdog.Exists ? _watchdog.TryLock() ?? throw ConsoleGuard.Busy("the agent or the watchdog is using this host") : null;
        var boot = await HostBootReader.ReadAsync(runner, files, cancellationToken);
        var backend = await new BackendDetection(runner, files, _unit).DetectAsync(null, boot, cancellationToken);
        var deployments = await backend.ReadAsync(cancellationToken);
        var report = await ReadAsync(backend, deployments, boot, cancellationToken);
        ConsoleGuard.RefuseWhileBusy(report);
        if (report.Reboot is { InThisBoot: true })
        {
            throw ConsoleGuard.Busy("the agent has instructed the host to reboot");
        }

        if (report.Trees.FirstOrDefault(t => t is { Next: true, Booted: false, Staged: false }) is { } already)
        {
            return $"The next boot already runs {HostReportText.Tree(already)}. {Reboot}";
        }

        if (deployments.Rollback is not { } former)
        {
            throw new HostToolException(Reasons.RollbackImpossible, "This host has no previous deployment to roll back to.");
        }

        var (name, dropped) = (HostReportText.Tree(ReportedTree.Of(former, deployments)), deployments.Staged is { } staged ? $" and {HostReportText.Tree(ReportedTree.Of(staged, deployments))}, which is staged, would be dropped" : "");
        if (dryRun)
        {
            return $"The next boot would run {name}{dropped}. No changes were made.";
        }

        await backend.RollBackAsync(former.Digest, deployments, cancellationToken);
        var after = await backend.ReadAsync(cancellationToken);
        return after.Next?.Digest == former.Digest
            ? $"The next boot runs {name}. {Reboot}"
            : throw new HostToolException(Reasons.RollbackImpossible, $"The next boot would run {after.Next?.Digest ?? "nothing"}, not {former.Digest}.");
    }

    private const string Reboot = "To boot it, run systemctl reboot. A policy with another target upgrades this node again: pause it first, or point its image to this digest (kubectl ostler rollback).";

    private async Task<HostReport> ReadAsync(IHostBackend backend, HostDeployments deployments, HostBoot boot, CancellationToken cancellationToken) =>
        HostReport.Of(backend, deployments, boot, new PendingBootStore(files).Read(), _watchdog.Read(), await _unit.IsRunningAsync(cancellationToken));
}
