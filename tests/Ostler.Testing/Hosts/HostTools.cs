using System.Runtime.InteropServices;

namespace Ostler.Testing.Hosts;

/// <summary>What the machine must have for real OSTree hosts, and why it has it not.</summary>
internal static class HostTools
{
    // Used outside or inside a host; all but ostree and strace belong to every Debian base system.
    private static readonly string[] Required = ["bash", "mount", "umount", "unshare", "nsenter", "pivot_root", "mkfifo", "setsid", "chattr", "tar", "ostree"];

    private static readonly Lazy<string?> Reason = new(Probe);

    /// <summary>Null when real OSTree hosts can run here; otherwise one sentence for a test's skip reason.</summary>
    public static string? WhyNotAvailable() => Reason.Value;

    /// <summary>Where a command is, or null. Looks where root's tools are also when PATH of the caller does not.</summary>
    public static string? Find(string command) =>
        $"{Environment.GetEnvironmentVariable("PATH")}:/usr/sbin:/sbin:/usr/bin:/bin".Split(':')
            .Select(folder => Path.Combine(folder, command))
            .FirstOrDefault(File.Exists);

    /// <summary>Installs a Debian package when its command is missing; false when that cannot be done here.</summary>
    public static bool EnsureInstalled(string command, string package)
    {
        if (Find(command) is not null)
        {
            return true;
        }
        if (!Environment.IsPrivilegedProcess || Find("apt-get") is not { } aptGet)
        {
            return false;
        }
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(5));
        try
        {
            // A machine that has just been made has no package lists, or old ones.
            const string script = "i=\"$1 install --yes --no-install-recommends $2\"; export DEBIAN_FRONTEND=noninteractive; $i || { $1 update && $i; }";
            HostCommand.RunAsync(["sh", "-c", script, "sh", aptGet, package], deadline.Token).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException)
        {
            return false;
        }
        return Find(command) is not null;
    }

    private static string? Probe()
    {
        if (!RuntimeInformation.IsOSPlatform(OSPlatform.Linux))
        {
            return "Real OSTree hosts need Linux.";
        }
        if (!Environment.IsPrivilegedProcess)
        {
            return "Real OSTree hosts need root: they mount file systems in namespaces of their own.";
        }
        EnsureInstalled("ostree", "ostree");
        var missing = Required.Where(command => Find(command) is null).ToArray();
        if (missing.Length > 0)
        {
            return $"Real OSTree hosts need {string.Join(", ", missing)}, which cannot be found or installed here.";
        }
        return ProbeNamespaces();
    }

    // Containers often have root and unshare, yet a profile that forbids mounting, or no overlayfs.
    private static string? ProbeNamespaces()
    {
        const string script =
            "set -e; mount -t tmpfs probe /mnt; mkdir /mnt/a /mnt/b /mnt/c; " +
            "mount -t overlay -o ro,lowerdir=/mnt/a:/mnt/b overlay /mnt/c; mount -t proc proc /proc; mount --bind /proc/uptime /proc/version";
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var probe = HostCommand.RunAsync(
            ["unshare", "--mount", "--pid", "--uts", "--ipc", "--fork", "--propagation", "private", "bash", "-c", script],
            deadline.Token).GetAwaiter().GetResult();
        return probe.ExitCode == 0
            ? null
            : $"Real OSTree hosts need mount and PID namespaces with tmpfs and overlayfs, which this machine refuses: {probe.Stderr.Trim()}";
    }
}
