using System.Globalization;
using Ostler.Agent.Host;
using Ostler.Rollout.Hosts.Facts;

namespace Ostler.Agent.Backends.Ostree;

/// <summary>
/// <c>ostree admin undeploy</c>. Goes by the place in the list, which shifts with every change: never to be repeated without reading again.
/// </summary>
internal sealed class OstreeUndeploy(OstreeCommands ostree)
{
    /// <summary>Drops a deployment. ostree itself refuses the booted one, and nothing but the booted one: pinned ones go, too.</summary>
    public Task RunAsync(HostDeployment deployment, CancellationToken cancellationToken) =>
        ostree.RunAsync(
            new HostCommand("ostree", "admin", "undeploy", deployment.Index.ToString(CultureInfo.InvariantCulture))
            {
                Timeout = OstreeCommands.WriteTimeout,
            },
            cancellationToken);
}
