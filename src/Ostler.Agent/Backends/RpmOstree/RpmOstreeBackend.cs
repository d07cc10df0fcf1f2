using Ostler.Agent.Backends.Bootc;
using Ostler.Agent.Backends.Ostree;
using Ostler.Agent.Host;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Hosts.Facts;

namespace Ostler.Agent.Backends.RpmOstree;

/// <summary>
/// Hosts that rpm-ostree updates: they boot commits of OSTree remotes or container images, with packages layered on them or not.
/// </summary>
internal sealed class RpmOstreeBackend : IHostBackend
{
    private readonly OstreeTools _ostree;
    private readonly RpmOstreeCommands _rpmOstree;
    private readonly RpmOstreeStatus _status;
    private readonly RpmOstreeCleanup _cleanup;
    private readonly RpmOstreeStage _stage;
    private readonly RpmOstreeReset _reset;
    private readonly RpmOstreeRollback _rollback;
    private readonly StagedTree _staged;

    public RpmOstreeBackend(string version, ICommandRunner runner, OstreeTools ostree)
    {
        _ostree = ostree;
        _rpmOstree = new RpmOstreeCommands(runner, ostree.Unit);
        _status = new RpmOstreeStatus(_rpmOstree);
        _cleanup = new RpmOstreeCleanup(_rpmOstree);
        _stage = new RpmOstreeStage(_rpmOstree, ostree.RemoteConfig);
        _reset = new RpmOstreeReset(_rpmOstree);
        _rollback = new RpmOstreeRollback(_rpmOstree, _status, _cleanup, ostree);
        _staged = new StagedTree(ostree);
        Version = version;
    }

    public string Name => BackendNames.RpmOstree;

    public string Version { get; }

    public async Task<HostDeployments> ReadAsync(CancellationToken cancellationToken) => await _staged.WithLockAsync(await _status.ReadAsync(cancellationToken), cancellationToken);

    public string? Refuse(NodeImage image) => image switch
    {
        { Container: not null } => BootcSwitch.Refuse(image),
        { Ostree: not null } => OstreeBackend.RefuseCommit(image),
        _ => "The image is neither a container image nor a commit.",
    };

    /// <summary>
    /// A hotfix without packages stays until the next upgrade: rpm-ostree has no verb to lay the same tree down once more.
    /// </summary>
    public RevertMethod RevertMethodFor(HostDeployment booted) => booted switch
    {
        { Packages.Count: > 0 } => RevertMethod.Redeploy,
        { Mutated: null or OstreeBackend.Hotfix } => RevertMethod.Nothing,
        _ => RevertMethod.Reboot,
    };

    public Task<IReadOnlyList<string>> StageAsync(NodeImage image, HostDeployments present, CancellationToken cancellationToken) => StageAsync(image, present, reset: false, cancellationToken);

    public Task<IReadOnlyList<string>> RedeployAsync(NodeImage image, HostDeployments present, CancellationToken cancellationToken) =>
        StageAsync(image, present, reset: present.Booted!.Packages.Count > 0, cancellationToken);

    private async Task<IReadOnlyList<string>> StageAsync(NodeImage image, HostDeployments present, bool reset, CancellationToken cancellationToken)
    {
        // A staging of ours that an earlier agent began shows as a transaction, too: it is not waited for here but joined.
        if (!await _ostree.Unit.IsRunningAsync(cancellationToken))
        {
            await CheckNobodyElseAsync(present, cancellationToken);
            await _staged.CheckRoomAsync(cancellationToken);
        }

        List<string> warnings = [];
        if (image.Ostree is { } source)
        {
            if (await _ostree.Remotes.EnsureAsync(source, cancellationToken) is { } warning)
            {
                warnings.Add(warning);
            }

            ImageTrust.CheckRemote(source, present.Booted!, _ostree.RemoteConfig.Verifies);
        }

        if (reset)
        {
            await ResetAsync(image, present.Booted!, cancellationToken);
        }
        else
        {
            await _stage.RunAsync(image, present.Booted!, cancellationToken);
        }

        warnings.AddRange(await _staged.CheckAsync(Name, image, await ReadAsync(cancellationToken), cancellationToken));
        return warnings;
    }

