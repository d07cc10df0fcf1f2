namespace Ostler.Testing.Hosts;

/// <summary>How one host is made.</summary>
public sealed record OstreeHostOptions
{
    /// <summary>Also the host name inside. Unique in its lab.</summary>
    public required string Name { get; init; }

    /// <summary>What is installed at first.</summary>
    public required OsTreeCommit Tree { get; init; }

    /// <summary>What updates the host. Default: the real ostree.</summary>
    public HostTool Tool { get; init; }

    /// <summary>
    /// The container image of <see cref="Tree"/> that the host was installed from. Default: none, it follows a branch. A host of bootc
    /// needs one.
    /// </summary>
    public OsTreeImage? Image { get; init; }

    /// <summary>
    /// Folders of this machine that processes inside need, such as the agent's output folder. See <see cref="OstreeHost.PathInside"/>.
    /// </summary>
    public IReadOnlyList<string> Expose { get; init; } = [];

    /// <summary>Units that are active after a boot unless the tree or a fault says otherwise.</summary>
    public IReadOnlyList<string> ActiveUnits { get; init; } = ["kubelet.service"];

    /// <summary>The unit that <see cref="HostFault.UnhealthyAfterBoot"/> lets fail; active otherwise.</summary>
    public string CanaryUnit { get; init; } = "ostler-lab.service";

    /// <summary>How long the power stays off in a reboot. Default zero.</summary>
    public TimeSpan RebootLatency { get; init; } = TimeSpan.Zero;

    /// <summary>How long processes may take after SIGTERM before SIGKILL. Default 2 s; a shutdown goes on as soon as they ended.</summary>
    public TimeSpan StopTimeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Size of the sysroot, in memory, taken only as it is filled. Default 128 MiB.</summary>
    public long SysrootBytes { get; init; } = 128 << 20;

    /// <summary>Size of /boot. Default 32 MiB.</summary>
    public long BootBytes { get; init; } = 32 << 20;

    /// <summary>Whether <c>journalctl -b -1</c> knows anything. Default true.</summary>
    public bool PersistentJournal { get; init; } = true;
}

/// <summary>One boot of a host.</summary>
/// <param name="Number">From 1, counted by the harness.</param>
/// <param name="BootId">What /proc/sys/kernel/random/boot_id says inside.</param>
/// <param name="Commit">The booted commit.</param>
/// <param name="Serial">The deployment's serial.</param>
/// <param name="Version">VERSION_ID of the booted tree.</param>
/// <param name="CameBack">False when the tree or a fault kept every service from starting.</param>
public sealed record BootRecord(int Number, string BootId, string Commit, int Serial, string Version, bool CameBack);

/// <summary>How a host lost its power.</summary>
public enum PowerOffCause
{
    /// <summary>In order: processes stopped, staged deployment finalized.</summary>
    Shutdown,

    /// <summary>At once.</summary>
    PowerCut,
}

/// <summary>A host was switched on (cause null) or off. <see cref="Boot"/> is the boot that began or ended.</summary>
public sealed record HostPowerChange(OstreeHost Host, BootRecord Boot, PowerOffCause? Cause)
{
    public bool IsOn => Cause is null;
}
