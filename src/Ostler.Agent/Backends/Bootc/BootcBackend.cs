using Ostler.Agent.Backends.Ostree;
using Ostler.Agent.Host;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Hosts.Facts;

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

    public async Task<HostDeployments> ReadAsync(CancellationToken cancellationToken) => await _staged.WithLockAsync((await _status.ReadAsync(cancellationToken)).Deployments, cancellationToken);

    public string? Refuse(NodeImage image) =>
        image.Container is null ? "The image is an OSTree commit, but bootc updates this host. Use an OSImage with spec.container." : BootcSwitch.Refuse(image);

    public async Task<IReadOnlyList<string>> StageAsync(NodeImage image, HostDeployments present, CancellationToken cancellationToken)
    {
        await _staged.CheckRoomAsync(cancellationToken);
        await _status.RememberAsync(cancellationToken);

        // Also over a staging of a former agent that is still under way: it may not have come so far.
        _ostree.Lock.LockAhead();
        try
        {
            var host = await _status.ReadAsync(cancellationToken);
            await _switch.RunAsync(image.Container!.Repository, image.Digest, BootcSwitch.EnforcesPolicy(host.Trust), cancellationToken);
            if ((await _ostree.Status.ReadAsync(cancellationToken)).Staged is not null && await _ostree.Lock.TryLockAsync(cancellationToken))
            {
                // From here on the deployment has a lock of its own, which every status shows.
                _ostree.Lock.ForgetFile();
            }

            return await _staged.CheckAsync(Name, image, await ReadAsync(cancellationToken), cancellationToken);
        }
        catch (HostToolException)
        {
            await ForgetLockOfNothingAsync(cancellationToken);
            throw;
        }
    }

    /// <summary>An overlay over /usr is all that bootc can tell of; it is gone after a reboot.</summary>
    public RevertMethod RevertMethodFor(HostDeployment booted) => booted.Mutated is null ? RevertMethod.Nothing : RevertMethod.Reboot;

    /// <summary>
    /// bootc carries nothing over into what it stages. It does not deploy the running image again, and
    /// <see cref="RevertMethodFor"/> never asks for that.
    /// </summary>
    public Task<IReadOnlyList<string>> RedeployAsync(NodeImage image, HostDeployments present, CancellationToken cancellationToken) => StageAsync(image, present, cancellationToken);

    public async Task LockAsync(NodeImage image, HostDeployments present, CancellationToken cancellationToken)
    {
        if (!await _ostree.Lock.TryLockAsync(cancellationToken))
        {
            _ostree.Lock.LockAhead();
        }
    }

    public Task UnlockAsync(CancellationToken cancellationToken) => _ostree.Lock.UnlockAsync(cancellationToken);

    public ISoftReboot? SoftReboot { get; }

    public async Task AbandonStagingAsync(CancellationToken cancellationToken)
    {
        if (_ostree.Unit.IsLoaded)
        {
            await _ostree.Unit.StopAsync(cancellationToken);
            await ForgetLockOfNothingAsync(cancellationToken);
        }
    }

    public Task RollBackAsync(string digest, HostDeployments present, CancellationToken cancellationToken) => _rollback.RunAsync(digest, cancellationToken);

    public Task PinAsync(HostDeployment deployment, bool pinned, CancellationToken cancellationToken) => _ostree.Pin.SetAsync(deployment, pinned, cancellationToken);

    public Task CleanUpAsync(CancellationToken cancellationToken) => _ostree.Pin.CleanUpAsync(cancellationToken);

    public Task<FinalizationReport> ExplainFinalizationAsync(CancellationToken cancellationToken) => _ostree.Finalization.ExplainAsync(cancellationToken);

    public Task<FinalizationReport> ExplainApplyAsync(CancellationToken cancellationToken) => _ostree.Finalization.ExplainPresentAsync(cancellationToken);

    private async Task ForgetLockOfNothingAsync(CancellationToken cancellationToken)
    {
        if ((await _ostree.Status.ReadAsync(cancellationToken)).Staged is null)
        {
            _ostree.Lock.ForgetFile();
        }
    }
}
