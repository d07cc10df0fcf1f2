using System.Globalization;
using Ostler.Api;
using Ostler.Rollout;

namespace Ostler.Agent.Host;

/// <summary>Which boot the host is in, and since when.</summary>
/// <param name="KernelBootID">The kernel's ID of the boot. A soft reboot keeps it.</param>
/// <param name="BootedAt">When it began, by the host's clock; after a soft reboot, when user space did. Null when the kernel does not say.</param>
internal sealed record HostBoot(string KernelBootID, DateTimeOffset? BootedAt)
{
    private const string BootIDPath = "/proc/sys/kernel/random/boot_id";

    /// <summary>Both by the manager itself, without a bus. What a version does not know it leaves out.</summary>
    private static readonly HostCommand Show = new("systemctl", "show", "--property=SoftRebootsCount,UserspaceTimestampMonotonic");

    /// <summary>How often user space was restarted in this boot, as systemd 256 and later count; null: it does not, and then the host is never soft-rebooted by the agent.</summary>
    public int? SoftReboots { get; init; }

    /// <summary>How long after the kernel this user space began; zero unless it is one that a soft reboot started.</summary>
    public TimeSpan Offset { get; init; }

    /// <summary>Tells this boot, or soft reboot, from all others on this host.</summary>
    public string BootID => BootSession.Of(KernelBootID, SoftReboots)!;

    /// <exception cref="HostToolException">The host's /proc is not where it should be, or its systemd does not answer: to guess here could mean a reboot too many.</exception>
    public static async Task<HostBoot> ReadAsync(ICommandRunner runner, HostFiles files, CancellationToken ct)
    {
        HostSupport.CheckReadable(files);
        if (files.Read(BootIDPath) is not { Length: > 0 } id)
        {
            throw new HostToolException(Reasons.HostToolFailed, $"The host's {BootIDPath} cannot be read.");
        }

        var answer = await AskSystemdAsync(runner, files, ct);
        var count = Property(answer.Stdout, "SoftRebootsCount=");
        var offset = count > 0 && Property(answer.Stdout, "UserspaceTimestampMonotonic=") is { } microseconds ? TimeSpan.FromMicroseconds(microseconds) : TimeSpan.Zero;
        return new HostBoot(id, BootTime(files.Read("/proc/stat")) + offset) { SoftReboots = (int?)count, Offset = offset };
    }

    private static async Task<CommandResult> AskSystemdAsync(ICommandRunner runner, HostFiles files, CancellationToken ct)
    {
        try
        {
            var answer = await runner.RunAsync(Show, ct);
            return answer.Succeeded ? answer : throw new HostToolException(Reasons.HostToolFailed, $"{Show}: {HostToolException.Trim(answer.Stderr)}");
        }
        catch (HostToolException failure) when (!HostSupport.HasSystemd(files))
        {
            throw new HostToolException(
                Reasons.HostNotSupported, $"systemd is not the first process of the host, and the agent reboots hosts by it: {failure.Message.TrimEnd('.')}. Nothing is done to the host.");
        }
    }

    private static long? Property(string text, string name)
    {
        foreach (var line in text.AsSpan().EnumerateLines())
        {
            if (line.StartsWith(name) && long.TryParse(line[name.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var value))
            {
                return value;
            }
        }

        return null;
    }

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
