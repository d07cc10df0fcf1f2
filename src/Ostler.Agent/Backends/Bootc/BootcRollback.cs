using Ostler.Agent.Backends.Ostree;
using Ostler.Agent.Host;
using Ostler.Api.Meta;
using Ostler.Rollout.Hosts.Facts;

namespace Ostler.Agent.Backends.Bootc;

/// <summary>Makes the next boot run a tree that ran before.</summary>
/// <remarks>
/// <c>bootc rollback</c> toggles: done twice, it is undone. So everything is computed from a list just read, done once, and read again.
/// </remarks>
internal sealed class BootcRollback(BootcCommands bootc, BootcStatus status, OstreeTools ostree)
{
    /// <exception cref="HostToolException">RollbackImpossible: the tree is gone, or the next boot would still run another one.</exception>
    public async Task RunAsync(string digest, CancellationToken cancellationToken)
    {
        var host = await status.ReadAsync(cancellationToken);
        if (host.Deployments.Staged is { } staged)
        {
            // bootc has no verb for it, and its rollback drops a staged deployment without a word, or not, by version.
            await ostree.Undeploy.RunAsync(staged, cancellationToken);
            ostree.Lock.ForgetFile();
            host = await status.ReadAsync(cancellationToken);
        }

        var deployments = host.Deployments;
        if (deployments.Next?.Digest == digest)
        {
            return;
        }

        if (deployments.Rollback?.Digest == digest || (host.RollbackQueued && deployments.Booted?.Digest == digest))
        {
            // In the second case the order to go back is what is taken back.
            await bootc.RunAsync(new HostCommand("bootc", "rollback") { Timeout = OstreeCommands.WriteTimeout }, cancellationToken);
        }
        else
        {
            await PutFirstAsync(deployments.Find(digest) ?? throw Gone(digest), cancellationToken);
        }

        if ((await status.ReadAsync(cancellationToken)).Deployments.Next?.Digest is var next && next != digest)
        {
            throw new HostToolException(Reasons.RollbackImpossible, $"bootc reported a rollback to {digest}, but the next boot would run {next ?? "nothing"}.");
        }
    }

    /// <summary>One that bootc keeps as "other": it has no verb to boot it.</summary>
    private async Task PutFirstAsync(HostDeployment wanted, CancellationToken cancellationToken)
    {
        var found = (await ostree.Status.ReadAsync(cancellationToken)).All.FirstOrDefault(d => d.Digest == wanted.Commit && d.Serial == wanted.Serial);
        if (found is null || !ostree.Version.HasSetDefault)
        {
            throw Gone(wanted.Digest);
        }

        await ostree.SetDefault.RunAsync(found, cancellationToken);
    }

    private static HostToolException Gone(string digest) =>
        new(Reasons.RollbackImpossible, $"The host no longer has {digest}, or cannot boot it: bootc keeps one previous image.");
}
