using Ostler.Agent.Backends.Ostree;
using Ostler.Agent.Host;
using Ostler.Rollout.Hosts.Facts;

namespace Ostler.Agent.Backends.Bootc;

/// <summary>
/// The soft reboot of ostree, where bootc does not speak against it: it looks at what ostree does, and at the SELinux policies of both
/// trees besides.
/// </summary>
internal sealed class BootcSoftReboot(OstreeSoftReboot ostree) : ISoftReboot
{
    public string? Refuse(HostDeployment next) =>
        ostree.Refuse(next) ?? (next.SoftRebootCapable ? null : "bootc refuses a soft reboot into this image: another kernel, initramfs, kernel arguments or SELinux policy, or a bootc before 1.7");

    public Task ApplyAsync(CancellationToken cancellationToken) => ostree.ApplyAsync(cancellationToken);

    public Task PrepareAsync(HostDeployment next, CancellationToken cancellationToken) => ostree.PrepareAsync(next, cancellationToken);
}
