using Ostler.Agent.Decisions;
using Ostler.Agent.Drift;
using Ostler.Api;

namespace Ostler.Agent.Host;

/// <summary>Reads all that a decision needs, and of what costs more than a look only what this decision needs.</summary>
internal sealed class HostObserver(ICommandRunner runner, PendingBootStore pendings, DriftObserver drift, TimeProvider time)
{
    /// <exception cref="HostToolException">The host's tool does not answer.</exception>
    public async Task<HostState> ObserveAsync(NodeOS os, HostBoot boot, IHostBackend backend, CancellationToken ct)
    {
        var deployments = await backend.ReadAsync(ct);
        var host = new HostState
        {
            Now = time.GetUtcNow(),
            Boot = boot,
            Backend = backend.Name,
            BackendVersion = backend.Version,
            Deployments = deployments,
            Undo = deployments.Booted is { } booted ? backend.UndoFor(booted) : Undo.Nothing,
            Drift = await drift.ReadAsync(os, boot, ct),
            Pending = pendings.Read(),
        };
        if (host.Pending is { } pending && pending.BootID == boot.BootID && pending.Answers(os.Metadata.Uid!, os.Spec))
        {
            return host with { ShuttingDown = await IsShuttingDownAsync(ct) };
        }

        return AsksWhatBecameOfIt(os, host) ? host with { Finalization = await backend.ExplainFinalizationAsync(ct) } : host;
    }

    private static bool AsksWhatBecameOfIt(NodeOS os, HostState host) =>
        os.Spec is { Goal: Goal.Boot, Image: { } image }
        && BootOutcome.IsNewBoot(os.Metadata.Uid!, os.Spec, host)
        && host.Deployments.Booted is { } booted
        && booted.Digest != image.Digest
        && host.Deployments.Find(image.Digest) is null;

    private async Task<bool> IsShuttingDownAsync(CancellationToken ct)
    {
        // Its exit code is other than 0 for every state but "running".
        var result = await runner.RunAsync(new HostCommand("systemctl", "is-system-running"), ct);
        return result.Stdout.Trim() == "stopping";
    }
}
