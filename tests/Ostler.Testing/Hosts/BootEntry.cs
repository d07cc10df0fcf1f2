using System.Globalization;

namespace Ostler.Testing.Hosts;

/// <summary>One boot loader entry, as ostree wrote it.</summary>
/// <param name="Version">The highest one is booted.</param>
/// <param name="Deployment">"COMMIT.SERIAL", to which the entry's <c>ostree=</c> argument leads.</param>
public sealed record BootEntry(string FileName, string Title, int Version, string Options, string Linux, string Initrd, string Deployment)
{
    public string Commit => Deployment[..64];

    /// <summary>Highest first.</summary>
    internal static IReadOnlyList<BootEntry> ReadAll(string sysroot)
    {
        var folder = Path.Combine(sysroot, "boot/loader/entries");
        return Directory.Exists(folder)
            ? [.. Directory.EnumerateFiles(folder, "*.conf").Select(file => Read(sysroot, file)).OrderByDescending(entry => entry.Version)]
            : [];
    }

    /// <summary>The entry that a boot loader would take.</summary>
    /// <exception cref="HostDoesNotBootException">There is none, or what it names is not there.</exception>
    internal static BootEntry Choose(string sysroot)
    {
        var entry = ReadAll(sysroot) is [var first, ..] ? first : throw new HostDoesNotBootException("There is no boot loader entry.");
        foreach (var file in new[] { entry.Linux, entry.Initrd })
        {
            if (!File.Exists(sysroot + "/boot" + file))
            {
                throw new HostDoesNotBootException($"{entry.FileName} names {file}, which is not in /boot.");
            }
        }
        return entry.Deployment.Length > 65 && Directory.Exists($"{sysroot}/ostree/deploy/{OstreeHost.StateRoot}/deploy/{entry.Deployment}/usr")
            ? entry
            : throw new HostDoesNotBootException($"{entry.FileName} leads to no deployment: {entry.Options}");
    }

    private static BootEntry Read(string sysroot, string file)
    {
        var fields = File.ReadLines(file)
            .Select(line => line.Split(' ', 2))
            .Where(pair => pair.Length == 2)
            .ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);
        var options = fields.GetValueOrDefault("options", "");
        var argument = options.Split(' ').FirstOrDefault(word => word.StartsWith("ostree=", StringComparison.Ordinal)) ?? "ostree=/";
        var target = new FileInfo(sysroot + argument["ostree=".Length..]).LinkTarget ?? "";
        return new BootEntry(
            Path.GetFileName(file),
            fields.GetValueOrDefault("title", ""),
            int.Parse(fields.GetValueOrDefault("version", "0"), CultureInfo.InvariantCulture),
            options,
            fields.GetValueOrDefault("linux", ""),
            fields.GetValueOrDefault("initrd", ""),
            Path.GetFileName(target));
    }
}

/// <summary>The disks hold nothing that a boot loader could start: the machine is bricked.</summary>
public sealed class HostDoesNotBootException(string message) : Exception(message);
