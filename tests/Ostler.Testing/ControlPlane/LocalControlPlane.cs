using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Ostler.Testing.Waiting;

namespace Ostler.Testing.ControlPlane;

/// <summary>A control plane made of processes on this machine.</summary>
internal sealed class LocalControlPlane : IRunningCluster
{
    private static readonly TimeSpan ProbePeriod = TimeSpan.FromMilliseconds(50);
    // The log is read once a second.
    private const int ProbesPerLook = 20;
    private readonly CertificateAuthority _authority;
    private readonly RunFolder _folder;
    private readonly ControlPlaneLayout _layout;
    private readonly TimeSpan _startPatience;
    private readonly Component _etcd;
    private readonly Component _apiServer;
    private readonly Component? _controllerManager;
    private readonly Component? _scheduler;
    private readonly HttpClient _probes;

    private LocalControlPlane(ControlPlaneBinaries binaries, TestClusterOptions options, RunFolder folder, CertificateAuthority authority)
    {
        _folder = folder;
        _authority = authority;
        _startPatience = options.StartPatience;
        var ports = LoopbackPorts.Take(5);
        _layout = new ControlPlaneLayout
        {
            Folder = _folder,
            EtcdClientPort = ports[0],
            EtcdPeerPort = ports[1],
            ApiServerPort = ports[2],
            ControllerManagerPort = ports[3],
            SchedulerPort = ports[4],
        };
        var admin = _authority.IssueClient("ostler-test-admin", ["system:masters"]);
        WritePki();
        AdminKubeconfig = Kubeconfig.ForCertificate(_layout.ApiServer, _authority.CertificatePem, "ostler-test-admin", admin).ToString();
        _folder.Write(ControlPlaneLayout.KubeconfigFile("controller-manager"), ComponentKubeconfig("system:kube-controller-manager"));
        _folder.Write(ControlPlaneLayout.KubeconfigFile("scheduler"), ComponentKubeconfig("system:kube-scheduler"));

        _etcd = new("etcd", binaries.Etcd, ControlPlaneArguments.Etcd(_layout), _folder);
        _apiServer = new("kube-apiserver", binaries.ApiServer, ControlPlaneArguments.ApiServer(_layout, options), _folder);
        _controllerManager = options.Wants(ControlPlaneComponents.ControllerManager)
            ? new("kube-controller-manager", binaries.ControllerManager!, ControlPlaneArguments.ControllerManager(_layout, binaries.Version, options), _folder)
            : null;
        _scheduler = options.Wants(ControlPlaneComponents.Scheduler)
            ? new("kube-scheduler", binaries.Scheduler!, ControlPlaneArguments.Scheduler(_layout, binaries.Version, options), _folder)
            : null;
        _probes = CreateProbeClient(admin);
    }

    public Uri Server => _layout.ApiServer;

    public string AdminKubeconfig { get; }

    public bool CanRestartApiServer => true;

    public CertificateAuthority Authority => _authority;

    /// <summary>Starts the components and waits until each reports itself healthy.</summary>
    /// <exception cref="ClusterStartException">A component ended or was not ready in time; the message holds the end of its
    /// log.</exception>
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

    public Task StopApiServerAsync(bool graceful, CancellationToken cancellationToken) => _apiServer.StopAsync(graceful, cancellationToken);

    public async Task StartApiServerAsync(CancellationToken cancellationToken)
    {
        await _apiServer.StartAsync().ConfigureAwait(false);
        await ReadyAsync(_apiServer, new(_layout.ApiServer, "/readyz"), cancellationToken).ConfigureAwait(false);
    }

