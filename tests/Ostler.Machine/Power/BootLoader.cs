using Ostler.Testing.Hosts;

namespace Ostler.Machine.Power;

/// <summary>
/// Does what a boot loader does, from outside: reads the menu off the disk, takes the default, and loads kernel and initramfs. Only while
/// the machine is off.
/// </summary>
/// <remarks>
/// Like a real one it reads the file system as it lies there, without its journal: ostree has to have seen to it that this is enough.
/// </remarks>
internal sealed class BootLoader(string disk, string folder)
{
    /// <summary>The entry, and where its kernel and initramfs have been put.</summary>
    public async Task<(BootEntry Entry, string Kernel, string Initrd)> LoadAsync(CancellationToken cancellationToken)
    {
        var entry = BootEntry.Default(await EntriesAsync(cancellationToken));
        return (entry, await DumpAsync(entry.Linux, cancellationToken), await DumpAsync(entry.Initrd, cancellationToken));
    }

    /// <summary>All entries of the menu.</summary>
    public async Task<IReadOnlyList<BootEntry>> EntriesAsync(CancellationToken cancellationToken)
    {
        // A line of "ls -p": /inode/mode/uid/gid/name/size/.
        const string menu = "/boot/loader/entries/";
        var entries = new List<BootEntry>();
        foreach (var line in (await AskAsync($"ls -p {menu}", cancellationToken)).Split('\n'))
        {
            if (line.Split('/') is [_, _, _, _, _, var name, ..] && name.EndsWith(".conf", StringComparison.Ordinal))
            {
                entries.Add(BootEntry.Parse(name, await AskAsync($"cat {menu}{name}", cancellationToken)));
            }
        }

        return entries;
    }

    private async Task<string> DumpAsync(string path, CancellationToken cancellationToken)
    {
        var into = Path.Combine(folder, path.Trim('/').Replace('/', '-'));
        await AskAsync($"dump /boot{path} {into}", cancellationToken);
        return new FileInfo(into) is { Exists: true, Length: > 0 } ? into : throw new InvalidDataException($"The boot loader finds no /boot{path} on the disk.");
    }

    /// <summary>debugfs says what is wrong on its error stream and ends well all the same.</summary>
    private async Task<string> AskAsync(string request, CancellationToken cancellationToken) =>
        (await HostCommand.RunAsync([HostTools.Find("debugfs") ?? "debugfs", "-R", request, disk], cancellationToken)).EnsureSuccess().Stdout;
}
