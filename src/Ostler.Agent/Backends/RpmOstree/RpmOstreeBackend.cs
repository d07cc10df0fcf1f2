using Ostler.Agent.Backends.Bootc;
using Ostler.Agent.Backends.Ostree;
using Ostler.Agent.Host;
using Ostler.Api;

namespace Ostler.Agent.Backends.RpmOstree;

/// <summary>Hosts that rpm-ostree updates: they boot commits of OSTree remotes or container images, with packages layered on them or not.</summary>
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

    public async Task<HostDeployments> ReadAsync(CancellationToken ct) => await _staged.WithLockAsync(await _status.ReadAsync(ct), ct);

    public string? Refuse(NodeImage image) => image switch
    {
        { Container: not null } => BootcSwitch.Refuse(image),
        { Ostree: not null } => OstreeBackend.RefuseCommit(image),
        _ => "The image is neither a container image nor a commit.",
    };

    /// <summary>A hotfix without packages stays until the next upgrade: rpm-ostree has no verb to lay the same tree down once more.</summary>
    public Undo UndoFor(HostDeployment booted) => booted switch
    {
        { Packages.Count: > 0 } => Undo.Redeploy,
        { Mutated: null or OstreeBackend.Hotfix } => Undo.Nothing,
        _ => Undo.Reboot,
    };

    public Task<IReadOnlyList<string>> StageAsync(NodeImage image, HostDeployments present, CancellationToken ct) => StageAsync(image, present, reset: false, ct);

    public Task<IReadOnlyList<string>> RedeployAsync(NodeImage image, HostDeployments present, CancellationToken ct) =>
        StageAsync(image, present, reset: present.Booted!.Packages.Count > 0, ct);

    private async Task<IReadOnlyList<string>> StageAsync(NodeImage image, HostDeployments present, bool reset, CancellationToken ct)
    {
        // A staging of ours that an earlier agent began shows as a transaction, too: it is not waited for here but joined.
        if (!await _ostree.Unit.IsRunningAsync(ct))
        {
            await CheckNobodyElseAsync(present, ct);
            await _staged.CheckRoomAsync(ct);
        }

        List<string> warnings = [];
        if (image.Ostree is { } source)
        {
            if (await _ostree.Remotes.EnsureAsync(source, ct) is { } warning)
            {
                warnings.Add(warning);
            }

            ImageTrust.CheckRemote(source, present.Booted!, _ostree.RemoteConfig.Verifies);
        }

        if (reset)
        {
            await ResetAsync(image, present.Booted!, ct);
        }
        else
        {
            await _stage.RunAsync(image, present.Booted!, ct);
        }

        warnings.AddRange(await _staged.CheckAsync(Name, image, await ReadAsync(ct), ct));
        return warnings;
    }

    /// <summary>
    /// First the base without packages, then the image over it: the other way round they would be layered once more, with downloads and conflicts of their own. A lock that is there
    /// before holds whatever is staged in between.
    /// </summary>
    private async Task ResetAsync(NodeImage image, HostDeployment booted, CancellationToken ct)
    {
        _ostree.Lock.LockAhead();
        try
        {
            await _reset.RunAsync(ct);
            if (booted.Digest != image.Digest)
            {
                await _stage.RunAsync(image, booted, ct);
            }

            if ((await _ostree.Status.ReadAsync(ct)).Staged is not null && await _ostree.Lock.TryLockAsync(ct))
            {
                _ostree.Lock.ForgetFile();
            }
        }
        catch (HostToolException)
        {
            if ((await _ostree.Status.ReadAsync(ct)).Staged is null)
            {
                _ostree.Lock.ForgetFile();
            }

            throw;
        }
    }

    public async Task LockAsync(NodeImage image, HostDeployments present, CancellationToken ct)
    {
        if (!await _ostree.Lock.TryLockAsync(ct))
        {
            _ostree.Lock.LockAhead();
        }
    }

    /// <summary>By ostree: rpm-ostree's own verb unlocks and reboots in one, before the agent could write down what it is about to do.</summary>
    public Task UnlockAsync(CancellationToken ct) => _ostree.Lock.UnlockAsync(ct);

    public async Task AbandonStagingAsync(CancellationToken ct)
    {
        if (await _ostree.Unit.IsRunningAsync(ct))
        {
            await _rpmOstree.CancelAsync(ct);
        }

        await _ostree.Unit.StopAsync(ct);
    }

    public async Task RollBackAsync(string digest, HostDeployments present, CancellationToken ct)
    {
        CheckIdle(present);
        await _rollback.RunAsync(digest, present, ct);
    }

    /// <summary>rpm-ostree has no verb for it and does not follow what ostree does behind its back (coreos/rpm-ostree#4525).</summary>
    public ISoftReboot? SoftReboot => null;

    public Task PinAsync(HostDeployment deployment, bool pinned, CancellationToken ct) => _ostree.Pin.SetAsync(deployment, pinned, ct);

    public Task CleanUpAsync(CancellationToken ct) => _ostree.Pin.CleanUpAsync(ct);

    public Task<FinalizationReport> ExplainFinalizationAsync(CancellationToken ct) => _ostree.Finalization.ExplainAsync(ct);

    public Task<FinalizationReport> ExplainApplyAsync(CancellationToken ct) => _ostree.Finalization.ExplainPresentAsync(ct);

    private async Task CheckNobodyElseAsync(HostDeployments present, CancellationToken ct)
    {
        if (present.Driver is { } driver)
        {
            throw new HostToolException(
                Reasons.OtherUpdater, $"The host is updated by {driver}, which would undo what is staged here. Disable it on the host, or take the node out of the policy.");
        }

        CheckIdle(present);
        if (present.Staged is not null)
        {
            // What is asked for is compared with what is staged before it is compared with what runs.
            await _cleanup.DropPendingAsync(ct);
        }
    }

    private static void CheckIdle(HostDeployments present)
    {
        if (present.Transaction is { } transaction)
        {
            throw new HostToolException(Reasons.TransactionInProgress, $"rpm-ostree is at work: {transaction}.");
        }
    }
}
