using Ostler.Testing.Hosts;

namespace Ostler.Testing.Tools;

/// <summary>
/// Programs of Debian's packages, from the machine's PATH or unpacked into the cache: installing a server's package would start it.
/// </summary>
public static class DebianPackage
{
    /// <summary>Where a program of a package is.</summary>
    /// <returns>Its path, or why there is none here, for a test's skip reason.</returns>
    public static async Task<(string? Program, string WhyNot)> FindAsync(string package, string program, CancellationToken cancellationToken)
    {
        if (HostTools.Find(program) is { } installed)
        {
            return (installed, "");
        }

        var (folder, whyNot) = await ProgramCache.GetAsync(package, (into, cancel) => UnpackAsync(package, into, cancel), cancellationToken).ConfigureAwait(false);
        var path = folder is null ? null : Path.Combine(folder, "usr", "bin", program);
        return path is null || File.Exists(path) ? (path, whyNot) : (null, $"Debian's package {package} has no program {program}.");
    }

    private static async Task<string?> UnpackAsync(string package, string into, CancellationToken cancellationToken)
    {
        if (HostTools.Find("apt-get") is null || HostTools.Find("dpkg-deb") is null)
        {
            return $"{package} is not installed here, and this machine does not run Debian.";
        }

        const string script = "cd \"$1\" && { apt-get download \"$2\" || { apt-get -qq update && apt-get download \"$2\"; }; } && dpkg-deb -x \"$2\"_*.deb . && rm \"$2\"_*.deb";
        var result = await HostCommand.RunAsync(["bash", "-c", script, "bash", into, package], cancellationToken).ConfigureAwait(false);
        return result.ExitCode == 0 ? null : $"Debian's package {package} cannot be had here: {result.Stderr.Trim()}";
    }
}
