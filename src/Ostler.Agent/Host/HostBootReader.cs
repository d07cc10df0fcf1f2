using System.Globalization;
using Ostler.Api.Meta;
using Ostler.Rollout.Hosts.Facts;

namespace Ostler.Agent.Host;

/// <summary>Reads the current boot from the host's kernel and systemd.</summary>
internal static class HostBootReader
{
    private const string BootIDPath = "/proc/sys/kernel/random/boot_id";

    /// <summary>Asks the manager itself, without a bus. A version that does not know a property leaves it out.</summary>
    private static readonly HostCommand Show = new("systemctl", "show", "--property=SoftRebootsCount,UserspaceTimestampMonotonic");

    /// <exception cref="HostToolException">The host's /proc cannot be read or its systemd does not answer. A guess could cause one reboot
    /// too many.</exception>
    public static async Task<HostBoot> ReadAsync(ICommandRunner runner, HostFiles files, CancellationToken cancellationToken)
    {
        HostSupport.CheckReadable(files);
        if (files.Read(BootIDPath) is not { Length: > 0 } id)
        {
            throw new HostToolException(Reasons.HostToolFailed, $"The host's {BootIDPath} cannot be read.");
        }

        var answer = await AskSystemdAsync(runner, files, cancellationToken);
        var count = Property(answer.Stdout, "SoftRebootsCount=");
        var offset = count > 0 && Property(answer.Stdout, "UserspaceTimestampMonotonic=") is { } microseconds ? TimeSpan.FromMicroseconds(microseconds) : TimeSpan.Zero;
        return new HostBoot(id, BootTime(files.Read("/proc/stat")) + offset) { SoftReboots = (int?)count, Offset = offset };
    }

    private static async Task<CommandResult> AskSystemdAsync(ICommandRunner runner, HostFiles files, CancellationToken cancellationToken)
    {
        try
        {
            var answer = await runner.RunAsync(Show, cancellationToken);
            return answer.Succeeded ? answer : throw new HostToolException(Reasons.HostToolFailed, $"{Show}: {HostToolException.Trim(answer.Stderr)}");
        }
        catch (HostToolException failure) when (!HostSupport.HasSystemd(files))
        {
            throw new HostToolException(
                Reasons.HostNotSupported, $"systemd is not the host's init, and the agent needs it to reboot: {failure.Message.TrimEnd('.')}. Nothing is done to the host.");
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
