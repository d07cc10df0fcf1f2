using System.Diagnostics;

namespace Ostler.Testing.ControlPlane;

/// <summary>Built once from the source package of the machine's own Debian mirror, and kept in the cache.</summary>
internal sealed class DebianBuildSource : IClusterSource
{
    /// <summary>Chooses among several versions in the cache.</summary>
    public const string VersionVariable = "OSTLER_TEST_KUBERNETES_VERSION";

    private const string Script = "build-kubernetes.sh";

    public string Name => "Debian source package";

    public async Task<SourceAnswer> OfferAsync(ClusterRequest request, bool allowPreparation, CancellationToken cancellationToken)
    {
        var (binaries, missing) = await FindCachedAsync(request, cancellationToken).ConfigureAwait(false);
        if (binaries is null && allowPreparation)
        {
            if (!File.Exists("/etc/debian_version"))
            {
                return SourceAnswer.No("this machine does not run Debian");
            }

            if (await BuildAsync(request, cancellationToken).ConfigureAwait(false) is { } failure)
            {
                return SourceAnswer.No(failure);
            }

            (binaries, missing) = await FindCachedAsync(request, cancellationToken).ConfigureAwait(false);
        }

        return binaries is null
            ? SourceAnswer.No(missing)
            : SourceAnswer.Local($"built from Debian's source package in {request.CacheFolder}", binaries, request.Options);
    }

    /// <summary>The lowest version that is there and complete: the tests are to run against the oldest that is supported.</summary>
    private static async Task<(ControlPlaneBinaries? Found, string Missing)> FindCachedAsync(
        ClusterRequest request, CancellationToken cancellationToken)
    {
        var wanted = request.Environment(VersionVariable) is { Length: > 0 } text ? KubernetesVersion.Parse(text) : (KubernetesVersion?)null;
        var missing = $"nothing built in {request.CacheFolder}";
        if (!Directory.Exists(request.CacheFolder))
        {
            return (null, missing);
        }

        foreach (var (version, folder) in Versions(request.CacheFolder).OrderBy(v => v.Version))
        {
            if (wanted is null || wanted == version)
            {
                (var found, missing) = await ControlPlaneBinaries.FindAsync(folder, request.Options, cancellationToken).ConfigureAwait(false);
                if (found is not null)
                {
                    return (found, "");
                }
            }
        }

        return (null, missing);
    }

    private static IEnumerable<(KubernetesVersion Version, string Folder)> Versions(string cache)
    {
        foreach (var folder in Directory.EnumerateDirectories(cache))
        {
            // Hidden folders are builds under way.
            var name = Path.GetFileName(folder);
            if (char.IsAsciiDigit(name[0]))
            {
                yield return (KubernetesVersion.Parse(name), folder);
            }
        }
    }

    /// <summary>What a user reads before a build that takes minutes: that it comes, and how to do without.</summary>
    public static IReadOnlyList<string> Announcement(string cacheFolder) =>
    [
        $"No Kubernetes control plane on this machine. Building one from Debian's source package into {cacheFolder} (once, about 10 minutes on 2 cores).",
        $"To avoid the build: press Ctrl-C, then set {AssetsFolderSource.Variable} to a directory with kube-apiserver, etcd, kube-controller-manager and kube-scheduler (envtest or a release), "
            + $"or {ExistingClusterSource.Variable} to the kubeconfig of a test cluster (kind, k3d).",
    ];

    /// <returns>Null, or why the build failed.</returns>
    private static async Task<string?> BuildAsync(ClusterRequest request, CancellationToken cancellationToken)
    {
        var script = Path.Combine(AppContext.BaseDirectory, "ControlPlane", Script);
        foreach (var line in Announcement(request.CacheFolder))
        {
            request.Options.Progress(line);
        }

        var info = new ProcessStartInfo("/bin/bash", [script])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["OSTLER_KUBERNETES_CACHE"] = request.CacheFolder },
        };
        using var process = await ProcessLauncher.StartAsync(info).ConfigureAwait(false);
        var last = new Queue<string>();
        try
        {
            await Task.WhenAll(ReportAsync(process.StandardOutput), ReportAsync(process.StandardError)).ConfigureAwait(false);
            await process.WaitForExitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }

        return process.ExitCode == 0 ? null : $"the build failed with exit code {process.ExitCode}:\n    {string.Join("\n    ", last)}";

        async Task ReportAsync(StreamReader lines)
        {
            while (await lines.ReadLineAsync(cancellationToken).ConfigureAwait(false) is { } line)
            {
                lock (last)
                {
                    last.Enqueue(line);
                    if (last.Count > 15)
                    {
                        last.Dequeue();
                    }
                }

                // Whoever shows it puts a clock before it.
                request.Options.Progress(line);
            }
        }
    }
}
