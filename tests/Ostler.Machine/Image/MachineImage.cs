using System.Security.Cryptography;
using System.Text;
using Ostler.Testing.Hosts;
using Ostler.Testing.Tools;

namespace Ostler.Machine.Image;

/// <summary>What a machine is installed from, built once for each content and kept in the cache.</summary>
/// <param name="Disk">A disk on which release 1.0 is installed. Never booted: copy it.</param>
/// <param name="Repository">An archive-mode repository with the branches v1 to v6.</param>
internal sealed record MachineImage(string Disk, string Repository)
{
    /// <param name="progress">Gets a line now and then: the first time takes minutes.</param>
    /// <param name="cancellationToken">Ends the work; nothing half made is left behind.</param>
    /// <exception cref="InvalidOperationException">It cannot be made here; why is in the message.</exception>
    public static async Task<MachineImage> PrepareAsync(Action<string> progress, CancellationToken cancellationToken)
    {
        var recipes = AppContext.BaseDirectory;
        var (debian, guest) = (Path.Combine(recipes, "build-os.sh"), Path.Combine(recipes, "guest"));
        var osKey = Key([debian]);
        var os = await CachedAsync($"machine-os-{osKey}", into => RunAsync(["bash", debian, into], progress, cancellationToken), cancellationToken);
        var image = Path.Combine(recipes, "build-image.sh");
        var key = Key([debian, image, .. Directory.EnumerateFiles(guest, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)]);
        var made = await CachedAsync($"machine-{key}", into => RunAsync(["bash", image, os, guest, into], progress, cancellationToken), cancellationToken);
        return new MachineImage(Path.Combine(made, "disk.img"), Path.Combine(made, "repo"));
    }

    /// <summary>What is missing on this machine and cannot be installed; null when nothing is.</summary>
    public static string? WhyNot()
    {
        if (System.Runtime.InteropServices.RuntimeInformation.OSArchitecture != System.Runtime.InteropServices.Architecture.X64 || !Environment.IsPrivilegedProcess)
        {
            return "The machine is an x64 one, made from this one's packages, and so needs root on a Debian for x64.";
        }

        (string Command, string Package)[] tools =
            [("ostree", "ostree"), ("mmdebstrap", "mmdebstrap"), ("qemu-system-x86_64", "qemu-system-x86"), ("debugfs", "e2fsprogs"), ("mke2fs", "e2fsprogs")];
        var missing = tools.Where(tool => !HostTools.EnsureInstalled(tool.Command, tool.Package)).Select(tool => tool.Package).Distinct().ToList();
        return missing.Count == 0 ? null : $"The machine needs {string.Join(", ", missing)}. As root: apt-get install --no-install-recommends {string.Join(' ', missing)}";
    }

    private static async Task<string> CachedAsync(string name, Func<string, Task> make, CancellationToken cancellationToken)
    {
        var (folder, whyNot) = await ProgramCache.GetAsync(
            name,
            async (into, _) =>
            {
                await make(into);
                return null;
            },
            cancellationToken);
        return folder ?? throw new InvalidOperationException(whyNot);
    }

    private static async Task RunAsync(string[] command, Action<string> progress, CancellationToken cancellationToken)
    {
        var start = new System.Diagnostics.ProcessStartInfo(command[0], command.Skip(1)) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = System.Diagnostics.Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync(cancellationToken);
        try
        {
            while (await process.StandardOutput.ReadLineAsync(cancellationToken) is { } line)
            {
                progress("image: " + line);
            }

            await process.WaitForExitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        if (process.ExitCode != 0)
        {
            throw new InvalidOperationException($"{Path.GetFileName(command[1])} ended with {process.ExitCode}:\n{await errors}");
        }
    }

    private static string Key(IEnumerable<string> files)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in files)
        {
            // The mode counts, too: what is not executable does not run.
            var mode = OperatingSystem.IsWindows() ? default : File.GetUnixFileMode(file);
            hash.AppendData(Encoding.UTF8.GetBytes($"{Path.GetRelativePath(AppContext.BaseDirectory, file)} {mode & UnixFileMode.UserExecute}\n"));
            hash.AppendData(File.ReadAllBytes(file));
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset())[..12];
    }
}
