using Ostler.Agent.Host;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Hosts.Facts;

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

    public Task<HostDeployments> ReadAsync(CancellationToken cancellationToken) => _ostree.Status.ReadAsync(cancellationToken);

    public string? Refuse(NodeImage image) =>
        image.Ostree is null
            ? "The image is a container image, but plain ostree updates this host. Use an OSImage with spec.ostree, or update the host with bootc or rpm-ostree."
            : RefuseCommit(image);

    /// <summary>Why a commit cannot be given to ostree or rpm-ostree; null when it can.</summary>
    public static string? RefuseCommit(NodeImage image) => image switch
    {
        _ when !HostArguments.IsCommit(image.Digest) => $"{image.Digest} is not an OSTree commit.",
        _ when !HostArguments.IsRemote(image.Ostree!.Remote) => "The image's remote is not a valid name.",
        _ when !HostArguments.IsRef(image.Ostree.Ref) => "The image's ref is not valid.",
        _ when image.Ostree.Url is { } url && !HostArguments.IsUrl(url) => "The image's URL is not valid.",
        _ => null,
    };

    public async Task<IReadOnlyList<string>> StageAsync(NodeImage image, HostDeployments present, CancellationToken cancellationToken)
    {
        var source = image.Ostree!;
        List<string?> warnings = [await _ostree.Remotes.EnsureAsync(source, cancellationToken)];
        ImageTrust.CheckRemote(source, present.Booted!, _ostree.RemoteConfig.Verifies);
        await _ostree.Space.CheckForPullAsync(cancellationToken);
        await _ostree.Pull.RunAsync(source, image.Digest, present.Booted!.Digest, cancellationToken);
        await _ostree.Space.CheckForBootAsync(image.Digest, present.Booted!.Digest, cancellationToken);
        await _ostree.Deploy.StageAsync(image.Digest, $"{source.Remote}:{source.Ref}", cancellationToken);

        var staged = (await _ostree.Status.ReadAsync(cancellationToken)).Staged;
        if (staged?.Digest != image.Digest || !staged.Locked)
        {
            throw new HostToolException(
                Reasons.HostToolFailed,
                $"ostree reported success, but {(staged is null ? "nothing is staged" : $"{staged.Digest}{(staged.Locked ? "" : ", unlocked,")} is staged")}.");
        }

        warnings.Add(await _ostree.Conflicts.PredictAsync(staged, cancellationToken));
        return [.. warnings.OfType<string>()];
    }

    /// <summary>A hotfix outlives reboots; what else is made writable does not.</summary>
    public RevertMethod RevertMethodFor(HostDeployment booted) => booted.Mutated switch
    {
        null => RevertMethod.Nothing,
        Hotfix => RevertMethod.Redeploy,
        _ => RevertMethod.Reboot,
    };

    /// <summary>The same commit once more is another deployment, with an origin of its own that knows nothing of a hotfix.</summary>
    public Task<IReadOnlyList<string>> RedeployAsync(NodeImage image, HostDeployments present, CancellationToken cancellationToken) => StageAsync(image, present, cancellationToken);

    public async Task LockAsync(NodeImage image, HostDeployments present, CancellationToken cancellationToken)
    {
        if (!await _ostree.Lock.TryLockAsync(cancellationToken))
        {
            // The same commit once more, which costs no download: before 2023.8 a deployment is locked while it is staged or never.
            await StageAsync(image, present, cancellationToken);
        }
    }

    public Task UnlockAsync(CancellationToken cancellationToken) => _ostree.Lock.UnlockAsync(cancellationToken);

    public ISoftReboot? SoftReboot => _ostree.SoftReboot;

    public Task AbandonStagingAsync(CancellationToken cancellationToken) => _ostree.Unit.StopAsync(cancellationToken);

    public Task PinAsync(HostDeployment deployment, bool pinned, CancellationToken cancellationToken) => _ostree.Pin.SetAsync(deployment, pinned, cancellationToken);

    public Task CleanUpAsync(CancellationToken cancellationToken) => _ostree.Pin.CleanUpAsync(cancellationToken);

    public Task RollBackAsync(string digest, HostDeployments present, CancellationToken cancellationToken) =>
        HostArguments.IsCommit(digest)
            ? _rollback.RunAsync(digest, present, cancellationToken)
            : throw new HostToolException(Reasons.RollbackImpossible, $"{digest} is not an OSTree commit.");

    public Task<FinalizationReport> ExplainFinalizationAsync(CancellationToken cancellationToken) => _ostree.Finalization.ExplainAsync(cancellationToken);

    public Task<FinalizationReport> ExplainApplyAsync(CancellationToken cancellationToken) => _ostree.Finalization.ExplainPresentAsync(cancellationToken);
}
