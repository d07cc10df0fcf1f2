using Ostler.Api.NodeOSes;
using Ostler.Rollout.Hosts.Facts;

namespace Ostler.Agent.Host;

/// <summary>
/// How a host is updated: one implementation for each host tool. Every method tells a failure by <see cref="HostToolException"/>.
/// </summary>
internal interface IHostBackend
{
    /// <summary>The tool's name, as in status.backend.</summary>
    string Name { get; }

    /// <summary>The tool's version.</summary>
    string Version { get; }

    /// <summary>What is laid down on the host. Takes no lock and changes nothing.</summary>
    Task<HostDeployments> ReadAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Why this image can never be staged here, or null. Nothing of an image reaches a command before this has said null.
    /// </summary>
    string? Refuse(NodeImage image);

    /// <summary>Fetches an image and lays it down locked. Can be repeated at will, also after having been killed anywhere.</summary>
    /// <returns>What a person should know although it succeeded; empty when there is nothing.</returns>
    Task<IReadOnlyList<string>> StageAsync(NodeImage image, HostDeployments present, CancellationToken cancellationToken);

    /// <summary>What undoes what was changed on the running tree: packages, an unlocked or live-changed /usr.</summary>
    RevertMethod RevertMethodFor(HostDeployment booted);

    /// <summary>
    /// As <see cref="StageAsync"/>, but without what was changed on the host, and also for the image that runs. Local changes of /etc are
    /// kept as ever.
    /// </summary>
    Task<IReadOnlyList<string>> RedeployAsync(NodeImage image, HostDeployments present, CancellationToken cancellationToken);

    /// <summary>Makes sure that the staged deployment is not applied at shutdown.</summary>
    Task LockAsync(NodeImage image, HostDeployments present, CancellationToken cancellationToken);

    /// <summary>Lets the staged deployment be applied at shutdown, and makes sure that what applies it is there.</summary>
    Task UnlockAsync(CancellationToken cancellationToken);

    /// <summary>How a tree of this tool is entered by a soft reboot; null when the tool has no way.</summary>
    ISoftReboot? SoftReboot { get; }

    /// <summary>Makes the next boot run a tree that ran before. Drops what is staged. Does nothing when it is so already.</summary>
    /// <exception cref="HostToolException">With the reason RollbackImpossible when the tree is gone.</exception>
    Task RollBackAsync(string digest, HostDeployments present, CancellationToken cancellationToken);

    /// <summary>
    /// Ends a staging that goes on although nothing asks for it any more: the order changed, or an agent died over it. Else does nothing.
    /// </summary>
    Task AbandonStagingAsync(CancellationToken cancellationToken);

    /// <summary>Keeps a deployment from being cleaned up, or does not any more. Can be repeated.</summary>
    Task PinAsync(HostDeployment deployment, bool pinned, CancellationToken cancellationToken);

    /// <summary>Removes what half-done work left behind. Never removes a deployment.</summary>
    Task CleanUpAsync(CancellationToken cancellationToken);

    /// <summary>What became of the deployment that was staged in the former boot, as far as the host knows.</summary>
    Task<FinalizationReport> ExplainFinalizationAsync(CancellationToken cancellationToken);

    /// <summary>What became of the deployment that the agent applied in this boot, before a reboot.</summary>
    Task<FinalizationReport> ExplainApplyAsync(CancellationToken cancellationToken);
}
