using System.Globalization;
using System.Text.RegularExpressions;

namespace Ostler.Testing.Hosts;

/// <summary>
/// "When the command is about to make this system call for the n-th time": a place where a command can be killed that is the same
/// in every run, as a delay is not.
/// </summary>
/// <param name="Call">Name of the system call.</param>
/// <param name="Number">From 1, counted for each call by itself.</param>
public sealed partial record CrashPoint(string Call, int Number)
{
    // What changes a file system. A command killed between two of these is killed at one of them, as far as a disk can tell.
    private const string Changes =
        "mkdir,mkdirat,link,linkat,symlink,symlinkat,unlink,unlinkat,rmdir,rename,renameat,renameat2,openat,write,writev,pwrite64,"
        + "fchmod,fchmodat,fchown,fchownat,ftruncate,fallocate,copy_file_range,utimensat,fsync,fdatasync,syncfs,ioctl,fsetxattr,lsetxattr";

    /// <summary>Null when commands can be killed at crash points here; strace is installed when that is possible.</summary>
    public static string? WhyNotAvailable() => OstreeHost.WhyNotAvailable()
        ?? (HostTools.EnsureInstalled("strace", "strace") ? null : "Crash points need strace, which cannot be found or installed here.");

    /// <summary>Runs a command to its end and lists every place where it can be killed.</summary>
    public static async Task<IReadOnlyList<CrashPoint>> RecordAsync(OstreeHost host, IReadOnlyList<string> argv, CancellationToken cancellationToken)
    {
        const string trace = "/run/crash-points";
        (await host.RunAsync(["strace", "-qq", "-e", "trace=" + Changes, "-e", "signal=none", "-o", trace, .. argv], cancellationToken)).EnsureSuccess();
        var lines = (await host.RunAsync(["cat", trace], cancellationToken)).EnsureSuccess().Stdout;
        var counts = new Dictionary<string, int>(StringComparer.Ordinal);
        return
        [
            .. Name().Matches(lines).Select(match =>
            {
                var call = match.Groups[1].Value;
                counts[call] = counts.GetValueOrDefault(call) + 1;
                return new CrashPoint(call, counts[call]);
            }),
        ];
    }

    /// <summary>Runs a command and sends it SIGKILL at this point; true when the point was reached.</summary>
    public async Task<bool> KillAtAsync(OstreeHost host, IReadOnlyList<string> argv, CancellationToken cancellationToken)
    {
        var inject = string.Create(CultureInfo.InvariantCulture, $"inject={Call}:signal=KILL:when={Number}");
        var result = await host.RunAsync(["strace", "-qq", "-o", "/dev/null", "-e", "trace=" + Call, "-e", inject, .. argv], cancellationToken);
        // strace kills itself in the way its tracee died, which the keeper in between reports as 128 + 9.
        return result.ExitCode == 128 + 9;
    }

    [GeneratedRegex(@"^([a-z0-9_]+)\(", RegexOptions.Multiline | RegexOptions.CultureInvariant)]
    private static partial Regex Name();
}
