using Ostler.Agent.Backends.Ostree;
using Ostler.Agent.Host;
using Ostler.Api.Meta;
using Ostler.Rollout.Hosts.Facts;

namespace Ostler.Agent.Backends.RpmOstree;

/// <summary>Makes the next boot run a tree that ran before.</summary>
/// <remarks>
/// <c>rpm-ostree rollback</c> toggles with two deployments and goes to a third one with three. So everything is computed from a list just
/// read, done once, and read again.
/// </remarks>
internal sealed class RpmOstreeRollback(RpmOstreeCommands rpmOstree, RpmOstreeStatus status, RpmOstreeCleanup cleanup, OstreeTools ostree)
{
    /// <exception cref="HostToolException">RollbackImpossible: the tree is gone, or the next boot would still run another one.</exception>
    public async Task RunAsync(string digest, HostDeployments present, CancellationToken cancellationToken)
    {
        var deployments = present;
        if (deployments.Staged is not null || (deployments.Booted?.Digest == digest && deployments.Next?.Digest != digest))
        {
            // With something staged rpm-ostree refuses to go back. In the second case only what stands before the running tree has to go.
            await cleanup.DropPendingAsync(cancellationToken);
            deployments = await status.ReadAsync(cancellationToken);
        }

        if (deployments.Next?.Digest == digest)
        {
            return;
        }

        var wanted = deployments.Find(digest)
            ?? throw new HostToolException(Reasons.RollbackImpossible, $"The host no longer has {digest}.");
        if (deployments.Rollback == wanted && deployments.Booted is { Index: 0 })
        {
            await rpmOstree.RunAsync(new HostCommand("rpm-ostree", "rollback") { Timeout = OstreeCommands.WriteTimeout }, cancellationToken);
        }
        else if (ostree.Version.HasSetDefault)
        {
            await ostree.SetDefault.RunAsync(wanted, cancellationToken);
        }
        else
        {
            throw new HostToolException(Reasons.RollbackImpossible, $"The host has {digest}, but its ostree ({ostree.Version}) cannot make it the default. Boot it from the boot menu.");
        }

        deployments = await status.ReadAsync(cancellationToken);
        if (deployments.Next?.Digest != digest)
        {
            throw new HostToolException(
                Reasons.RollbackImpossible, $"rpm-ostree reported a rollback to {digest}, but the next boot would run {deployments.Next?.Digest ?? "nothing"}.");
        }
    }
}
