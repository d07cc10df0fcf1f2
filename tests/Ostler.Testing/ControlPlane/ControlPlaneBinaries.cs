namespace Ostler.Testing.ControlPlane;

/// <summary>The programs of one Kubernetes version on this machine.</summary>
internal sealed record ControlPlaneBinaries
{
    public required KubernetesVersion Version { get; init; }

    public required string ApiServer { get; init; }

    public required string Etcd { get; init; }

    /// <summary>Null where the folder has none.</summary>
    public string? ControllerManager { get; init; }

    /// <inheritdoc cref="ControllerManager"/>
    public string? Scheduler { get; init; }

    /// <summary>Finds the programs in a folder; etcd may also be the machine's own.</summary>
    /// <returns>The programs, or what is missing.</returns>
    public static async Task<(ControlPlaneBinaries? Found, string Missing)> FindAsync(
        string folder, TestClusterOptions options, CancellationToken cancellationToken)
    {
        var apiServer = In("kube-apiserver");
        var etcd = In("etcd") ?? Executables.FindOnPath("etcd");
        var controllerManager = In("kube-controller-manager");
        var scheduler = In("kube-scheduler");
        List<string> missing = [];
        Require(apiServer, "kube-apiserver", true);
        Require(etcd, "etcd (neither there nor on PATH)", true);
        Require(controllerManager, "kube-controller-manager", options.Wants(ControlPlaneComponents.ControllerManager));
        Require(scheduler, "kube-scheduler", options.Wants(ControlPlaneComponents.Scheduler));
        if (missing.Count > 0)
        {
            return (null, $"{folder} lacks {string.Join(", ", missing)}");
        }

        var (exitCode, output) = await Executables.RunAsync(apiServer!, ["--version"], cancellationToken).ConfigureAwait(false);
        if (exitCode != 0)
        {
            return (null, $"{apiServer} --version failed with exit code {exitCode}: {output.Trim()}");
        }

        var found = new ControlPlaneBinaries
        {
            Version = KubernetesVersion.Parse(output),
            ApiServer = apiServer!,
            Etcd = etcd!,
            ControllerManager = controllerManager,
            Scheduler = scheduler,
        };
        return (found, "");

        string? In(string name) => Path.Combine(folder, name) is var path && Executables.IsExecutable(path) ? path : null;

        void Require(string? path, string name, bool wanted)
        {
            if (wanted && path is null)
            {
                missing.Add(name);
            }
        }
    }
}
