using System.Globalization;
using Ostler.Agent.Host;
using Ostler.Api.Meta;
using Ostler.Rollout.Hosts.Facts;

namespace Ostler.Agent.Backends.Ostree;

/// <summary>
/// <c>ostree admin prepare-soft-reboot</c> (used from 2026.1 on): mounts a deployment at /run/nextroot, where <c>systemctl soft-reboot</c>
/// takes it up.
/// </summary>
/// <remarks>
/// It says no to a tree with another kernel, initramfs or kernel arguments, and on hosts without composefs. bootc has the same code and
/// adds a look at the SELinux policies, which it tells in its status.
/// </remarks>
internal sealed class OstreeSoftReboot(OstreeCommands ostree, OstreeVersion version, OstreeStatus status, OstreeBootComplete bootComplete, HostFiles files) : ISoftReboot
{
    private const string FinalizeUnit = "ostree-finalize-staged.service";

    /// <summary>
    /// How many mounts that earlier preparations left at /run/nextroot are undone before the host is rebooted in full instead.
    /// </summary>
    private const int MostMounts = 4;

    /// <summary>Longer than the unit itself gives its work, which is 5 min.</summary>
    private static readonly TimeSpan ApplyTimeout = TimeSpan.FromMinutes(6);

    /// <summary>ostree tells of its age beforehand, and of a tree only when it is asked to prepare it.</summary>
    public string? Refuse(HostDeployment next) => version.HasSoftReboot ? null : $"ostree {version} has no reliable soft reboot (2026.1 and later do)";

    /// <summary>
    /// Applies now what is staged and unlocked, instead of while the host goes down: a soft reboot would enter the tree also when that went
    /// wrong, and then without the host's own /etc. Whether it went well the list of deployments tells.
    /// </summary>
    public Task ApplyAsync(CancellationToken cancellationToken) => ostree.TryAsync(new HostCommand("systemctl", "stop", FinalizeUnit) { Timeout = ApplyTimeout }, cancellationToken);

    /// <exception cref="HostToolException">ostree says no, or says yes and does not.</exception>
    public async Task PrepareAsync(HostDeployment next, CancellationToken cancellationToken)
    {
        if (Find(await status.ReadAsync(cancellationToken), next) is not { } listed)
        {
            throw new HostToolException(Reasons.HostToolFailed, $"ostree does not list {next.Commit}.{next.Serial}");
        }

        if (listed.SoftRebootTarget && OstreeBootComplete.IsMounted(files))
        {
            await bootComplete.RearmAsync(cancellationToken);
            return;
        }

        await bootComplete.RearmAsync(cancellationToken);
        await UnmountAsync(cancellationToken);
        var index = listed.Index.ToString(CultureInfo.InvariantCulture);
        await ostree.RunAsync(new HostCommand("ostree", "admin", "prepare-soft-reboot", index) { Timeout = OstreeCommands.WriteTimeout }, cancellationToken);
        if (Find(await status.ReadAsync(cancellationToken), next) is not { SoftRebootTarget: true })
        {
            throw new HostToolException(Reasons.HostToolFailed, "ostree admin prepare-soft-reboot reported success, but its status shows no target");
        }
    }

    /// <summary>
    /// Every preparation mounts over the one before. ostree forgets a preparation when deployments are written (staged, pinned, undeployed)
    /// and leaves its mount.
    /// </summary>
    private async Task UnmountAsync(CancellationToken cancellationToken)
    {
        for (var tries = 0; OstreeBootComplete.IsMounted(files); tries++)
        {
            if (tries == MostMounts)
            {
                throw new HostToolException(Reasons.HostToolFailed, $"{OstreeBootComplete.NextRoot} stays mounted from an earlier preparation");
            }

            await ostree.RunAsync(new HostCommand("ostree", "admin", "prepare-soft-reboot", "--reset") { Timeout = OstreeCommands.WriteTimeout }, cancellationToken);
        }
    }

    private static HostDeployment? Find(HostDeployments list, HostDeployment wanted) => list.All.FirstOrDefault(d => d.Digest == wanted.Commit && d.Serial == wanted.Serial);
}
