using System.Globalization;
using Ostler.Agent.Backends;
using Ostler.Agent.Host;
using Ostler.Agent.Logging;
using Ostler.Api.Meta;
using Ostler.Rollout.Hosts.Decisions;
using Ostler.Rollout.Hosts.Facts;

namespace Ostler.Agent.Watchdog;

/// <summary>
/// One look of the watchdog: what the host's timer runs. Needs the host's tools and its files, and neither the network, nor the API server,
/// nor a kubelet, nor a container runtime.
/// </summary>
internal sealed class WatchdogCheck(ICommandRunner runner, HostFiles files, WatchdogStore store, AgentLog log, TimeProvider time)
{
    /// <param name="uptime">How long the host is up since its last boot, soft ones included; null: as the kernel and systemd say.</param>
    /// <param name="cancellationToken">Ends a command under way.</param>
    /// <returns>The exit code: 0, or 1 when the host should go back and did not.</returns>
    public async Task<int> RunAsync(TimeSpan? uptime, CancellationToken cancellationToken)
    {
        if (!store.Exists)
        {
            log.Info("WatchdogIdle", "It is not armed.");
            return 0;
        }

        try
        {
            using var turn = store.TryLock();
            if (turn is null)
            {
                log.Info("WatchdogWaits", "The agent, or another check, holds the record.");
                return 0;
            }

            var record = store.Read();
            var boot = await HostBootReader.ReadAsync(runner, files, cancellationToken);
            var now = uptime ?? Uptime() - boot.Offset;
            var step = WatchdogDecision.Decide(record, boot.BootID, now, null);
            if (step is not WatchdogStep.Look)
            {
                return await ObeyAsync(step, record!, null, boot, now, cancellationToken);
            }

            var host = await LookAsync(record!, boot, cancellationToken);
            var assessing = (await BootAssessment.ReadAsync(runner, files, cancellationToken)).Pending;
            step = WatchdogDecision.Decide(record, boot.BootID, now, new WatchdogObservation(host.Booted, assessing));
            return await ObeyAsync(step, record!, host, boot, now, cancellationToken);
        }
        catch (HostToolException failure)
        {
            // A record that cannot be written is among these, and then nothing is done: a host that forgets could go back forever.
            log.Error(failure.Reason, failure.Message);
            return 1;
        }
    }

    private async Task<int> ObeyAsync(WatchdogStep step, WatchdogRecord record, View? host, HostBoot boot, TimeSpan uptime, CancellationToken cancellationToken)
    {
        switch (step)
        {
            case WatchdogStep.RollBack:
                return await FireAsync(record, host!, boot, uptime, cancellationToken);
            case WatchdogStep.RebootByForce:
                log.Warning(Reasons.WatchdogExpired, "The host was instructed to reboot and is still up. It is rebooted by force.");
                return await RebootAsync(RebootCommands.Full(files, force: true), cancellationToken);
            case WatchdogStep.Wait wait:
                log.Info("WatchdogWaits", $"{wait.Why}.");
                return 0;
            case WatchdogStep.Nothing nothing:
                log.Info("WatchdogIdle", $"{nothing.Why}.");
                return 0;
            default:
                throw new InvalidOperationException($"No such step of the watchdog: {step}");
        }
    }

    /// <summary>
    /// Each line is written down before it is done, so that whatever ends this in the middle, what follows knows how far it came.
    /// </summary>
    private async Task<int> FireAsync(WatchdogRecord record, View host, HostBoot boot, TimeSpan uptime, CancellationToken cancellationToken)
    {
        log.Warning(Reasons.WatchdogExpired, $"{record.Target} was not declared healthy within {record.Timeout.TotalSeconds:0} s of its boot. Rolling back to {record.Previous}.");
        var firing = record.Fire(boot.BootID, uptime, time.GetUtcNow());
        store.Write(firing);
        try
        {
            await GoBackAsync(record, host, boot, cancellationToken);
        }
        catch (HostToolException failure)
        {
            store.Write(firing with { Error = HostToolException.Trim(failure.Message) });
            throw;
        }

        store.Write(firing with { State = WatchdogState.Fired });
        return await RebootAsync(RebootCommands.Full(files), cancellationToken);
    }

    /// <summary>By the tool that laid the trees down; where that fails, by plain ostree, which needs no daemon and no bus.</summary>
    private async Task GoBackAsync(WatchdogRecord record, View host, HostBoot boot, CancellationToken cancellationToken)
    {
        if (host.Backend.Name != BackendNames.Ostree)
        {
            try
            {
                await host.Backend.RollBackAsync(record.Previous, host.Deployments, cancellationToken);
                return;
            }
            catch (HostToolException failure)
            {
                log.Warning(failure.Reason, $"{failure.Message} Trying ostree itself.");
                host = await LookWithOstreeAsync(record, boot, cancellationToken);
            }
        }

        await host.Backend.RollBackAsync(record.PreviousCommit, host.Deployments, cancellationToken);
    }

    private async Task<View> LookAsync(WatchdogRecord record, HostBoot boot, CancellationToken cancellationToken)
    {
        if (record.Backend != BackendNames.Ostree)
        {
            try
            {
                var backend = await Detection().DetectAsync(record.Backend, boot, cancellationToken);
                var deployments = await backend.ReadAsync(cancellationToken);
                return new View(backend, deployments, deployments.Booted?.Digest);
            }
            catch (HostToolException failure)
            {
                log.Warning(failure.Reason, $"{failure.Message} Asking ostree itself.");
            }
        }

        return await LookWithOstreeAsync(record, boot, cancellationToken);
    }

    /// <summary>ostree knows the trees by their commits.</summary>
    private async Task<View> LookWithOstreeAsync(WatchdogRecord record, HostBoot boot, CancellationToken cancellationToken)
    {
        var backend = await Detection().DetectAsync(BackendNames.Ostree, boot, cancellationToken);
        var deployments = await backend.ReadAsync(cancellationToken);
        var booted = deployments.Booted?.Digest;
        return new View(backend, deployments, booted is null ? null : booted == record.TargetCommit ? record.Target : booted == record.PreviousCommit ? record.Previous : booted);
    }

    private BackendDetection Detection() => new(runner, files, new StagingUnit(runner, files, time));

    private async Task<int> RebootAsync(HostCommand command, CancellationToken cancellationToken)
    {
        var result = await runner.RunAsync(command, cancellationToken);
        if (RebootCommands.WasHeard(result))
        {
            return 0;
        }

        log.Error(Reasons.HostToolFailed, $"{command}: {HostToolException.Trim(result.Stderr)}");
        return 1;
    }

    private TimeSpan Uptime() =>
        double.TryParse((files.Read("/proc/uptime") ?? "").Split(' ')[0], CultureInfo.InvariantCulture, out var seconds) && seconds >= 0
            ? TimeSpan.FromSeconds(seconds)
            : throw new HostToolException(Reasons.HostToolFailed, "The host's /proc/uptime cannot be read, so nothing is done.");

    /// <param name="Backend">Who answered.</param>
    /// <param name="Deployments">Its list.</param>
    /// <param name="Booted">What runs, by the name that the record has for it.</param>
    private sealed record View(IHostBackend Backend, HostDeployments Deployments, string? Booted);
}
