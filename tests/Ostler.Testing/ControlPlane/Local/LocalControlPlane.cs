using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Ostler.Testing.ControlPlane.Local;

/// <summary>A control plane made of processes on this machine.</summary>
internal sealed class LocalControlPlane : IRunningCluster
{
    private static readonly TimeSpan ProbePeriod = TimeSpan.FromMilliseconds(50);
    private readonly CertificateAuthority authority;
    private readonly RunFolder folder;
    private readonly ControlPlaneLayout layout;
    private readonly TimeSpan startTimeout;
    private readonly Component etcd;
    private readonly Component apiServer;
    private readonly Component? controllerManager;
    private readonly Component? scheduler;
    private readonly HttpClient probes;

    private LocalControlPlane(ControlPlaneBinaries binaries, TestClusterOptions options, RunFolder folder, CertificateAuthority authority)
    {
        this.folder = folder;
        this.authority = authority;
        startTimeout = options.StartTimeout;
        var ports = LoopbackPorts.Take(5);
        layout = new ControlPlaneLayout
        {
            Folder = folder,
            EtcdClientPort = ports[0],
            EtcdPeerPort = ports[1],
            ApiServerPort = ports[2],
            ControllerManagerPort = ports[3],
            SchedulerPort = ports[4],
        };
        var admin = authority.IssueClient("ostler-test-admin", ["system:masters"]);
        WritePki();
        AdminKubeconfig = Kubeconfig.ForCertificate(layout.ApiServer, authority.CertificatePem, "ostler-test-admin", admin).ToString();
        folder.Write(ControlPlaneLayout.KubeconfigFile("controller-manager"), ComponentKubeconfig("system:kube-controller-manager"));
        folder.Write(ControlPlaneLayout.KubeconfigFile("scheduler"), ComponentKubeconfig("system:kube-scheduler"));

        etcd = new("etcd", binaries.Etcd, ControlPlaneArguments.Etcd(layout), folder);
        apiServer = new("kube-apiserver", binaries.ApiServer, ControlPlaneArguments.ApiServer(layout, options), folder);
        controllerManager = options.Wants(ControlPlaneComponents.ControllerManager)
            ? new("kube-controller-manager", binaries.ControllerManager!, ControlPlaneArguments.ControllerManager(layout, binaries.Version, options), folder)
            : null;
        scheduler = options.Wants(ControlPlaneComponents.Scheduler)
            ? new("kube-scheduler", binaries.Scheduler!, ControlPlaneArguments.Scheduler(layout, binaries.Version, options), folder)
            : null;
        probes = CreateProbeClient(admin);
    }

    public Uri Server => layout.ApiServer;

    public string AdminKubeconfig { get; }

    public bool CanRestartApiServer => true;

    public CertificateAuthority Authority => authority;

