using System.Text;

namespace Ostler.Testing.Hosts;

/// <summary>
/// What a tiny OS tree holds beside its skeleton (kernel, initramfs, os-release and some defaults in usr/etc).
/// Immutable; <c>OsTree.Of("2.0").WithFile("usr/etc/app.conf", "x").Unhealthy("kubelet.service")</c>.
/// </summary>
public sealed record OsTree
{
    /// <summary>Files of a tree that the harness reads when the host boots, relative to the tree.</summary>
    public const string UnhealthyMarker = "usr/lib/ostler-lab/unhealthy";

    /// <inheritdoc cref="UnhealthyMarker"/>
    public const string NeverComesBackMarker = "usr/lib/ostler-lab/never-comes-back";

    private OsTree(string version) => Version = version;

    /// <summary>Also in os-release, in the commit's metadata, and in every file of the skeleton, so that two versions differ.</summary>
    public string Version { get; }

    /// <summary>Path in the tree (vendor configuration under usr/etc) to content.</summary>
    public IReadOnlyDictionary<string, byte[]> Files { get; private init; } = new Dictionary<string, byte[]>();

    /// <summary>Paths of the skeleton that this tree has not.</summary>
    public IReadOnlyList<string> Removed { get; private init; } = [];

    /// <summary>Bytes of vmlinuz and of initramfs.img, each: what finalization copies to /boot. Default 64 KiB.</summary>
    public int KernelBytes { get; private init; } = 64 * 1024;

    /// <summary>Trees with the same kernel version string share their kernel in /boot. Default: one kernel for each version.</summary>
    public string? Kernel { get; private init; }

    /// <summary>Bytes of a file that does not compress, which is what a download of this tree costs. Default none.</summary>
    public int PayloadBytes { get; private init; }

    public static OsTree Of(string version) => new(version);

    public OsTree WithFile(string path, string text) => WithFile(path, Encoding.UTF8.GetBytes(text));

    public OsTree WithFile(string path, byte[] content) =>
        this with { Files = new Dictionary<string, byte[]>(Files) { [path.TrimStart('/')] = content } };

    public OsTree Without(string path) => this with { Removed = [.. Removed, path.TrimStart('/')] };

    public OsTree WithKernel(string kernel) => this with { Kernel = kernel };

    /// <summary>Big kernel and initramfs: fills /boot at finalization.</summary>
    public OsTree WithKernelBytes(int bytes) => this with { KernelBytes = bytes };

    /// <summary>Big tree: fills the sysroot, or makes the download last.</summary>
    public OsTree WithPayload(int bytes) => this with { PayloadBytes = bytes };

    /// <summary>These units fail on every boot into this tree.</summary>
    public OsTree Unhealthy(params string[] units) => WithFile(UnhealthyMarker, string.Join('\n', units) + "\n");

    /// <summary>
    /// After a boot into this tree nothing that the harness was asked to run starts: no kubelet, no agent. Enabled timers are armed.
    /// </summary>
    public OsTree NeverComesBack() => WithFile(NeverComesBackMarker, "");

    /// <summary>
    /// The skeleton's usr/etc/app.conf is a directory in this tree. On a host where /etc/app.conf was edited, the
    /// /etc merge fails, and with it the finalization at shutdown.
    /// </summary>
    public OsTree WithAppConfAsDirectory() => WithFile("usr/etc/app.conf/main.conf", $"setting={Version}\n");
}
