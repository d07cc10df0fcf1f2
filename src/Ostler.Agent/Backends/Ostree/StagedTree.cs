using Ostler.Agent.Host;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Hosts.Facts;

namespace Ostler.Agent.Backends.Ostree;

/// <summary>
/// What must be so after bootc or rpm-ostree said that it staged an image. Exit code 0 alone says nothing: both also give it when they did
/// not.
/// </summary>
internal sealed class StagedTree(OstreeTools ostree)
{
    /// <summary>
    /// Room in the repository, and any at all in /boot: how much the kernel of an image needs is known when it is here. Checked before a
    /// download is begun.
    /// </summary>
    /// <exception cref="HostToolException">DiskFull or BootFull.</exception>
    public async Task CheckRoomAsync(CancellationToken cancellationToken)
    {
        await ostree.Space.CheckForPullAsync(cancellationToken);
        await ostree.Space.CheckAnyForBootAsync(cancellationToken);
    }

    /// <summary>
    /// Checks what is staged now. What has no room in /boot is dropped again: it could only fail while the host shuts down.
    /// </summary>
    /// <returns>Warnings.</returns>
    /// <exception cref="HostToolException">Something else is staged, or nothing, or it is not locked, or /boot has no room for
    /// it.</exception>
    public async Task<IReadOnlyList<string>> CheckAsync(string tool, NodeImage image, HostDeployments now, CancellationToken cancellationToken)
    {
        if (now.Staged is not { } staged || staged.Digest != image.Digest || !staged.Locked)
        {
            var found = now.Staged is { } other ? $"{other.Digest}{(other.Locked ? "" : ", unlocked,")} is staged" : "nothing is staged";
            throw new HostToolException(Reasons.HostToolFailed, $"{tool} reported success, but {found}.");
        }

        try
        {
            await ostree.Space.CheckForBootAsync(staged.Commit, now.Booted!.Commit, cancellationToken);
        }
        catch (HostToolException full) when (full.Reason == Reasons.BootFull)
        {
            await ostree.Undeploy.RunAsync(staged, cancellationToken);
            throw;
        }

        return await ostree.Conflicts.PredictAsync(staged, cancellationToken) is { } warning ? [warning] : [];
    }

    /// <summary>
    /// The list with the staged deployment's lock as ostree tells it: its own key, or the file. Neither bootc nor rpm-ostree shows both.
    /// </summary>
    public async Task<HostDeployments> WithLockAsync(HostDeployments listed, CancellationToken cancellationToken)
    {
        if (listed.Staged is not { Locked: false })
        {
            return listed;
        }

        var locked = (await ostree.Status.ReadAsync(cancellationToken)).Staged is { Locked: true };
        return locked ? listed with { All = [.. listed.All.Select(d => d.Staged ? d with { Locked = true } : d)] } : listed;
    }
}
