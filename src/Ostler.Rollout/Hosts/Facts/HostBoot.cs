using Ostler.Api.NodeOSes;

namespace Ostler.Rollout.Hosts.Facts;

/// <summary>The current boot of the host and when it began.</summary>
/// <param name="KernelBootID">The kernel's ID of the boot. A soft reboot keeps it.</param>
/// <param name="BootedAt">When it began, by the host's clock; after a soft reboot, when user space started. Null when the kernel does not
/// report it.</param>
public sealed record HostBoot(string KernelBootID, DateTimeOffset? BootedAt)
{
    /// <summary>
    /// How often user space was restarted in this boot, as systemd 256 and later count. Null: systemd does not count, and the agent never
    /// soft-reboots the host.
    /// </summary>
    public int? SoftReboots { get; init; }

    /// <summary>How long after the kernel this user space began; zero unless a soft reboot started it.</summary>
    public TimeSpan Offset { get; init; }

    /// <summary>Distinguishes this boot, or soft reboot, from all others on this host.</summary>
    public string BootID => BootSession.Of(KernelBootID, SoftReboots)!;
}
