using Ostler.Rollout.Hosts.Facts;

namespace Ostler.Agent.Host;

/// <summary>
/// How a host gets into a tree without going through firmware and kernel. Every method tells a failure by <see cref="HostToolException"/>.
/// </summary>
internal interface ISoftReboot
{
    /// <summary>Why the host cannot be soft-rebooted into this tree, as far as its tool tells beforehand; null when it may.</summary>
    string? Refuse(HostDeployment next);

    /// <summary>Applies now what is staged and unlocked. Whether that went well <see cref="IHostBackend.ReadAsync"/> tells.</summary>
    Task ApplyAsync(CancellationToken cancellationToken);

    /// <summary>Makes a soft reboot enter this tree, which was applied. Can be repeated.</summary>
    Task PrepareAsync(HostDeployment next, CancellationToken cancellationToken);
}
