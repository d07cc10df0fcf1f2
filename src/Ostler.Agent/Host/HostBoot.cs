using System.Globalization;
using Ostler.Api;

namespace Ostler.Agent.Host;

/// <summary>Which boot the host is in, and since when.</summary>
/// <param name="BootID">The kernel's ID of the boot.</param>
/// <param name="BootedAt">When it began, by the host's clock; null when the kernel does not say.</param>
internal sealed record HostBoot(string BootID, DateTimeOffset? BootedAt)
{
    private const string BootIDPath = "/proc/sys/kernel/random/boot_id";

    /// <exception cref="HostToolException">The host's /proc is not where it should be.</exception>
    public static HostBoot Read(HostFiles files) =>
        files.Read(BootIDPath) is { Length: > 0 } id
            ? new HostBoot(id, BootTime(files.Read("/proc/stat")))
            : throw new HostToolException(Reasons.HostToolFailed, $"The host's {BootIDPath} cannot be read.");

    /// <summary>The line <c>btime</c> of /proc/stat. Unlike now less the uptime it stays the same when the clock is set.</summary>
    internal static DateTimeOffset? BootTime(string? stat)
    {
        foreach (var line in (stat ?? "").AsSpan().EnumerateLines())
        {
            if (line.StartsWith("btime ") && long.TryParse(line["btime ".Length..], CultureInfo.InvariantCulture, out var seconds))
            {
                return DateTimeOffset.FromUnixTimeSeconds(seconds);
            }
        }

        return null;
    }
}
