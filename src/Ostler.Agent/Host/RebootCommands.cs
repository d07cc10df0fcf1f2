namespace Ostler.Agent.Host;

/// <summary>The command lines by which a host goes down. None of them waits for that.</summary>
internal static class RebootCommands
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(1);

    public static HostCommand Soft { get; } = new("systemctl", "soft-reboot") { Timeout = Timeout };

    /// <summary>
    /// Whether the host goes down. A command that was ended by SIGTERM or SIGKILL after systemd had taken the order is one of the first
    /// things that a shutdown ends.
    /// </summary>
    public static bool WasHeard(CommandResult result) => result.Succeeded || (!result.TimedOut && result.ExitCode is 128 + 15 or 128 + 9);

    /// <summary>
    /// A full reboot. Since systemd 255 <c>systemctl reboot</c> makes a soft one of it when a tree is mounted at /run/nextroot, whoever put
    /// it there: that tree may be another one than the boot loader's next, and a way back must not skip the kernel.
    /// </summary>
    public static HostCommand Full(HostFiles files, bool force = false)
    {
        string[] words = force ? ["reboot", "--force"] : ["reboot"];
        return files.Exists("/run/nextroot")
            ? new HostCommand("/usr/bin/env", ["SYSTEMCTL_SKIP_AUTO_SOFT_REBOOT=1", "systemctl", .. words]) { Timeout = Timeout }
            : new HostCommand("systemctl", words) { Timeout = Timeout };
    }
}
