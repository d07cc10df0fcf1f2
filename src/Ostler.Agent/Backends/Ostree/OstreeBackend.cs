using Ostler.Agent.Host;
using Ostler.Api;

namespace Ostler.Agent.Backends.Ostree;

/// <summary>Hosts that plain ostree updates.</summary>
internal sealed class OstreeBackend : IHostBackend
{
    /// <summary>As ostree calls a /usr that was made writable for good.</summary>
    public const string Hotfix = "hotfix";

    private readonly OstreeTools _ostree;
    private readonly OstreeRollback _rollback;

    public OstreeBackend(OstreeTools ostree)
    {
        _ostree = ostree;
        _rollback = new OstreeRollback(ostree.Version, ostree.Status, ostree.Undeploy, ostree.SetDefault, ostree.Deploy);
        Version = ostree.Version.ToString();
    }

    public string Name => BackendNames.Ostree;

    public string Version { get; }

    public Task<HostDeployments> ReadAsync(CancellationToken ct) => _ostree.Status.ReadAsync(ct);

    public string? Refuse(NodeImage image) =>
        image.Ostree is null
            ? "The image is a container image, and this host is updated by plain ostree: use an OSImage with spec.ostree, or update the host by bootc or rpm-ostree."
            : RefuseCommit(image);

    /// <summary>Why a commit cannot be given to ostree or rpm-ostree; null when it can.</summary>
    public static string? RefuseCommit(NodeImage image) => image switch
    {
        _ when !HostArguments.IsCommit(image.Digest) => $"{image.Digest} is no OSTree commit.",
        _ when !HostArguments.IsRemote(image.Ostree!.Remote) => "The image's remote is not a valid name.",
        _ when !HostArguments.IsRef(image.Ostree.Ref) => "The image's ref is not a valid one.",
        _ when image.Ostree.Url is { } url && !HostArguments.IsUrl(url) => "The image's URL is not a valid one.",
        _ => null,
    };

    public async Task<IReadOnlyList<string>> StageAsync(NodeImage image, HostDeployments present, CancellationToken ct)
    {
        var source = image.Ostree!;
        List<string?> warnings = [await _ostree.Remotes.EnsureAsync(source, ct)];
        ImageTrust.CheckRemote(source, present.Booted!, _ostree.RemoteConfig.Verifies);
        await _ostree.Space.CheckForPullAsync(ct);
        await _ostree.Pull.RunAsync(source, image.Digest, ct);
        await _ostree.Space.CheckForBootAsync(image.Digest, present.Booted!.Digest, ct);
        await _ostree.Deploy.StageAsync(image.Digest, $"{source.Remote}:{source.Ref}", ct);

        var staged = (await _ostree.Status.ReadAsync(ct)).Staged;
        if (staged?.Digest != image.Digest || !staged.Locked)
        {
            throw new HostToolException(
                Reasons.HostToolFailed,
                $"ostree reported success, but {(staged is null ? "nothing is staged" : $"{staged.Digest}{(staged.Locked ? "" : ", unlocked,")} is staged")}.");
        }

        warnings.Add(await _ostree.Conflicts.PredictAsync(staged, ct));
        return [.. warnings.OfType<string>()];
    }

    /// <summary>A hotfix outlives reboots; what else is made writable does not.</summary>
    public Undo UndoFor(HostDeployment booted) => booted.Mutated switch
    {
        null => Undo.Nothing,
        Hotfix => Undo.Redeploy,
        _ => Undo.Reboot,
    };

    /// <summary>The same commit once more is another deployment, with an origin of its own that knows nothing of a hotfix.</summary>
    public Task<IReadOnlyList<string>> RedeployAsync(NodeImage image, HostDeployments present, CancellationToken ct) => StageAsync(image, present, ct);

    public async Task LockAsync(NodeImage image, HostDeployments present, CancellationToken ct)
    {
        if (!await _ostree.Lock.TryLockAsync(ct))
        {
            // The same commit once more, which costs no download: before 2023.8 a deployment is locked while it is staged or never.
            await StageAsync(image, present, ct);
        }
    }

    public Task UnlockAsync(CancellationToken ct) => _ostree.Lock.UnlockAsync(ct);

    public ISoftReboot? SoftReboot => _ostree.SoftReboot;

    public Task AbandonStagingAsync(CancellationToken ct) => _ostree.Unit.StopAsync(ct);

    public Task PinAsync(HostDeployment deployment, bool pinned, CancellationToken ct) => _ostree.Pin.SetAsync(deployment, pinned, ct);

    public Task CleanUpAsync(CancellationToken ct) => _ostree.Pin.CleanUpAsync(ct);

    public Task RollBackAsync(string digest, HostDeployments present, CancellationToken ct) =>
        HostArguments.IsCommit(digest)
            ? _rollback.RunAsync(digest, present, ct)
            : throw new HostToolException(Reasons.RollbackImpossible, $"{digest} is no OSTree commit.");

    public Task<FinalizationReport> ExplainFinalizationAsync(CancellationToken ct) => _ostree.Finalization.ExplainAsync(ct);

    public Task<FinalizationReport> ExplainApplyAsync(CancellationToken ct) => _ostree.Finalization.ExplainPresentAsync(ct);
}
