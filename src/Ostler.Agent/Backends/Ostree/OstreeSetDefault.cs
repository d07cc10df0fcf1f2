using System.Globalization;
using Ostler.Agent.Host;
using Ostler.Rollout.Hosts.Facts;

namespace Ostler.Agent.Backends.Ostree;

/// <summary>
/// <c>ostree admin set-default</c> (2023.6 and newer): puts a deployment first, with the /etc that it had. Done again, it would undo
/// itself.
/// </summary>
internal sealed class OstreeSetDefault(OstreeCommands ostree)
{
    public Task RunAsync(HostDeployment deployment, CancellationToken cancellationToken) =>
        ostree.RunAsync(
            new HostCommand("ostree", "admin", "set-default", deployment.Index.ToString(CultureInfo.InvariantCulture))
            {
                Timeout = OstreeCommands.WriteTimeout,
            },
            cancellationToken);
}
