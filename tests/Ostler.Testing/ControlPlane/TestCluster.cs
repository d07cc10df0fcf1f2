using k8s;

namespace Ostler.Testing.ControlPlane;

/// <summary>A real Kubernetes API for tests, from the first source that has one: an existing cluster
/// (<c>OSTLER_TEST_KUBECONFIG</c>), a folder of programs (<c>KUBEBUILDER_ASSETS</c>), k3s in Docker, the envtest archive, or a
/// build from Debian's source package.</summary>
/// <remarks>Local components listen on loopback only and die with the test process, even when that is killed.</remarks>
public sealed partial class TestCluster : IAsyncDisposable
{
    private readonly IRunningCluster _running;
    private readonly RunFolder _folder;
    private readonly string _runId = Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(3));
    private readonly k8s.Kubernetes _admin;
    private int _names;

    private TestCluster(IRunningCluster running, RunFolder folder, string description)
    {
        _running = running;
        _folder = folder;
        Description = description;
        KubeconfigPath = folder.Write("admin.kubeconfig", running.AdminKubeconfig);
        var configuration = KubernetesClientConfiguration.BuildConfigFromConfigFile(KubeconfigPath);
        Server = new Uri(configuration.Host);
        _admin = new k8s.Kubernetes(configuration);
    }

    /// <summary>Where the cluster came from, for people.</summary>
    public string Description { get; }

    public Uri Server { get; }

    /// <summary>A kubeconfig file of a user who may do everything.</summary>
    public string KubeconfigPath { get; }

    /// <summary>Logs of the components, where they are ours; removed with the cluster.</summary>
    public string LogFolder => _folder.FullPath;

    /// <summary>The library's own client, as a user who may do everything. It is independent of the client under test:
    /// arrange and look with this one.</summary>
    public IKubernetes Admin => _admin;

    public ClusterCapabilities Capabilities { get; private set; } = null!;

    /// <summary>Starts a cluster, or connects to the existing one.</summary>
    /// <exception cref="ClusterStartException">There is no source, or the cluster did not start.</exception>
    public static Task<TestCluster> StartAsync(TestClusterOptions? options = null, CancellationToken cancellationToken = default) =>
        StartAsync(new ClusterRequest(options ?? new(), Environment.GetEnvironmentVariable), ClusterSources.InOrder, cancellationToken);

    /// <summary>Downloads or builds what a complete cluster needs, so that the tests later start at once.</summary>
    /// <param name="progress">Gets a line now and then. Default: the error stream.</param>
    /// <param name="cancellationToken">Ends the work; a build that is broken off leaves nothing behind.</param>
    /// <returns>Which cluster the tests will use.</returns>
    public static async Task<string> PrepareAsync(Action<string>? progress = null, CancellationToken cancellationToken = default)
    {
        var options = new TestClusterOptions();
        options = options with { Progress = progress ?? options.Progress };
        var request = new ClusterRequest(options, Environment.GetEnvironmentVariable);
        return (await ClusterSources.FindAsync(ClusterSources.InOrder, request, cancellationToken).ConfigureAwait(false)).Description;
    }

    internal static async Task<TestCluster> StartAsync(
        ClusterRequest request, IReadOnlyList<IClusterSource> sources, CancellationToken cancellationToken)
    {
        var answer = await ClusterSources.FindAsync(sources, request, cancellationToken).ConfigureAwait(false);
        var folder = RunFolder.Create();
        TestCluster cluster;
        try
        {
            var running = await answer.Start!(folder, cancellationToken).ConfigureAwait(false);
            cluster = new TestCluster(running, folder, answer.Description);
        }
        catch
        {
            folder.Dispose();
            throw;
        }

        try
        {
            await cluster.DiscoverAsync(answer, request.Options, cancellationToken).ConfigureAwait(false);
            return cluster;
        }
        catch
        {
            await cluster.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>A name that nothing else in this cluster has, for objects outside namespaces. Valid as a DNS label.</summary>
    public string UniqueName(string prefix) => $"{prefix}-{_runId}-{Interlocked.Increment(ref _names)}";

    /// <summary>Ends the API server; connections break off. Data stays in etcd, the controllers keep trying.</summary>
    /// <param name="graceful">True: it may finish running requests and close its watches. False: it is killed.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="NotSupportedException"><see cref="ClusterCapabilities.CanRestartApiServer"/> is false.</exception>
    public Task StopApiServerAsync(bool graceful = false, CancellationToken cancellationToken = default) =>
        _running.StopApiServerAsync(graceful, cancellationToken);

    /// <summary>Starts the API server again, at the same address, and waits until it is ready.</summary>
    /// <remarks>Clients come back in their own time. Those of the real controllers and of the scheduler pause longer the longer the
    /// outage was, up to half a minute: wait for what they do with more patience than usual.</remarks>
    /// <inheritdoc cref="StopApiServerAsync" path="/exception"/>
    public Task StartApiServerAsync(CancellationToken cancellationToken = default) => _running.StartApiServerAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        _admin.Dispose();
        await _running.DisposeAsync().ConfigureAwait(false);
        _folder.Dispose();
    }

    private async Task DiscoverAsync(SourceAnswer answer, TestClusterOptions options, CancellationToken cancellationToken)
    {
        var components = answer.Components ?? options.Components;
        var version = await _admin.Version.GetCodeAsync(cancellationToken).ConfigureAwait(false);
        Capabilities = new ClusterCapabilities
        {
            Version = KubernetesVersion.Parse(version.GitVersion),
            HasControllerManager = components.HasFlag(ControlPlaneComponents.ControllerManager),
            HasScheduler = components.HasFlag(ControlPlaneComponents.Scheduler),
            CanRestartApiServer = _running.CanRestartApiServer,
            IsShared = answer.IsShared,
        };
    }
}