    /// <summary>Starts the components and waits until each reports itself healthy.</summary>
    /// <exception cref="ClusterStartException">A component ended or was not ready in time; the message holds the end of its log.</exception>
    public static async Task<LocalControlPlane> StartAsync(
        ControlPlaneBinaries binaries, TestClusterOptions options, RunFolder folder, CancellationToken cancellationToken)
    {
        var controlPlane = new LocalControlPlane(binaries, options, folder, new CertificateAuthority());
        try
        {
            await controlPlane.StartAllAsync(cancellationToken).ConfigureAwait(false);
            return controlPlane;
        }
        catch
        {
            folder.KeepLogs();
            await controlPlane.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    public Task StopApiServerAsync(bool graceful, CancellationToken cancellationToken) => apiServer.StopAsync(graceful, cancellationToken);

    public async Task StartApiServerAsync(CancellationToken cancellationToken)
    {
        using var deadline = Deadline(cancellationToken);
        await apiServer.StartAsync().ConfigureAwait(false);
        await ReadyAsync(apiServer, new(layout.ApiServer, "/readyz"), deadline.Token).ConfigureAwait(false);
    }

    public ValueTask DisposeAsync()
    {
        probes.Dispose();

        // Nothing is worth saving: the clients go first, so that they do not log a storm of errors, etcd last.
        foreach (var component in (Component?[])[scheduler, controllerManager, apiServer, etcd])
        {
            component?.Dispose();
        }

        authority.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task StartAllAsync(CancellationToken cancellationToken)
    {
        using var deadline = Deadline(cancellationToken);
        await etcd.StartAsync().ConfigureAwait(false);
        await ReadyAsync(etcd, new(layout.EtcdClient, "/health"), deadline.Token).ConfigureAwait(false);
        await apiServer.StartAsync().ConfigureAwait(false);
        await ReadyAsync(apiServer, new(layout.ApiServer, "/readyz"), deadline.Token).ConfigureAwait(false);

        // Only now: a controller manager that finds no API server at its start ends instead of waiting.
        await Task.WhenAll(
            StartAsync(controllerManager, layout.ControllerManagerPort),
            StartAsync(scheduler, layout.SchedulerPort)).ConfigureAwait(false);

        async Task StartAsync(Component? component, int port)
        {
            if (component is not null)
            {
                await component.StartAsync().ConfigureAwait(false);
                var health = string.Create(CultureInfo.InvariantCulture, $"https://127.0.0.1:{port}/healthz");
                await ReadyAsync(component, new(health), deadline.Token).ConfigureAwait(false);
            }
        }
    }

    private CancellationTokenSource Deadline(CancellationToken cancellationToken)
    {
        var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(startTimeout);
        return deadline;
    }

    private async Task ReadyAsync(Component component, Uri health, CancellationToken deadline)
    {
        var began = Stopwatch.GetTimestamp();
        var last = "";
        using var ticks = new PeriodicTimer(ProbePeriod);
        try
        {
            do
            {
                if (component.HasExited)
                {
                    throw new ClusterStartException($"{component.Name} ended while starting.{Logs()}");
                }

                try
                {
                    using var response = await probes.GetAsync(health, deadline).ConfigureAwait(false);
                    if (response.IsSuccessStatusCode)
                    {
                        return;
                    }

                    last = await response.Content.ReadAsStringAsync(deadline).ConfigureAwait(false);
                }
                catch (Exception e) when (e is HttpRequestException || (e is OperationCanceledException && !deadline.IsCancellationRequested))
                {
                    // Nobody listens yet, or somebody does but is too busy starting to finish a handshake.
                    last = e.Message;
                }
            }
            while (await ticks.WaitForNextTickAsync(deadline).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            throw new ClusterStartException(
                $"{component.Name} was not ready after {Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s. Last answer of {health}: {last}{Logs()}");
        }
    }

    private string Logs()
    {
        var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"\nLogs are kept in {folder.FullPath}.");
        foreach (var component in (Component?[])[etcd, apiServer, controllerManager, scheduler])
        {
            if (component is not null)
            {
                text.Append(CultureInfo.InvariantCulture, $"\n--- {component.Name} ---\n{component.Tail()}");
            }
        }

        return text.ToString();
    }

    private void WritePki()
    {
        Write("ca", new(authority.CertificatePem, authority.KeyPem));
        Write("apiserver", authority.IssueServer("kube-apiserver", IPAddress.Parse(ControlPlaneArguments.KubernetesServiceAddress)));
        var (privateKey, publicKey) = CertificateAuthority.CreateTokenKey();
        folder.Write("pki/sa.key", privateKey);
        folder.Write("pki/sa.pub", publicKey);

        void Write(string name, PemPair pair)
        {
            folder.Write(ControlPlaneLayout.CertificateFile(name), pair.Certificate);
            folder.Write(ControlPlaneLayout.KeyFile(name), pair.Key);
        }
    }

    /// <summary>Members of system:masters: without a service account for each controller, the one user must be allowed
    /// what all of them are.</summary>
    private string ComponentKubeconfig(string user) => Kubeconfig
        .ForCertificate(layout.ApiServer, authority.CertificatePem, user, authority.IssueClient(user, ["system:masters"]))
        .ToString();

    private HttpClient CreateProbeClient(PemPair admin) => new(new SocketsHttpHandler
    {
        SslOptions = new SslClientAuthenticationOptions
        {
            ClientCertificates = [X509Certificate2.CreateFromPem(admin.Certificate, admin.Key)],
            CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                CustomTrustStore = { X509Certificate2.CreateFromPem(authority.CertificatePem) },
                RevocationMode = X509RevocationMode.NoCheck,
            },
        },
    })
    {
        Timeout = TimeSpan.FromSeconds(5),
    };
}