    public ValueTask DisposeAsync()
    {
        _probes.Dispose();

        // Nothing is worth saving: the clients go first, so that they do not log a storm of errors, etcd last.
        foreach (var component in (Component?[])[_scheduler, _controllerManager, _apiServer, _etcd])
        {
            component?.Dispose();
        }

        _authority.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task StartAllAsync(CancellationToken cancellationToken)
    {
        await _etcd.StartAsync().ConfigureAwait(false);
        await ReadyAsync(_etcd, new(_layout.EtcdClient, "/health"), cancellationToken).ConfigureAwait(false);
        await _apiServer.StartAsync().ConfigureAwait(false);
        await ReadyAsync(_apiServer, new(_layout.ApiServer, "/readyz"), cancellationToken).ConfigureAwait(false);

        // Only now: a controller manager that finds no API server at its start ends instead of waiting.
        await Task.WhenAll(
            StartAsync(_controllerManager, _layout.ControllerManagerPort),
            StartAsync(_scheduler, _layout.SchedulerPort)).ConfigureAwait(false);

        async Task StartAsync(Component? component, int port)
        {
            if (component is not null)
            {
                await component.StartAsync().ConfigureAwait(false);
                var health = string.Create(CultureInfo.InvariantCulture, $"https://127.0.0.1:{port}/healthz");
                await ReadyAsync(component, new(health), cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task ReadyAsync(Component component, Uri health, CancellationToken cancellationToken)
    {
        var last = "";
        using var progress = new ProgressTimer(TimeProvider.System, _startPatience);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(progress.Expired, cancellationToken);
        var deadline = either.Token;
        using var ticks = new PeriodicTimer(ProbePeriod);
        try
        {
            for (var probe = 0; ; probe++)
            {
                if (component.HasExited)
                {
                    throw new ClusterStartException($"{component.Name} ended while starting.{Logs()}");
                }

                try
                {
                    using var response = await _probes.GetAsync(health, deadline).ConfigureAwait(false);
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

                progress.ObserveLine(last);
                if (probe % ProbesPerLook == 0)
                {
                    progress.ObserveLine(component.Tail(1));
                }

                await ticks.WaitForNextTickAsync(deadline).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException) when (deadline.IsCancellationRequested)
        {
            cancellationToken.ThrowIfCancellationRequested();
            throw new ClusterStartException(
                $"{component.Name} is not ready and made no progress for {_startPatience.TotalSeconds:0} s. Last answer of {health}: {last}{Logs()}");
        }
    }

    private string Logs()
    {
        var text = new StringBuilder().Append(CultureInfo.InvariantCulture, $"\nLogs are kept in {_folder.FullPath}.");
        foreach (var component in (Component?[])[_etcd, _apiServer, _controllerManager, _scheduler])
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
        Write("ca", new(_authority.CertificatePem, _authority.KeyPem));
        Write("apiserver", _authority.IssueServer("kube-apiserver", IPAddress.Parse(ControlPlaneArguments.KubernetesServiceAddress)));
        var (privateKey, publicKey) = CertificateAuthority.CreateTokenKey();
        _folder.Write("pki/sa.key", privateKey);
        _folder.Write("pki/sa.pub", publicKey);

        void Write(string name, PemPair pair)
        {
            _folder.Write(ControlPlaneLayout.CertificateFile(name), pair.Certificate);
            _folder.Write(ControlPlaneLayout.KeyFile(name), pair.Key);
        }
    }

    /// <summary>Members of system:masters: without a service account for each controller, the one user must be allowed
    /// what all of them are.</summary>
    private string ComponentKubeconfig(string user) => Kubeconfig
        .ForCertificate(_layout.ApiServer, _authority.CertificatePem, user, _authority.IssueClient(user, ["system:masters"]))
        .ToString();

    private HttpClient CreateProbeClient(PemPair admin) => new(new SocketsHttpHandler
    {
        SslOptions = new SslClientAuthenticationOptions
        {
            ClientCertificates = [X509Certificate2.CreateFromPem(admin.Certificate, admin.Key)],
            CertificateChainPolicy = new X509ChainPolicy
            {
                TrustMode = X509ChainTrustMode.CustomRootTrust,
                CustomTrustStore = { X509Certificate2.CreateFromPem(_authority.CertificatePem) },
                RevocationMode = X509RevocationMode.NoCheck,
            },
        },
    })
    {
        Timeout = TimeSpan.FromSeconds(5),
    };
}
