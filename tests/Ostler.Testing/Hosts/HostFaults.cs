using System.Collections.Concurrent;

namespace Ostler.Testing.Hosts;

/// <summary>What can be made to go wrong on one host. Each takes effect from the moment it is set until it is cleared.</summary>
public enum HostFault
{
    /// <summary>At a boot into the given tree, the harness's canary unit (<see cref="OstreeHostOptions.CanaryUnit"/>) is failed.</summary>
    UnhealthyAfterBoot,

    /// <summary>
    /// At a boot into the given tree no service of the harness (kubelet, agent) starts; enabled timers are armed all the same.
    /// </summary>
    NeverComesBack,

    /// <summary>Downloads from the host's own remote end with 503.</summary>
    StagingFails,

    /// <summary>
    /// A local edit that no /etc merge survives (a file where every tree has the directory app.d): finalization fails at
    /// shutdown, the old tree boots. Set while the host is on; clearing it restores the directory in the booted /etc.
    /// </summary>
    FinalizationFails,

    /// <summary>A requested reboot happens as a power cut: nothing is stopped in order, nothing is finalized. Clears itself.</summary>
    PowerCut,

    /// <summary>/boot has less room than a kernel needs: staging works, finalization fails.</summary>
    BootFull,

    /// <summary>The sysroot has no room: downloads and checkouts fail.</summary>
    SysrootFull,
}

/// <summary>The faults that are set on a host, each for one tree (a commit or a version) or for all.</summary>
internal sealed class HostFaults
{
    private readonly ConcurrentDictionary<HostFault, string> _set = new();

    public void Set(HostFault fault, string? tree) => _set[fault] = tree ?? "";

    public bool Clear(HostFault fault) => _set.TryRemove(fault, out _);

    public bool Has(HostFault fault) => _set.ContainsKey(fault);

    public bool Hits(HostFault fault, string commit, string version) =>
        _set.TryGetValue(fault, out var tree) && (tree.Length == 0 || tree == commit || tree == version);
}
