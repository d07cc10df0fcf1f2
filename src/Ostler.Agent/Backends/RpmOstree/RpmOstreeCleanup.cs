using Ostler.Agent.Backends.Ostree;
using Ostler.Agent.Host;

namespace Ostler.Agent.Backends.RpmOstree;

/// <summary><c>rpm-ostree cleanup -p</c>: drops what is staged, or waits to be booted. Does nothing when there is nothing.</summary>
internal sealed class RpmOstreeCleanup(RpmOstreeCommands rpmOstree)
{
    public Task DropPendingAsync(CancellationToken cancellationToken) =>
        rpmOstree.RunAsync(new HostCommand("rpm-ostree", "cleanup", "-p") { Timeout = OstreeCommands.WriteTimeout }, cancellationToken);
}
