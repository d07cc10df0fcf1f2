using System.Globalization;
using Ostler.Agent.Backends;
using Ostler.Agent.Host;
using Ostler.Api;

namespace Ostler.Agent.Watchdog;

/// <summary>
/// One look of the watchdog: what the host's timer runs. Needs the host's tools and its files, and neither the network, nor the API server, nor a kubelet, nor a container
/// runtime.
/// </summary>
internal sealed class WatchdogCheck(ICommandRunner runner, HostFiles files, WatchdogStore store, AgentLog log, TimeProvider time)
{
    /// <param name="uptime">How long the host is up since its last boot, soft ones included; null: as the kernel and systemd say.</param>
    /// <param name="ct">Ends a command under way.</param>
    /// <returns>The exit code: 0, or 1 when the host should go back and did not.</returns>
    public async Task<int> RunAsync(TimeSpan? uptime, CancellationToken ct)
    {
        if (!store.Exists)
        {
            log.Info("WatchdogIdle", "It is not armed.");
            return 0;
        }

        using var turn = store.TryLock();
        if (turn is null)
        {
            log.Info("WatchdogWaits", "The agent, or another look, is at work on the record.");
            return 0;
        }

        var record = store.Read();
        try
        {
            var boot = await HostBootReader.ReadAsync(runner, files, ct);
            var now = uptime ?? Uptime() - boot.Offset;
            var step = WatchdogDecision.Decide(record, boot.BootID, now, null);
            if (step is not WatchdogStep.Look)
            {
                return await ObeyAsync(step, record!, null, boot, now, ct);
            }

            var host = await LookAsync(record!, ct);
            var assessing = (await BootAssessment.ReadAsync(runner, files, ct)).Pending;
            step = WatchdogDecision.Decide(record, boot.BootID, now, new WatchdogSight(host.Booted, assessing));
            return await ObeyAsync(step, record!, host, boot, now, ct);
        }
        catch (HostToolException failure)
        {
            log.Error(failure.Reason, failure.Message);
            return 1;
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // Without its being written down nothing is done: a host that forgets could go back for ever.
            log.Error(Reasons.DiskFull, $"The record cannot be written, so nothing is done: {failure.Message}");
            return 1;
        }
    }

    private async Task<int> ObeyAsync(WatchdogStep step, WatchdogRecord record, View? host, HostBoot boot, TimeSpan uptime, CancellationToken ct)
    {
        switch (step)
        {
            case WatchdogStep.RollBack:
                return await FireAsync(record, host!, boot, uptime, ct);
            case WatchdogStep.RebootByForce:
                log.Warning(Reasons.WatchdogExpired, "The host was told to reboot and is still up: it is rebooted by force.");
                return await RebootAsync(RebootCommands.Full(files, force: true), ct);
            case WatchdogStep.Wait wait:
                log.Info("WatchdogWaits", $"{wait.Why}.");
                return 0;
            case WatchdogStep.Nothing nothing:
                log.Info("WatchdogIdle", $"{nothing.Why}.");
                return 0;
            default:
                throw new InvalidOperationException($"Nothing is to be done for {step}.");
        }
    }

    /// <summary>Each line is written down before it is done, so that whatever ends this in the middle, what follows knows how far it came.</summary>
    private async Task<int> FireAsync(WatchdogRecord record, View host, HostBoot boot, TimeSpan uptime, CancellationToken ct)
    {
        log.Warning(Reasons.WatchdogExpired, $"{record.Target} was not called healthy within {record.Timeout.TotalSeconds:0} s of its boot: going back to {record.Previous}.");
        var firing = record with
        {
            State = WatchdogState.Firing,
            FiredIn = boot.BootID,
            FiredAt = time.GetUtcNow(),
            FiredUptimeSeconds = Math.Max(0, (long)uptime.TotalSeconds),
            Error = null,
        };
        store.Write(firing);
        try
        {
            await GoBackAsync(record, host, ct);
        }
        catch (HostToolException failure)
        {
            store.Write(firing with { Error = HostToolException.Trim(failure.Message) });
            throw;
        }

        store.Write(firing with { State = WatchdogState.Fired });
        return await RebootAsync(RebootCommands.Full(files), ct);
    }

    /// <summary>By the tool that laid the trees down; where that fails, by plain ostree, which needs no daemon and no bus.</summary>
    private async Task GoBackAsync(WatchdogRecord record, View host, CancellationToken ct)
    {
        if (host.Backend.Name != BackendNames.Ostree)
        {
            try
            {
                await host.Backend.RollBackAsync(record.Previous, host.Deployments, ct);
                return;
            }
            catch (HostToolException failure)
            {
                log.Warning(failure.Reason, $"{failure.Message} It is tried with ostree itself.");
                host = await LookWithOstreeAsync(record, ct);
            }
        }

        await host.Backend.RollBackAsync(record.PreviousCommit, host.Deployments, ct);
    }

    private async Task<View> LookAsync(WatchdogRecord record, CancellationToken ct)
    {
        if (record.Backend != BackendNames.Ostree)
        {
            try
            {
                var backend = await Detection().DetectAsync(record.Backend, ct);
                var deployments = await backend.ReadAsync(ct);
                return new View(backend, deployments, deployments.Booted?.Digest);
            }
            catch (HostToolException failure)
            {
                log.Warning(failure.Reason, $"{failure.Message} ostree itself is asked.");
            }
        }

        return await LookWithOstreeAsync(record, ct);
    }

    /// <summary>ostree knows the trees by their commits.</summary>
    private async Task<View> LookWithOstreeAsync(WatchdogRecord record, CancellationToken ct)
    {
        var backend = await Detection().DetectAsync(BackendNames.Ostree, ct);
        var deployments = await backend.ReadAsync(ct);
        var booted = deployments.Booted?.Digest;
        return new View(backend, deployments, booted == record.TargetCommit ? record.Target : booted == record.PreviousCommit ? record.Previous : booted);
    }

    private BackendDetection Detection() => new(runner, files, new StagingUnit(runner, files, time));

    private async Task<int> RebootAsync(HostCommand command, CancellationToken ct)
    {
        var result = await runner.RunAsync(command, ct);
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
            : throw new HostToolException(Reasons.HostToolFailed, "The host's /proc/uptime cannot be read: nothing is done.");

    /// <param name="Backend">Who answered.</param>
    /// <param name="Deployments">Its list.</param>
    /// <param name="Booted">What runs, by the name that the record has for it.</param>
    private sealed record View(IHostBackend Backend, HostDeployments Deployments, string? Booted);
}
