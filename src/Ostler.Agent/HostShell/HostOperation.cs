using Ostler.Agent.Backends;
using Ostler.Agent.Host;
using Ostler.Agent.Logging;
using Ostler.Agent.Reboot;
using Ostler.Agent.Watchdog;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Hosts.Decisions;
using Ostler.Rollout.Hosts.Facts;

namespace Ostler.Agent.HostShell;

/// <summary>
/// Lets a person at the console do what the agent would, when no cluster can tell it to: stage a tree, and reboot into it under the
/// watchdog.
/// </summary>
internal sealed class HostOperation(ICommandRunner runner, HostFiles files, TimeProvider time, Func<byte[]> program, TextWriter log)
{
    /// <summary>As long as the default of a policy: ten minutes to be healthy, and two more.</summary>
    private static readonly TimeSpan Trial = TimeSpan.FromMinutes(12);

    private readonly WatchdogStore _store = new(files);
    private readonly AgentLog _log = new(log, time);

    /// <summary>Fetches a tree and lays it down, locked.</summary>
    /// <param name="image">By digest.</param>
    /// <param name="dryRun">Only say what would be done.</param>
    /// <param name="force">Although the operator has an upgrade under way here.</param>
    /// <param name="cancellationToken">Ends the wait; what was begun goes on as the host's unit.</param>
    /// <returns>What is so now, for people.</returns>
    /// <exception cref="HostToolException">It cannot, or somebody else is at it.</exception>
    public async Task<string> StageAsync(NodeImage image, bool dryRun, bool force, CancellationToken cancellationToken)
    {
        using var console = dryRun ? null : ConsoleLock.Take(files);
        var (backend, deployments) = await LookAsync(force, cancellationToken);
        if (backend.Refuse(image) is { } refusal)
        {
            throw new HostToolException(Reasons.Invalid, refusal);
        }

        var name = AgentDecision.Name(image);
        if (deployments.Booted?.Digest == image.Digest)
        {
            return $"The host already runs {name}, so nothing is staged.";
        }

        var dropped = deployments.Staged is { } staged && staged.Digest != image.Digest ? $" in place of {AgentDecision.Name(staged)}" : "";
        if (dryRun)
        {
            return $"{name} would be downloaded by {backend.Name} and staged, locked{dropped}. No changes were made.";
        }

        IReadOnlyList<string> warnings = [];
        if (deployments.Staged is not { Locked: true } present || present.Digest != image.Digest)
        {
            warnings = await backend.StageAsync(image, deployments, cancellationToken);
        }

        return $"{AgentDecision.Name((await backend.ReadAsync(cancellationToken)).Staged!)} is staged and locked{dropped}: a reboot does not apply it.{string.Concat(warnings.Select(w => $" Warning: {w}."))} "
            + "To boot it, run ostler-agent host apply. A policy with another target stages that instead: pause it, or remove the node from it.";
    }

    /// <summary>Reboots into what is staged. Comes back only when that was not to be, or does not happen.</summary>
    /// <param name="options">How.</param>
    /// <param name="agrees">Asks the person, with what is about to happen; false: they do not want it.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>What is so now, for people; null: the person said no.</returns>
    /// <exception cref="HostToolException">It cannot, or somebody else is at it.</exception>
    public async Task<string?> ApplyAsync(ApplyOptions options, Func<string, bool> agrees, CancellationToken cancellationToken)
    {
        using var console = options.DryRun ? null : ConsoleLock.Take(files);
        var (backend, deployments) = await LookAsync(options.Force, cancellationToken);
        if (deployments is not { Booted: { } booted, Upcoming: { } upcoming } || upcoming.Digest == booted.Digest)
        {
            throw new HostToolException(Reasons.NotStaged, "No other image is staged on this host. ostler-agent host stage stages one; ostler-agent host status shows the deployments.");
        }

        var (name, former) = (AgentDecision.Name(upcoming), AgentDecision.Name(booted));
        var guard = options.Watchdog
            ? $"The host rolls back to {former} {Trial.TotalMinutes:0} min after the boot, unless the agent reaches the API server or a user runs ostler-agent host confirm."
            : $"No watchdog: if {name} does not work, choose {former} in the boot menu.";
        if (options.DryRun)
        {
            return $"The host would be rebooted into {name}. {guard} Its pods would not be drained. No changes were made.";
        }

        if (!options.Yes && !agrees($"Reboot this host into {name}? Its pods are not drained. {guard}"))
        {
            return null;
        }

        await new KnownGood(files, _log).KeepAsync(null, backend, booted, cancellationToken);
        if (options.Watchdog)
        {
            await ArmAsync(backend, deployments, upcoming, cancellationToken);
        }

        if (upcoming.Staged)
        {
            await backend.UnlockAsync(cancellationToken);
        }

        deployments = await backend.ReadAsync(cancellationToken);
        if (deployments.Next?.Digest != upcoming.Digest)
        {
            throw new HostToolException(Reasons.NotStaged, $"The next boot would run {deployments.Next?.Digest ?? "nothing"}, not {upcoming.Digest}. The host is not rebooted.");
        }

        var command = RebootCommands.Full(files);
        _log.Info(Reasons.WaitingForReboot, $"The host reboots into {name}. {guard}");
        var result = await runner.RunAsync(command, cancellationToken);
        if (!RebootCommands.WasHeard(result))
        {
            throw new HostToolException(Reasons.HostToolFailed, $"{command}: {HostToolException.Trim(result.Stderr)}. {name} stays unlocked: the next reboot applies it, whatever its cause.");
        }

        // While the host goes down the agent must not take this for something to put right.
        await Task.Delay(AgentDecision.RebootGrace, time, cancellationToken);
        throw new HostToolException(Reasons.HostToolFailed, $"The host is still up {AgentDecision.RebootGrace.TotalMinutes:0} min after the instruction to reboot. Run systemctl list-jobs.");
    }

