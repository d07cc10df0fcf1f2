using Ostler.Agent.Host;
using Ostler.Api.Meta;
using Ostler.Rollout.Hosts.Facts;

namespace Ostler.Agent.Backends.Ostree;

/// <summary>Makes the next boot run a tree that ran before, by whatever means this version of ostree has.</summary>
/// <remarks>
/// ostree's own verbs toggle: done twice, they are undone. So everything is computed from a list just read, done once, and read again.
/// </remarks>
internal sealed class OstreeRollback(
    OstreeVersion version, OstreeStatus status, OstreeUndeploy undeploy, OstreeSetDefault setDefault, OstreeDeploy deploy)
{
    /// <exception cref="HostToolException">RollbackImpossible: the tree is gone, or the next boot would still run another one.</exception>
    public async Task RunAsync(string commit, HostDeployments present, CancellationToken cancellationToken)
    {
        var deployments = present;
        if (deployments.Staged is { } staged)
        {
            // A staged deployment would be applied over the rollback at shutdown. Writing deployments drops it, but not when there is
            // nothing to write.
            await undeploy.RunAsync(staged, cancellationToken);
            deployments = await status.ReadAsync(cancellationToken);
        }

        if (deployments.Next?.Digest == commit)
        {
            return;
        }

        if (version.HasSetDefault && deployments.Find(commit) is { } former)
        {
            await setDefault.RunAsync(former, cancellationToken);
        }
        else if (deployments.Booted?.Digest == commit)
        {
            // It runs already; only what the bootloader would choose before it has to go. Nothing is laid down, and its /etc stays as it
            // is.
            await undeploy.RunAsync(deployments.Next!, cancellationToken);
        }
        else
        {
            await LayDownAgainAsync(commit, deployments, cancellationToken);
        }

        deployments = await status.ReadAsync(cancellationToken);
        if (deployments.Next?.Digest != commit)
        {
            throw new HostToolException(
                Reasons.RollbackImpossible, $"ostree reported a rollback to {commit}, but the next boot would run {deployments.Next?.Digest ?? "nothing"}.");
        }
    }

    /// <summary>
    /// Before 2023.6 nothing reorders deployments, and the running one cannot be undeployed: the former commit is laid down once more. With
    /// its own /etc where that can be had; a host that refuses the mounts for it still goes back, with the running tree's local changes.
    /// </summary>
    private async Task LayDownAgainAsync(string commit, HostDeployments deployments, CancellationToken cancellationToken)
    {
        try
        {
            if (deployments.Find(commit) is { } former && await TryWithOwnEtcAsync(former, deployments.Booted!, cancellationToken))
            {
                return;
            }

            await deploy.MakeNextAsync(commit, cancellationToken);
        }
        catch (HostToolException failure) when (failure.Reason == Reasons.HostToolFailed)
        {
            throw new HostToolException(Reasons.RollbackImpossible, $"The host cannot roll back to {commit}: {failure.Message}");
        }
    }

    private async Task<bool> TryWithOwnEtcAsync(HostDeployment former, HostDeployment booted, CancellationToken cancellationToken)
    {
        try
        {
            await deploy.MakeNextWithOwnEtcAsync(former, booted, cancellationToken);
            return true;
        }
        catch (HostToolException failure) when (failure.Reason == Reasons.HostToolFailed)
        {
            // It may have failed after the deed.
            return (await status.ReadAsync(cancellationToken)).Next?.Digest == former.Digest;
        }
    }
}
