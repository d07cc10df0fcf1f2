using Ostler.Agent.Host;

namespace Ostler.Agent.Backends.RpmOstree;

/// <summary><c>rpm-ostree reset</c> (since 2018.6): lays the base down without layered, replaced and removed packages.</summary>
/// <remarks>It starts from what is staged, else from what runs; it downloads nothing; and it cannot lock what it stages.</remarks>
internal sealed class RpmOstreeReset(RpmOstreeCommands rpmOstree)
{
    public Task RunAsync(CancellationToken cancellationToken) => rpmOstree.RunDetachedAsync(new HostCommand("rpm-ostree", "reset") { Timeout = RpmOstreeStage.Timeout }, cancellationToken);
}
