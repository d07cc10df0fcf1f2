using Ostler.Agent.Host;
using Ostler.Agent.Logging;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Hosts.Decisions;
using Ostler.Rollout.Hosts.Facts;

namespace Ostler.Agent.Watchdog;

/// <summary>The agent's side of the watchdog: installs, arms and disarms it. It never fires it.</summary>
internal sealed class HostWatchdog(WatchdogStore store, WatchdogInstaller installer, AgentLog log, TimeProvider time)
{
    public WatchdogRecord? Read() => store.Read();

    /// <summary>
    /// Installs it long before it is needed, so that a host that cannot have it is known while its node still serves. Does nothing when it
    /// is not asked for.
    /// </summary>
    /// <exception cref="HostToolException">WatchdogUnavailable.</exception>
    public async Task PrepareAsync(NodeOSSpec spec, CancellationToken cancellationToken)
    {
        if (spec.Watchdog is not null)
        {
            await installer.EnsureAsync(cancellationToken);
        }
    }

    /// <summary>
    /// Arms it for the tree that is about to be let boot. When this returns, no power cut disarms it. Does nothing when it is not asked
    /// for.
    /// </summary>
    /// <exception cref="HostToolException">WatchdogUnavailable: the host must not be rebooted without it.</exception>
    public Task ArmAsync(NodeOS os, HostState host, AgentAction.Boot boot, CancellationToken cancellationToken) => os.Spec.Watchdog is { } timeout
        ? ArmAsync(new WatchdogTrial(os.Metadata.Uid!, os.Spec.Attempt, timeout.Value), host.Backend, host.Deployments, host.Boot, boot, cancellationToken)
        : Task.CompletedTask;

    /// <summary>The same for whoever orders the boot.</summary>
    /// <exception cref="HostToolException">WatchdogUnavailable: the host must not be rebooted without it.</exception>
    public async Task ArmAsync(WatchdogTrial trial, string backend, HostDeployments deployments, HostBoot present, AgentAction.Boot boot, CancellationToken cancellationToken)
    {
        if (deployments is not { Booted: { } booted, Upcoming: { } upcoming } || upcoming.Digest != boot.Image.Digest)
        {
            throw new HostToolException(Reasons.NotStaged, $"{AgentDecision.Name(boot.Image)} is not what the next boot would run.");
        }

        await installer.EnsureAsync(cancellationToken);
        if (boot.Finalized)
        {
            installer.CheckApplied(upcoming);
        }

        using var turn = store.TryLock() ?? throw Busy();
        store.Write(WatchdogRecord.Arm(trial, backend, booted, upcoming, present, time.GetUtcNow()));
        log.Info("WatchdogArmed", $"The host rolls back to {Name(booted)} unless {Name(upcoming)} is healthy within {new Duration(trial.Timeout)} of its boot.");
    }

    /// <summary>The tree that was just applied has the watchdog's units. Does nothing when it is not asked for.</summary>
    /// <exception cref="HostToolException">WatchdogUnavailable: it would be entered without them.</exception>
    public void CheckApplied(NodeOSSpec spec, HostDeployment next)
    {
        if (spec.Watchdog is not null)
        {
            installer.CheckApplied(next);
        }
    }

    /// <summary>Disarms it for good: the tree is healthy, and the API server knows.</summary>
    /// <returns>False when it was too late: the host is going back.</returns>
    public bool TryDisarm(HostBoot boot)
    {
        if (!store.Exists)
        {
            return true;
        }

        using var turn = store.TryLock();
        if (turn is null || store.Read()?.IsGoingBackIn(boot.BootID) == true)
        {
            return false;
        }

        store.Delete();
        log.Info("WatchdogDisarmed", "The image is healthy, and the API server is reachable.");
        return true;
    }

    /// <summary>
    /// Notes what was found in the boot on trial: when the time is up, the record tells an image that is not healthy from an API server
    /// that could not be reached. Does nothing when nothing is on trial, or nothing is new.
    /// </summary>
    public void Note(HostBoot boot, bool checksPass, bool apiUnreachable)
    {
        if (!store.Exists)
        {
            return;
        }

        using var turn = store.TryLock();
        if (turn is null || store.Read() is not { } record)
        {
            return;
        }

        var noted = record.Note(boot.BootID, checksPass, apiUnreachable, time.GetUtcNow());
        if (noted != record)
        {
            store.Write(noted);
        }
    }

    /// <summary>
    /// Before anything is decided: what is no longer asked for is disarmed, and between upgrades nothing of it stays on the host.
    /// </summary>
    /// <param name="os">What is asked.</param>
    /// <param name="boot">The present boot.</param>
    /// <param name="backend">Tells what runs; asked only when a trial of a NodeOS that is gone is found.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task TidyAsync(NodeOS os, HostBoot boot, IHostBackend backend, CancellationToken cancellationToken)
    {
        if (store.Exists && WatchdogDecision.IsObsolete(store.Read(), os.Metadata.Uid!, os.Spec, boot.BootID)
            && !await IsOnTrialAsync(os, boot, backend, cancellationToken))
        {
            using var turn = store.TryLock();
            if (turn is null || store.Read()?.IsGoingBackIn(boot.BootID) == true)
            {
                return;
            }

            store.Delete();
            log.Info("WatchdogDisarmed", "The attempt that it was armed for is no longer requested.");
        }

        if (NodeOrder.IsAtRest(os.Spec) && os.Spec.Watchdog is null && !store.Exists && installer.IsInstalled)
        {
            await installer.RemoveAsync(cancellationToken);
            store.DeleteLock();
        }
    }

    private async Task<bool> IsOnTrialAsync(NodeOS os, HostBoot boot, IHostBackend backend, CancellationToken cancellationToken) =>
        store.Read() is { } record && WatchdogDecision.MayBeOnTrial(record, os.Metadata.Uid!, os.Spec, boot.BootID)
        && WatchdogDecision.IsOnTrial(
            record, os.Metadata.Uid!, os.Spec, boot.BootID, (await backend.ReadAsync(cancellationToken)).Booted?.Digest);

    private static string Name(HostDeployment deployment) => AgentDecision.Name(deployment);

    private static HostToolException Busy() => new(Reasons.TransactionInProgress, "the host's watchdog is running");
}