    /// <summary>A person calls the running tree healthy: disarms the watchdog.</summary>
    /// <returns>What is so now, for people.</returns>
    /// <exception cref="HostToolException">It is too late, or there is nothing to confirm.</exception>
    public async Task<string> ConfirmAsync(CancellationToken cancellationToken)
    {
        var boot = await HostBootReader.ReadAsync(runner, files, cancellationToken);
        if (_store.Read() is not { } record)
        {
            return "The watchdog is not armed, so there is nothing to confirm.";
        }

        if (record.ArmedIn == boot.BootID)
        {
            throw new HostToolException(Reasons.NotStaged, "The image on trial has not booted yet. Confirm it when it runs.");
        }

        return Watchdog().TryDisarm(boot)
            ? "The running image is confirmed as healthy, and the watchdog is disarmed. The agent removes its units when it next reaches the API server."
            : throw new HostToolException(Reasons.WatchdogExpired, "Too late: the watchdog is rolling the host back.");
    }

    private async Task<(IHostBackend Backend, HostDeployments Deployments)> LookAsync(bool force, CancellationToken cancellationToken)
    {
        var unit = new StagingUnit(runner, files, time);
        var boot = await HostBootReader.ReadAsync(runner, files, cancellationToken);
        var backend = await new BackendDetection(runner, files, unit).DetectAsync(null, boot, cancellationToken);
        var deployments = await backend.ReadAsync(cancellationToken);
        var report = HostReport.Of(
            backend, deployments, boot, new PendingBootStore(files).Read(), _store.Read(), await unit.IsRunningAsync(cancellationToken));
        ConsoleGuard.RefuseWhileBusy(report);
        ConsoleGuard.RefuseInFlight(report, files.Exists(KnownGood.Path), force);
        return (backend, deployments);
    }

    private async Task ArmAsync(IHostBackend backend, HostDeployments deployments, HostDeployment upcoming, CancellationToken cancellationToken)
    {
        try
        {
            var trial = new WatchdogTrial(WatchdogTrial.Console, Attempt: 0, Trial);
            var image = new NodeImage { Digest = upcoming.Digest, Version = upcoming.Version };
            await Watchdog().ArmAsync(trial, backend.Name, deployments, await HostBootReader.ReadAsync(runner, files, cancellationToken), new AgentAction.Boot(image, !upcoming.Staged), cancellationToken);
        }
        catch (HostToolException without) when (without.Reason == Reasons.WatchdogUnavailable)
        {
            throw new HostToolException(without.Reason, $"{without.Message} Here: add --no-watchdog.");
        }
    }

    private HostWatchdog Watchdog() => new(_store, new WatchdogInstaller(runner, files, program), _log, time);
}

/// <summary>How a host is rebooted by a person.</summary>
internal sealed record ApplyOptions
{
    /// <summary>Without being asked.</summary>
    public bool Yes { get; init; }

    /// <summary>Although the operator has an upgrade under way here.</summary>
    public bool Force { get; init; }

    public bool DryRun { get; init; }

    /// <summary>Whether the host goes back by itself when nobody calls it healthy.</summary>
    public bool Watchdog { get; init; } = true;
}
