using System.Globalization;
using Ostler.Agent.Host;
using Ostler.Rollout.Hosts.Facts;

namespace Ostler.Agent.Backends.Ostree;

/// <summary>
/// <c>ostree admin pin</c> and <c>cleanup</c>. Neither bootc nor rpm-ostree has a verb for pins; both keep what is pinned.
/// </summary>
internal sealed class OstreePin(OstreeCommands ostree, OstreeStatus status)
{
    /// <summary>
    /// Pins or unpins a deployment, by its place in a list just read: places shift. Nothing happens when it is so already, or the
    /// deployment is gone.
    /// </summary>
    public async Task SetAsync(HostDeployment deployment, bool pinned, CancellationToken cancellationToken)
    {
        // Not by the stateroot: old versions of bootc do not tell it.
        var found = (await status.ReadAsync(cancellationToken)).All.FirstOrDefault(d => !d.Staged && d.Digest == deployment.Commit && d.Serial == deployment.Serial);
        if (found is null || found.Pinned == pinned)
        {
            return;
        }

        string[] options = pinned ? [] : ["--unpin"];
        await ostree.RunAsync(
            new HostCommand("ostree", ["admin", "pin", .. options, found.Index.ToString(CultureInfo.InvariantCulture)]) { Timeout = OstreeCommands.WriteTimeout },
            cancellationToken);
    }

    /// <summary>Removes half-made deployments, and kernels in /boot that no deployment has.</summary>
    public Task CleanUpAsync(CancellationToken cancellationToken) =>
        ostree.RunAsync(new HostCommand("ostree", "admin", "cleanup") { Timeout = OstreeCommands.WriteTimeout }, cancellationToken);
}
