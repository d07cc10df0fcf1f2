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
            Undo = deployments.Booted is { } booted ? backend.UndoFor(booted) : RevertMethod.Nothing,
            Drift = await drift.ReadAsync(os, boot, cancellationToken),
            Pending = pendings.Read(),
            Watchdog = watchdog.Read(),
        };
        if (host.Pending is { } pending && pending.BootID == boot.BootID && pending.Answers(os.Metadata.Uid!, os.Spec))
        {
            return host with { ShuttingDown = await IsShuttingDownAsync(cancellationToken) };
        }

        if (IsGoneSinceApplied(os, host))
        {
            return host with { Finalization = await backend.ExplainApplyAsync(cancellationToken) };
        }

        if (!IsNotWhatWasOrdered(os, host))
        {
            return host;
        }

        return host.Deployments.Find(os.Spec.Image!.Digest) is null
            ? host with { Finalization = await backend.ExplainFinalizationAsync(cancellationToken) }
            : host with { FellBackBecause = await BootAssessment.WhoFellBackAsync(runner, files, cancellationToken) };
    }

    /// <summary>The agent applied the image in this boot, and the host no longer has it.</summary>
    private bool IsGoneSinceApplied(NodeOS os, HostState host) =>
        os.Spec is { Goal: Goal.Boot, Image: { } image }
        && !BootOutcome.IsNewBoot(os.Metadata.Uid!, os.Spec, host)
        && host.Deployments.All.All(d => d.Digest != image.Digest)
        && applies.Read()?.Answers(os.Metadata.Uid!, os.Spec, host.Boot.BootID) == true;

    private static bool IsNotWhatWasOrdered(NodeOS os, HostState host) =>
        os.Spec is { Goal: Goal.Boot, Image: { } image }
        && BootOutcome.IsNewBoot(os.Metadata.Uid!, os.Spec, host)
        && host.Deployments.Booted is { } booted
        && booted.Digest != image.Digest;

    private async Task<bool> IsShuttingDownAsync(CancellationToken cancellationToken)
    {
        // Its exit code is other than 0 for every state but "running".
        var result = await runner.RunAsync(new HostCommand("systemctl", "is-system-running"), cancellationToken);
        return result.Stdout.Trim() == "stopping";
    }
}
