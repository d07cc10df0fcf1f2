using System.Globalization;

namespace Ostler.Benchmarks.Cluster;

/// <summary>What the kernel knows of a process.</summary>
internal static class ProcessStat
{
    private const double Mebi = 1024;

    /// <summary>Resident memory, the part of it that is no file (and so cannot be dropped), and the most there ever was, in MiB.</summary>
    public static (double Resident, double Anonymous, double Peak) Memory(int process)
    {
        var lines = File.ReadAllLines($"/proc/{process}/status")
            .Select(line => line.Split(':', 2))
            .Where(parts => parts.Length == 2 && parts[1].EndsWith("kB", StringComparison.Ordinal))
            .ToDictionary(parts => parts[0], parts => double.Parse(parts[1][..^2], CultureInfo.InvariantCulture) / Mebi);
        return (lines["VmRSS"], lines["RssAnon"], lines["VmHWM"]);
    }

    /// <summary>The processor time that it has used.</summary>
    public static TimeSpan Processor(int process)
    {
        var fields = Fields(process);
        return Ticks(fields[11]) + Ticks(fields[12]);
    }

    /// <summary>When it began, to a hundredth of a second.</summary>
    public static DateTimeOffset StartedAt(int process, TimeProvider time)
    {
        var uptime = double.Parse(File.ReadAllText("/proc/uptime").Split(' ')[0], CultureInfo.InvariantCulture);
        return time.GetUtcNow() - TimeSpan.FromSeconds(uptime) + Ticks(Fields(process)[19]);
    }

    /// <summary>The processes of that name and with that variable in their environment.</summary>
    public static IEnumerable<int> Find(string name, string variable)
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc").Where(f => int.TryParse(Path.GetFileName(f), out _)))
        {
            var found = false;
            try
            {
                found = File.ReadAllText(Path.Combine(folder, "comm")).Trim() == name
                    && File.ReadAllText(Path.Combine(folder, "environ")).Split('\0').Contains(variable);
            }
            catch (IOException)
            {
                // It has just ended.
            }
            catch (UnauthorizedAccessException)
            {
                // Somebody else's, and so none of ours.
            }

            if (found)
            {
                yield return int.Parse(Path.GetFileName(folder), CultureInfo.InvariantCulture);
            }
        }
    }

    // From the third on: the second, the name, may hold blanks.
    private static string[] Fields(int process)
    {
        var text = File.ReadAllText($"/proc/{process}/stat");
        return text[(text.LastIndexOf(')') + 2)..].Split(' ');
    }

    // USER_HZ has been 100 on every Linux that .NET runs on.
    private static TimeSpan Ticks(string text) => TimeSpan.FromSeconds(double.Parse(text, CultureInfo.InvariantCulture) / 100);
}
