using Ostler.Testing.Hosts;

namespace Ostler.Testing.Registries;

/// <summary>A program of a Debian package, unpacked into the cache: to install it would start its server on the default port.</summary>
internal static class DebianPackage
{
    private static readonly SemaphoreSlim Unpacking = new(1);

    /// <returns>The program, or why it cannot be had here.</returns>
    public static async Task<(string? Program, string WhyNot)> UnpackAsync(string package, string path, CancellationToken cancellationToken)
    {
        await Unpacking.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            return await UnpackOnceAsync(package, path, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            Unpacking.Release();
        }
    }

    private static async Task<(string? Program, string WhyNot)> UnpackOnceAsync(string package, string path, CancellationToken cancellationToken)
    {
        var home = Environment.GetEnvironmentVariable("XDG_CACHE_HOME") is { Length: > 0 } set
            ? set
            : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), ".cache");
        var cache = Path.Combine(home, "ostler", package);
        var program = Path.Combine(cache, path);
        if (File.Exists(program))
        {
            return (program, "");
        }

        if (HostTools.Find("apt-get") is null || HostTools.Find("dpkg-deb") is null)
        {
            return (null, $"{package} is not here, and this machine does not run Debian.");
        }

        // Beside the cache and moved into it whole: another test process may be at the same.
        Directory.CreateDirectory(Path.GetDirectoryName(cache)!);
        var scratch = Directory.CreateDirectory($"{cache}.{Environment.ProcessId}");
        try
        {
            const string script = "cd \"$1\" && { apt-get download \"$2\" || { apt-get -qq update && apt-get download \"$2\"; }; } && dpkg-deb -x \"$2\"_*.deb x";
            var result = await HostCommand.RunAsync(["bash", "-c", script, "bash", scratch.FullName, package], cancellationToken).ConfigureAwait(false);
            if (result.ExitCode != 0)
            {
                return (null, $"Debian's package {package} cannot be had here: {result.Stderr.Trim()}");
            }

            Directory.Move(Path.Combine(scratch.FullName, "x"), cache);
        }
        catch (IOException) when (File.Exists(program))
        {
        }
        finally
        {
            scratch.Delete(recursive: true);
        }

        return (program, "");
    }
}
