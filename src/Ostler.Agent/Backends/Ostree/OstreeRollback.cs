using Ostler.Agent.Host;
using Ostler.Api;

namespace Ostler.Agent.Backends.Ostree;

/// <summary>Makes the next boot run a tree that ran before, by whatever means this version of ostree has.</summary>
/// <remarks>
/// ostree's own verbs toggle: done twice, they are undone. So everything is computed from a list just read, done once, and read again.
/// </remarks>
internal sealed class OstreeRollback(
    OstreeVersion version, OstreeStatus status, OstreeUndeploy undeploy, OstreeSetDefault setDefault, OstreeDeploy deploy)
{
    /// <exception cref="HostToolException">RollbackImpossible: the tree is gone, or the next boot would still run another one.</exception>
    public async Task RunAsync(string commit, HostDeployments present, CancellationToken ct)
    {
        var deployments = present;
        if (deployments.Staged is { } staged)
        {
            // A staged deployment would be applied over the rollback at shutdown. Writing deployments drops it, but not when there is nothing to write.
            await undeploy.RunAsync(staged, ct);
            deployments = await status.ReadAsync(ct);
        }

        if (deployments.Next?.Digest == commit)
        {
            return;
        }

        if (version.HasSetDefault && deployments.Find(commit) is { } former)
        {
            await setDefault.RunAsync(former, ct);
        }
        else if (deployments.Booted?.Digest == commit)
        {
            // It runs already; only what the bootloader would choose before it has to go. Nothing is laid down, and its /etc stays as it is.
            await undeploy.RunAsync(deployments.Next!, ct);
        }
        else
        {
            await LayDownAgainAsync(commit, deployments, ct);
        }

        deployments = await status.ReadAsync(ct);
        if (deployments.Next?.Digest != commit)
        {
            throw new HostToolException(
                Reasons.RollbackImpossible, $"ostree said that it went back to {commit}, but the next boot would run {deployments.Next?.Digest ?? "nothing"}.");
        }
    }

    /// <summary>
    /// Before 2023.6 nothing reorders deployments. Of what there is, laying the former commit down once more is the only way that never leaves the host without a
    /// list of deployments that fits what runs: undeploying the running one from outside would keep the former /etc, but then every ostree command
    /// fails until the reboot. The price: the new deployment gets the running tree's local changes in /etc, not those of its former self.
    /// </summary>
    private async Task LayDownAgainAsync(string commit, HostDeployments deployments, CancellationToken ct)
    {
        try
        {
            await deploy.MakeNextAsync(commit, deployments.Find(commit)?.Reference, ct);
        }
        catch (HostToolException failure) when (failure.Reason == Reasons.HostToolFailed)
        {
            throw new HostToolException(Reasons.RollbackImpossible, $"The host cannot go back to {commit}: {failure.Message}");
        }
    }
}
