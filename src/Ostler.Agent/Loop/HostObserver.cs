using Ostler.Agent.Drift;
using Ostler.Agent.Host;
using Ostler.Agent.Reboot;
using Ostler.Agent.Watchdog;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Hosts.Decisions;
using Ostler.Rollout.Hosts.Facts;

namespace Ostler.Agent.Loop;

/// <summary>Reads all that a decision needs, and of what costs more than a look only what this decision needs.</summary>
internal sealed class HostObserver(
    ICommandRunner runner, HostFiles files, PendingBootStore pendings, ApplyRecordStore applies, HostWatchdog watchdog, DriftObserver drift, TimeProvider time)
{
    /// <exception cref="HostToolException">The host's tool does not answer.</exception>
    public async Task<HostState> ObserveAsync(NodeOS os, HostBoot boot, IHostBackend backend, CancellationToken cancellationToken)
    {
        var deployments = await backend.ReadAsync(cancellationToken);
        var host = new HostState
        {
            Now = time.GetUtcNow(),
            Boot = boot,
            Backend = backend.Name,
            BackendVersion = backend.Version,
            Deployments = deployments,
            RevertMethod = deployments.Booted is { } booted ? backend.RevertMethodFor(booted) : RevertMethod.Nothing,
            Drift = await drift.ReadAsync(os, boot, cancellationToken),
            Pending = pendings.Read(),
            Watchdog = watchdog.Read(),
        };
        return HostProbes.Of(os.Metadata.Uid!, os.Spec, host, applies.Read) switch
        {
            HostProbe.None => host,
            HostProbe.ShuttingDown => host with { ShuttingDown = await IsShuttingDownAsync(cancellationToken) },
            HostProbe.Applying => host with { Finalization = await backend.ExplainApplyAsync(cancellationToken) },
            HostProbe.Finalizing => host with { Finalization = await backend.ExplainFinalizationAsync(cancellationToken) },
            HostProbe.Fallback => host with { FellBackBecause = await BootAssessment.WhoFellBackAsync(runner, files, cancellationToken) },
            var unknown => throw new InvalidOperationException($"No such probe: {unknown}"),
        };
    }

    private async Task<bool> IsShuttingDownAsync(CancellationToken cancellationToken)
    {
        // Its exit code is other than 0 for every state but "running".
        var result = await runner.RunAsync(new HostCommand("systemctl", "is-system-running"), cancellationToken);
        return result.Stdout.Trim() == "stopping";
    }
}
