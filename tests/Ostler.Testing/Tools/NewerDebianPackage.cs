using Ostler.Testing.Hosts;

namespace Ostler.Testing.Tools;

/// <summary>
/// Programs of a newer Debian than the machine's, unpacked into the cache. The mirror is the one that apt is set up with; its lists, its
/// sources and its cache are
/// private, so that nothing of the newer suite can ever be installed on the machine.
/// </summary>
public static class NewerDebianPackage
{
    private const string Script =
        """
        set -e
        mkdir -p "$1/apt/lists/partial" "$1/apt/cache/archives/partial"
        release=$(. /etc/os-release && echo "$VERSION_CODENAME")
        mirror=$(apt-get indextargets --format '$(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' | awk -v r="$release" '$2 == r && $3 == "main" {print $1; exit}')
        [ -n "$mirror" ] || { echo "apt has no mirror for $release" >&2; exit 1; }
        echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $2 main" > "$1/apt/sources.list"
        set -- "$1" "$3" -o Dir::State::Lists="$1/apt/lists" -o Dir::Cache="$1/apt/cache" -o Dir::Etc::SourceList="$1/apt/sources.list" \
          -o Dir::Etc::SourceParts=/dev/null -o APT::Sandbox::User=root -o Acquire::Languages=none -o Acquire::Retries=2
        into=$1 package=$2; shift 2
        cd "$into"
        apt-get -qq "$@" update >&2
        apt-get -qq "$@" download "$package" >&2
        dpkg-deb -x "$package"_*.deb .
        rm -rf apt "$package"_*.deb
        """;

    /// <summary>Where a program of a package is.</summary>
    /// <param name="suite">The suite, as in <c>forky</c>.</param>
    /// <param name="package">The package. What it depends on is not unpacked.</param>
    /// <param name="program">The program in its /usr/bin.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>Its path, or why there is none here, for a test's skip reason.</returns>
    public static async Task<(string? Program, string WhyNot)> FindAsync(string suite, string package, string program, CancellationToken cancellationToken)
    {
        var (folder, whyNot) = await ProgramCache.GetAsync($"{package}-{suite}", (into, cancel) => UnpackAsync(suite, package, into, cancel), cancellationToken)
            .ConfigureAwait(false);
        var path = folder is null ? null : Path.Combine(folder, "usr", "bin", program);
        return path is null || File.Exists(path) ? (path, whyNot) : (null, $"The package {package} of Debian {suite} has no program {program}.");
    }

    private static async Task<string?> UnpackAsync(string suite, string package, string into, CancellationToken cancellationToken)
    {
        if (HostTools.Find("apt-get") is null || HostTools.Find("dpkg-deb") is null)
        {
            return $"{package} of Debian {suite} is not available here: this machine does not run Debian.";
        }

        var result = await HostCommand.RunAsync(["bash", "-c", Script, "bash", into, suite, package], cancellationToken).ConfigureAwait(false);
        return result.ExitCode == 0 ? null : $"{package} of Debian {suite} is not available here: {result.Stderr.Trim()}";
    }
}
