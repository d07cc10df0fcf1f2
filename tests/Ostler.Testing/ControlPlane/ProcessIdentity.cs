using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Ostler.Testing.ControlPlane;

/// <summary>A process and the moment it started. A pid alone is not an identity: pids are reused, and a sweep that
/// trusts one kills somebody else's process.</summary>
internal readonly record struct ProcessIdentity(int Pid, long StartTime)
{
    private const int Terminate = 15;

    public static ProcessIdentity Current { get; } =
        Find(Environment.ProcessId) ?? throw new InvalidOperationException("This process cannot see itself.");

    /// <summary>The living process with this pid, or null. A zombie is not alive.</summary>
    public static ProcessIdentity? Find(int pid)
    {
        if (!Directory.Exists("/proc/self"))
        {
            return FindByProcessApi(pid);
        }

        try
        {
            var stat = File.ReadAllText($"/proc/{pid}/stat");

            // The second field is the command in parentheses and may itself hold spaces and parentheses.
            var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
            return fields[0] is "Z" or "X" ? null : new(pid, long.Parse(fields[19], CultureInfo.InvariantCulture));
        }
        catch (IOException)
        {
            return null;
        }
    }

    public static ProcessIdentity? TryParse(string text)
    {
        var parts = text.Split('-', 3);
        return parts.Length >= 2
            && int.TryParse(parts[0], CultureInfo.InvariantCulture, out var pid)
            && long.TryParse(parts[1], CultureInfo.InvariantCulture, out var start)
            ? new(pid, start)
            : null;
    }

    public bool IsAlive => Find(Pid) == this;

    /// <summary>Kills the process, if it is still this one.</summary>
    public void Kill()
    {
        if (!IsAlive)
        {
            return;
        }

        try
        {
            using var process = Process.GetProcessById(Pid);
            process.Kill();
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or Win32Exception)
        {
            // It ended between the look and the kill, or it is not ours to kill.
        }
    }

    /// <summary>Asks the process to end (SIGTERM), so that it closes its connections in good order.</summary>
    public void RequestEnd()
    {
        if (IsAlive)
        {
            _ = SendSignal(Pid, Terminate);
        }
    }

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Pid}-{StartTime}");

    private static ProcessIdentity? FindByProcessApi(int pid)
    {
        try
        {
            using var process = Process.GetProcessById(pid);

            // Whole seconds: without /proc the start time is computed, and two readings differ a little.
            return new(pid, process.StartTime.Ticks / TimeSpan.TicksPerSecond);
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or Win32Exception)
        {
            return null;
        }
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int SendSignal(int pid, int signal);
}
