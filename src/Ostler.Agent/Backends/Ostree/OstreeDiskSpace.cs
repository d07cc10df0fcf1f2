using System.Globalization;
using Ostler.Agent.Host;
using Ostler.Api.Meta;
using Ostler.Api.Shared;

namespace Ostler.Agent.Backends.Ostree;

/// <summary>Whether there is room, asked beforehand: /boot would be found full only while the host shuts down.</summary>
internal sealed class OstreeDiskSpace(OstreeCommands ostree)
{
    /// <summary>Room in the repository's file system below which a pull is not even begun.</summary>
    public const long MinimumForPull = 64 * 1024 * 1024;

    /// <summary>Room in /boot beyond the kernel itself, for directories and the bootloader's entries.</summary>
    public const long BootReserve = 1024 * 1024;

    private const string ModulesDirectory = "/usr/lib/modules";

    /// <exception cref="HostToolException">DiskFull.</exception>
    public async Task CheckForPullAsync(CancellationToken cancellationToken)
    {
        if (await FreeAsync("/ostree/repo", cancellationToken) is { } free && free < MinimumForPull)
        {
            throw new HostToolException(
                Reasons.DiskFull, $"The file system of /ostree/repo has {Mebibytes(free)} left; at least {Mebibytes(MinimumForPull)} are required to start a pull.");
        }
    }

    /// <summary>
    /// For images of which nothing is known before they are here: a /boot that has not even <see cref="BootReserve"/> left takes no kernel.
    /// </summary>
    /// <exception cref="HostToolException">BootFull.</exception>
    public async Task CheckAnyForBootAsync(CancellationToken cancellationToken)
    {
        if (await FreeAsync("/boot", cancellationToken) is { } free && free < BootReserve)
        {
            throw new HostToolException(
                Reasons.BootFull, $"/boot has {Mebibytes(free)} left, which is too little for any kernel. Remove deployments that are no longer needed.");
        }
    }

    /// <summary>
    /// Compares the commit's kernel with the room in /boot. ostree could make room by dropping what is kept for a rollback; this says no
    /// instead.
    /// </summary>
    /// <exception cref="HostToolException">BootFull.</exception>
    public async Task CheckForBootAsync(string commit, string bootedCommit, CancellationToken cancellationToken)
    {
        var kernel = await KernelFilesAsync(commit, cancellationToken);
        var needed = kernel.Sum(f => f.Size) + BootReserve;
        if (await FreeAsync("/boot", cancellationToken) is not { } free || free >= needed)
        {
            return;
        }

        // The same kernel with the same initramfs is shared by the deployments: it lies in /boot already.
        var booted = await KernelFilesAsync(bootedCommit, cancellationToken);
        if (kernel.Count > 0 && kernel.Select(f => f.Checksum).ToHashSet().SetEquals(booted.Select(f => f.Checksum)))
        {
            return;
        }

        throw new HostToolException(
            Reasons.BootFull, $"/boot has {Mebibytes(free)} left, the kernel of {Digest.Shorten(commit)} needs {Mebibytes(needed)}. Remove deployments that are no longer needed.");
    }

    /// <summary>The files that go to /boot. Empty when the tree keeps its kernel elsewhere, which is then left to ostree.</summary>
    private async Task<IReadOnlyList<TreeFile>> KernelFilesAsync(string commit, CancellationToken cancellationToken)
    {
        List<TreeFile> files = [];
        foreach (var directory in await ListAsync(commit, ModulesDirectory, cancellationToken))
        {
            if (directory.IsDirectory && directory.Path != ModulesDirectory)
            {
                files.AddRange((await ListAsync(commit, directory.Path, cancellationToken)).Where(f => !f.IsDirectory && IsBootFile(Path.GetFileName(f.Path))));
            }
        }

        return files;
    }

    private static bool IsBootFile(string name) =>
        name.StartsWith("vmlinuz", StringComparison.Ordinal)
        || name.StartsWith("initramfs", StringComparison.Ordinal)
        || name.StartsWith("devicetree", StringComparison.Ordinal);

    private async Task<IReadOnlyList<TreeFile>> ListAsync(string commit, string path, CancellationToken cancellationToken)
    {
        var result = await ostree.TryAsync(new HostCommand("ostree", OstreeCommands.Repository, "ls", "-C", commit, path), cancellationToken);
        return result.Succeeded ? [.. result.Stdout.Split('\n').Select(TreeFile.Parse).OfType<TreeFile>()] : [];
    }

    /// <summary>Bytes that are free for root; null when the host cannot say, which must not hold up an update.</summary>
    private async Task<long?> FreeAsync(string path, CancellationToken cancellationToken)
    {
        var result = await ostree.TryAsync(new HostCommand("stat", "--file-system", "--format=%a %S", path), cancellationToken);
        return result.Succeeded
            && result.Stdout.Trim().Split(' ') is [var blocks, var size]
            && long.TryParse(blocks, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            && long.TryParse(size, NumberStyles.None, CultureInfo.InvariantCulture, out var bytes)
            ? count * bytes
            : null;
    }

    private static string Mebibytes(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / (1024.0 * 1024.0):0.0} MiB");

    /// <summary>A line of <c>ostree ls -C</c>: <c>-00644 0 0 4411 &lt;checksum&gt; /usr/…</c>; directories have two checksums.</summary>
    internal sealed record TreeFile(bool IsDirectory, long Size, string Checksum, string Path)
    {
        public static TreeFile? Parse(string line)
        {
            var words = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            var slash = Array.FindIndex(words, w => w.StartsWith('/'));
            return slash >= 5 && long.TryParse(words[3], NumberStyles.None, CultureInfo.InvariantCulture, out var size)
                ? new TreeFile(words[0][0] == 'd', size, words[4], words[slash])
                : null;
        }
    }
}
