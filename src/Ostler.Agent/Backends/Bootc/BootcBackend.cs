using Ostler.Agent.Backends.Ostree;
using Ostler.Agent.Host;
using Ostler.Api;

namespace Ostler.Agent.Backends.Bootc;

/// <summary>Hosts that bootc updates: they boot container images, by manifest digest.</summary>
internal sealed class BootcBackend : IHostBackend
{
    private readonly OstreeTools _ostree;
    private readonly BootcStatus _status;
    private readonly BootcSwitch _switch;
    private readonly BootcRollback _rollback;
    private readonly StagedTree _staged;

    public BootcBackend(string version, ICommandRunner runner, HostFiles files, OstreeTools ostree)
    {
        var bootc = new BootcCommands(runner, ostree.Unit);
        _ostree = ostree;
        _status = new BootcStatus(bootc, ostree.Unit, files);
        _switch = new BootcSwitch(bootc);
        _rollback = new BootcRollback(bootc, _status, ostree);
        _staged = new StagedTree(ostree);
        SoftReboot = new BootcSoftReboot(ostree.SoftReboot);
        Version = version;
    }

    public string Name => BackendNames.Bootc;

    public string Version { get; }

    public async Task<HostDeployments> ReadAsync(CancellationToken ct) => await _staged.WithLockAsync((await _status.ReadAsync(ct)).Deployments, ct);

    public string? Refuse(NodeImage image) =>
        image.Container is null ? "The image is an OSTree commit, and this host is updated by bootc: use an OSImage with spec.container." : BootcSwitch.Refuse(image);

    public async Task<IReadOnlyList<string>> StageAsync(NodeImage image, HostDeployments present, CancellationToken ct)
    {
        await _staged.CheckRoomAsync(ct);
        await _status.RememberAsync(ct);

        // Also over a staging of a former agent that is still under way: it may not have come so far.
        _ostree.Lock.LockAhead();
        try
        {
            var host = await _status.ReadAsync(ct);
            await _switch.RunAsync(image.Container!.Repository, image.Digest, BootcSwitch.EnforcesPolicy(host.Trust), ct);
            if ((await _ostree.Status.ReadAsync(ct)).Staged is not null && await _ostree.Lock.TryLockAsync(ct))
            {
                // From here on the deployment has a lock of its own, which every status shows.
                _ostree.Lock.ForgetFile();
            }

            return await _staged.CheckAsync(Name, image, await ReadAsync(ct), ct);
        }
        catch (HostToolException)
        {
            await ForgetLockOfNothingAsync(ct);
            throw;
        }
    }

    /// <summary>An overlay over /usr is all that bootc can tell of; it is gone after a reboot.</summary>
    public Undo UndoFor(HostDeployment booted) => booted.Mutated is null ? Undo.Nothing : Undo.Reboot;

    /// <summary>bootc carries nothing over into what it stages. It does not lay down what runs once more, which <see cref="UndoFor"/> never asks for.</summary>
    public Task<IReadOnlyList<string>> RedeployAsync(NodeImage image, HostDeployments present, CancellationToken ct) => StageAsync(image, present, ct);

    public async Task LockAsync(NodeImage image, HostDeployments present, CancellationToken ct)
    {
        if (!await _ostree.Lock.TryLockAsync(ct))
        {
            _ostree.Lock.LockAhead();
        }
    }

    public Task UnlockAsync(CancellationToken ct) => _ostree.Lock.UnlockAsync(ct);

    public ISoftReboot? SoftReboot { get; }

    public async Task AbandonStagingAsync(CancellationToken ct)
    {
        if (_ostree.Unit.IsLoaded)
        {
            await _ostree.Unit.StopAsync(ct);
            await ForgetLockOfNothingAsync(ct);
        }
    }

    public Task RollBackAsync(string digest, HostDeployments present, CancellationToken ct) => _rollback.RunAsync(digest, ct);

    public Task PinAsync(HostDeployment deployment, bool pinned, CancellationToken ct) => _ostree.Pin.SetAsync(deployment, pinned, ct);

    public Task CleanUpAsync(CancellationToken ct) => _ostree.Pin.CleanUpAsync(ct);

    public Task<FinalizationReport> ExplainFinalizationAsync(CancellationToken ct) => _ostree.Finalization.ExplainAsync(ct);

    public Task<FinalizationReport> ExplainApplyAsync(CancellationToken ct) => _ostree.Finalization.ExplainPresentAsync(ct);

    private async Task ForgetLockOfNothingAsync(CancellationToken ct)
    {
        if ((await _ostree.Status.ReadAsync(ct)).Staged is null)
        {
            _ostree.Lock.ForgetFile();
        }
    }
}
