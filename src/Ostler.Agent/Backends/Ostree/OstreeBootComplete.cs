using Ostler.Agent.Host;
using Ostler.Api.Meta;
using Ostler.Rollout.Hosts.Facts;

namespace Ostler.Agent.Backends.Ostree;

/// <summary>
/// <c>ostree-boot-complete.service</c>: tells ostree that a soft reboot entered another deployment. Until it has run, every list marks the
/// previous one as booted.
/// </summary>
/// <remarks>
/// The unit stays active after its first run where /boot is on the root file system, so systemd does not start it again for a second soft
/// reboot within one boot. Even after the first one, an agent may be faster. Such a list must never be believed: a good image would count
/// as one that did not boot.
/// </remarks>
internal sealed class OstreeBootComplete(ICommandRunner runner, HostFiles files)
{
    public const string Unit = "ostree-boot-complete.service";

    /// <summary>What a soft reboot will have booted. The unit moves it to /run/ostree-booted.</summary>
    public const string Prepared = "/run/ostree/nextroot-booted";

    /// <summary>Where the prepared deployment is mounted. An empty folder after the soft reboot: the mount has become the root.</summary>
    public const string NextRoot = "/run/nextroot";

    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(2);

    /// <summary>A deployment is mounted for the next soft reboot.</summary>
    public static bool IsMounted(HostFiles files) => files.Names(NextRoot).Count > 0;

    /// <summary>Makes sure that lists of deployments are of the present boot.</summary>
    /// <exception cref="HostToolException">They are not, and ostree cannot be made to notice: nothing can be concluded yet.</exception>
    public async Task EnsureAsync(HostBoot boot, CancellationToken cancellationToken)
    {
        if (!IsStale(boot))
        {
            return;
        }

        // Not start: that does nothing for a unit that is still active from the soft reboot before.
        var result = await runner.RunAsync(new HostCommand("systemctl", "restart", Unit) { Timeout = Timeout }, cancellationToken);
        if (!result.Succeeded || IsStale(boot))
        {
            var why = HostToolException.Trim(result.Stderr);
            throw new HostToolException(
                Reasons.HostToolFailed,
                $"ostree has not noticed the soft reboot, because {Unit} did not finish{(why.Length > 0 ? $" ({why})" : "")}. Run systemctl status {Unit} on the node.");
        }
    }

    /// <summary>Stops the unit, so that systemd starts it again after a soft reboot. A stop changes nothing of what it did.</summary>
    /// <exception cref="HostToolException">It does not stop.</exception>
    public async Task RearmAsync(CancellationToken cancellationToken)
    {
        var result = await runner.RunAsync(new HostCommand("systemctl", "stop", Unit) { Timeout = Timeout }, cancellationToken);
        if (!result.Succeeded)
        {
            throw new HostToolException(Reasons.HostToolFailed, $"{Unit}, which must run after a soft reboot, does not stop: {HostToolException.Trim(result.Stderr)}");
        }
    }

    /// <summary>A soft reboot was prepared and has happened: what was mounted for it is the root by now.</summary>
    private bool IsStale(HostBoot boot) => boot.SoftReboots > 0 && files.Exists(Prepared) && !IsMounted(files);
}
