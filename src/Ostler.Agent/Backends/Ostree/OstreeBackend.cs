using Ostler.Agent.Host;
using Ostler.Api;

namespace Ostler.Agent.Backends.Ostree;

/// <summary>Hosts that plain ostree updates.</summary>
internal sealed class OstreeBackend : IHostBackend
{
    private const string FinalizeUnit = "ostree-finalize-staged.service";

    private readonly ICommandRunner _runner;
    private readonly OstreeStatus _status;
    private readonly OstreeRemotes _remotes;
    private readonly OstreePull _pull;
    private readonly OstreeDeploy _deploy;
    private readonly OstreeLock _lock;
    private readonly OstreeDiskSpace _space;
    private readonly OstreeEtcConflicts _conflicts;
    private readonly OstreeRollback _rollback;
    private readonly OstreeFinalization _finalization;

    public OstreeBackend(OstreeVersion version, ICommandRunner runner, HostFiles files)
    {
        var ostree = new OstreeCommands(runner);
        _runner = runner;
        _status = new OstreeStatus(ostree, version, files);
        _remotes = new OstreeRemotes(ostree);
        _pull = new OstreePull(ostree, files);
        _deploy = new OstreeDeploy(ostree, files);
        _lock = new OstreeLock(ostree, version, files);
        _space = new OstreeDiskSpace(ostree);
        _conflicts = new OstreeEtcConflicts(ostree, files);
        _rollback = new OstreeRollback(version, _status, new OstreeUndeploy(ostree), new OstreeSetDefault(ostree), _deploy);
        _finalization = new OstreeFinalization(runner, files);
        Version = version.ToString();
    }

    public string Name => "ostree";

    public string Version { get; }

    public Task<HostDeployments> ReadAsync(CancellationToken ct) => _status.ReadAsync(ct);

    public string? Refuse(NodeImage image) => image switch
    {
        { Ostree: null } => "The image is a container image, and this host is updated by plain ostree.",
        _ when !HostArguments.IsCommit(image.Digest) => $"{image.Digest} is no OSTree commit.",
        _ when !HostArguments.IsRemote(image.Ostree.Remote) => "The image's remote is not a valid name.",
        _ when !HostArguments.IsRef(image.Ostree.Ref) => "The image's ref is not a valid one.",
        _ when image.Ostree.Url is { } url && !HostArguments.IsUrl(url) => "The image's URL is not a valid one.",
        _ => null,
    };

    public async Task<IReadOnlyList<string>> StageAsync(NodeImage image, HostDeployments present, CancellationToken ct)
    {
        var source = image.Ostree!;
        List<string?> warnings = [await _remotes.EnsureAsync(source, ct)];
        await _space.CheckForPullAsync(ct);
        await _pull.RunAsync(source, image.Digest, ct);
        await _space.CheckForBootAsync(image.Digest, present.Booted!.Digest, ct);
        await _deploy.StageAsync(image.Digest, $"{source.Remote}:{source.Ref}", ct);

        var staged = (await _status.ReadAsync(ct)).Staged;
        if (staged?.Digest != image.Digest || !staged.Locked)
        {
            throw new HostToolException(
                Reasons.HostToolFailed,
                $"ostree reported success, but {(staged is null ? "nothing is staged" : $"{staged.Digest}{(staged.Locked ? "" : ", unlocked,")} is staged")}.");
        }

        warnings.Add(await _conflicts.PredictAsync(staged, ct));
        return [.. warnings.OfType<string>()];
    }

    public async Task LockAsync(NodeImage image, HostDeployments present, CancellationToken ct)
    {
        if (!await _lock.TryLockAsync(ct))
        {
            // The same commit once more, which costs no download: before 2023.8 a deployment is locked while it is staged or never.
            await StageAsync(image, present, ct);
        }
    }

    public async Task UnlockAsync(CancellationToken ct)
    {
        await StartFinalizeUnitAsync(ct);
        await _lock.UnlockAsync(ct);
    }

    public Task RollBackAsync(string digest, HostDeployments present, CancellationToken ct) =>
        HostArguments.IsCommit(digest)
            ? _rollback.RunAsync(digest, present, ct)
            : throw new HostToolException(Reasons.RollbackImpossible, $"{digest} is no OSTree commit.");

    public Task<FinalizationReport> ExplainFinalizationAsync(CancellationToken ct) => _finalization.ExplainAsync(ct);

    /// <summary>
    /// The staged deployment is applied when this unit stops. Before 2025.2 a path unit starts it some time after staging: a host that goes down before that
    /// boots the old tree.
    /// </summary>
    private async Task StartFinalizeUnitAsync(CancellationToken ct)
    {
        var start = new HostCommand("systemctl", "start", FinalizeUnit);
        var result = await _runner.RunAsync(start, ct);
        if (!result.Succeeded)
        {
            throw new HostToolException(
                Reasons.HostToolFailed, $"{FinalizeUnit}, which applies the staged deployment at shutdown, does not start: {HostToolException.Trim(result.Stderr)}");
        }
    }
}
