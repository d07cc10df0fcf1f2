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

    /// <summary>Installs it long before it is needed, so that a host that cannot have it is known while its node still serves. Does nothing when it is not asked for.</summary>
    /// <exception cref="HostToolException">WatchdogUnavailable.</exception>
    public async Task PrepareAsync(NodeOSSpec spec, CancellationToken cancellationToken)
    {
        if (spec.Watchdog is not null)
        {
            await installer.EnsureAsync(cancellationToken);
        }
    }

    /// <summary>Arms it for the tree that is about to be let boot. When this returns, no power cut disarms it. Does nothing when it is not asked for.</summary>
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
        store.Write(new WatchdogRecord
        {
            NodeUid = trial.NodeUid,
            Attempt = trial.Attempt,
            Target = upcoming.Digest,
            TargetCommit = upcoming.Commit,
            Previous = booted.Digest,
            PreviousCommit = booted.Commit,
            Backend = backend,
            ArmedIn = present.BootID,
            ArmedAt = time.GetUtcNow(),
            TimeoutSeconds = (long)Math.Ceiling(trial.Timeout.TotalSeconds),
        });
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
    /// Notes what was found in the boot on trial, before it is reported: when the time is up, the record tells an image that is not
    /// healthy from an API server that could not
    /// be reached. Does nothing when nothing is on trial, or nothing is new.
    /// </summary>
    public void Note(HostBoot boot, bool checksPass, bool apiUnreachable)
    {
        if (!store.Exists)
        {
            return;
        }

        using var turn = store.TryLock();
        if (turn is null || store.Read() is not { State: WatchdogState.Armed } record || record.ArmedIn == boot.BootID)
        {
            return;
        }

        var now = time.GetUtcNow();
        var noted = record with
        {
            ChecksPassSince = checksPass ? record.ChecksPassSince ?? now : null,
            ApiUnreachableSince = apiUnreachable ? record.ApiUnreachableSince ?? now : null,
        };
        if (noted != record)
        {
            store.Write(noted);
        }
    }

    /// <summary>Before anything is decided: what is no longer asked for is disarmed, and between upgrades nothing of it stays on the host.</summary>
    /// <param name="os">What is asked.</param>
    /// <param name="boot">The present boot.</param>
    /// <param name="backend">Tells what runs; asked only when a trial of a NodeOS that is gone is found.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task TidyAsync(NodeOS os, HostBoot boot, IHostBackend backend, CancellationToken cancellationToken)
    {
        var rests = os.Spec.Goal is Goal.Observe or Goal.Stage;
        if (store.Exists && IsOfNoUse(os, boot, rests) && !await IsOnTrialAsync(os, boot, backend, cancellationToken))
        {
            using var turn = store.TryLock();
            if (turn is null || store.Read()?.IsGoingBackIn(boot.BootID) == true)
            {
                return;
            }

            store.Delete();
            log.Info("WatchdogDisarmed", "The attempt that it was armed for is no longer requested.");
        }

        if (rests && os.Spec.Watchdog is null && !store.Exists && installer.IsInstalled)
        {
            await installer.RemoveAsync(cancellationToken);
            store.DeleteLock();
        }
    }

    private bool IsOfNoUse(NodeOS os, HostBoot boot, bool rests)
    {
        var record = store.Read();

        // One that this version does not understand may be a newer one's, with a trial in progress: it stays until nothing is on trial.
        return record?.IsGoingBackIn(boot.BootID) != true && (rests
            || (record is not null && !record.Answers(os.Metadata.Uid!, os.Spec))
            || (record?.State == WatchdogState.Armed && (os.Spec.Goal == Goal.Rollback || os.Spec.Watchdog is null)));
    }

    /// <summary>
    /// A tree that was booted for a NodeOS that is gone is on trial until it is healthy, or its successor orders the way back: that
    /// nothing is ordered is no
    /// word on it.
    /// </summary>
    private async Task<bool> IsOnTrialAsync(NodeOS os, HostBoot boot, IHostBackend backend, CancellationToken cancellationToken) =>
        store.Read() is { State: WatchdogState.Armed } record && record.ArmedIn != boot.BootID
        && record.NodeUid != os.Metadata.Uid && record.NodeUid != WatchdogTrial.Console && os.Spec.Goal != Goal.Rollback
        && (await backend.ReadAsync(cancellationToken)).Booted?.Digest == record.Target;

    private static string Name(HostDeployment deployment) => AgentDecision.Name(deployment);

    private static HostToolException Busy() => new(Reasons.TransactionInProgress, "the host's watchdog is at work");
}

/// <summary>A tree on trial.</summary>
/// <param name="NodeUid">The NodeOS that ordered it; of a person's order, a word that no NodeOS is called.</param>
/// <param name="Attempt">Of the order.</param>
/// <param name="Timeout">How long after the boot it must have been called healthy.</param>
internal sealed record WatchdogTrial(string NodeUid, long Attempt, TimeSpan Timeout)
{
    /// <summary>
    /// In the place of the NodeOS, for what a user ordered on the host: the agent's way to the API server is all the evidence that it
    /// needs.
    /// </summary>
    public const string Console = "console";
}