    /// <summary>
    /// First the base without packages, then the image over it: the other way round they would be layered once more, with downloads and
    /// conflicts of their own. A lock that is there before holds whatever is staged in between.
    /// </summary>
    private async Task ResetAsync(NodeImage image, HostDeployment booted, CancellationToken cancellationToken)
    {
        _ostree.Lock.LockAhead();
        try
        {
            await _reset.RunAsync(cancellationToken);
            if (booted.Digest != image.Digest)
            {
                await _stage.RunAsync(image, booted, cancellationToken);
            }

            if ((await _ostree.Status.ReadAsync(cancellationToken)).Staged is not null && await _ostree.Lock.TryLockAsync(cancellationToken))
            {
                _ostree.Lock.ForgetFile();
            }
        }
        catch (HostToolException)
        {
            if ((await _ostree.Status.ReadAsync(cancellationToken)).Staged is null)
            {
                _ostree.Lock.ForgetFile();
            }

            throw;
        }
    }

    public async Task LockAsync(NodeImage image, HostDeployments present, CancellationToken cancellationToken)
    {
        if (!await _ostree.Lock.TryLockAsync(cancellationToken))
        {
            _ostree.Lock.LockAhead();
        }
    }

    /// <summary>
    /// By ostree: rpm-ostree's own verb unlocks and reboots in one, before the agent could write down what it is about to do.
    /// </summary>
    public Task UnlockAsync(CancellationToken cancellationToken) => _ostree.Lock.UnlockAsync(cancellationToken);

    public async Task AbandonStagingAsync(CancellationToken cancellationToken)
    {
        if (await _ostree.Unit.IsRunningAsync(cancellationToken))
        {
            await _rpmOstree.CancelAsync(cancellationToken);
        }

        await _ostree.Unit.StopAsync(cancellationToken);
    }

    public async Task RollBackAsync(string digest, HostDeployments present, CancellationToken cancellationToken)
    {
        CheckIdle(present);
        await _rollback.RunAsync(digest, present, cancellationToken);
    }

    /// <summary>rpm-ostree has no verb for it and does not follow what ostree does behind its back (coreos/rpm-ostree#4525).</summary>
    public ISoftReboot? SoftReboot => null;

    public Task PinAsync(HostDeployment deployment, bool pinned, CancellationToken cancellationToken) => _ostree.Pin.SetAsync(deployment, pinned, cancellationToken);

    public Task CleanUpAsync(CancellationToken cancellationToken) => _ostree.Pin.CleanUpAsync(cancellationToken);

    public Task<FinalizationReport> ExplainFinalizationAsync(CancellationToken cancellationToken) => _ostree.Finalization.ExplainAsync(cancellationToken);

    public Task<FinalizationReport> ExplainApplyAsync(CancellationToken cancellationToken) => _ostree.Finalization.ExplainPresentAsync(cancellationToken);

    private async Task CheckNobodyElseAsync(HostDeployments present, CancellationToken cancellationToken)
    {
        if (present.Driver is { } driver)
        {
            throw new HostToolException(
                Reasons.OtherUpdater, $"{driver} updates this host and would undo what Ostler stages. Disable it on the host, or remove the node from the policy.");
        }

        CheckIdle(present);
        if (present.Staged is not null)
        {
            // What is asked for is compared with what is staged before it is compared with what runs.
            await _cleanup.DropPendingAsync(cancellationToken);
        }
    }

    private static void CheckIdle(HostDeployments present)
    {
        if (present.Transaction is { } transaction)
        {
            throw new HostToolException(Reasons.TransactionInProgress, $"rpm-ostree is busy: {transaction}.");
        }
    }
}
