using System.Globalization;
using Ostler.Kubernetes;
using Ostler.Kubernetes.Client;
using Ostler.Testing.ControlPlane;
using Ostler.Testing.Hosts;
using Ostler.Testing.Kubelet;

namespace Ostler.Testing.Fleet;

/// <summary>
/// A whole cluster for the main job: a real control plane; nodes that are real OSTree hosts with a simulated kubelet and the real agent;
/// the real controller as a process. Everybody runs under the rights that config/rbac gives.
/// </summary>
public sealed class TestFleet : IAsyncDisposable
{
    private const string SystemNamespace = Installation.Namespace;

    private readonly FleetOptions _options;
    private readonly string _logs;
    private readonly System.Collections.Concurrent.ConcurrentDictionary<string, HostService> _agents = new();
    private readonly string _access;
    private string? _controllerKubeconfig;

    private TestFleet(FleetOptions options, TestCluster cluster, OstreeLab lab, ApiClient api, SimulatedKubelets kubelets)
    {
        (_options, Cluster, Lab, Api, Kubelets) = (options, cluster, lab, api, kubelets);

        // In the cluster's own folder, which is swept by the next run when this one is killed.
        _logs = Directory.CreateDirectory(Path.Combine(cluster.LogFolder, "fleet")).FullName;
        _access = Directory.CreateDirectory(Path.Combine(_logs, "access")).FullName;
        ConsoleAddress = options.ServeConsole ? new($"http://127.0.0.1:{LoopbackPorts.Take(1)[0]}/") : null;
        MetricsAddress = options.ServeMetrics ? $"127.0.0.1:{LoopbackPorts.Take(1)[0]}" : null;
    }

    public TestCluster Cluster { get; }

    public OstreeLab Lab { get; }

    /// <summary>The administrator's client.</summary>
    public ApiClient Api { get; }

    public SimulatedKubelets Kubelets { get; }

    public ControllerProcess? Controller { get; private set; }

    /// <summary>Host and port of the controller's metrics, the same for one that follows another; null when not served.</summary>
    public string? MetricsAddress { get; }

    /// <summary>Where the controller's console is, the same for one that follows another; null when not served.</summary>
    public Uri? ConsoleAddress { get; }

    /// <summary>What the nodes were installed with.</summary>
    public OsTreeCommit First { get; private set; } = null!;

    /// <summary>What the controller wrote so far.</summary>
    public string ControllerLog => Path.Combine(_logs, "controller.log");

    /// <summary>What the agent of a node wrote since its last start.</summary>
    public string AgentLog(string node) => _agents[node].Process is { } agent ? agent.ReadStdout() + agent.ReadStderr() : "";

    /// <summary>Brings everything up but the controller: see <see cref="StartControllerAsync"/>.</summary>
    public static async Task<TestFleet> StartAsync(FleetOptions options, OsTree first, string branch, CancellationToken cancellationToken)
    {
        options.Progress("starting etcd, kube-apiserver, kube-controller-manager, kube-scheduler");
        var cluster = await TestCluster.StartAsync(new TestClusterOptions { Progress = options.Progress, ApiServerArguments = options.ApiServerArguments }, cancellationToken);
        try
        {
            var lab = await OstreeLab.StartAsync(cancellationToken);
            var api = cluster.CreateApiClient();
            var fleet = new TestFleet(options, cluster, lab, api, new SimulatedKubelets(api, new() { Behavior = options.Behavior }));
            try
            {
                options.Progress("installing the CRDs and the roles of config/");
                await Installation.ApplyAsync(cluster, api, options.ConfigFolder, cancellationToken);
                if (options.ConsoleTokens)
                {
                    await Manifests.ApplyFileAsync(api, Path.Combine(options.ConfigFolder, "console", "rbac.yaml"), cancellationToken);
                }

                await fleet.AddNodesAsync(first, branch, cancellationToken);
                return fleet;
            }
            catch
            {
                await fleet.DisposeAsync();
                throw;
            }
        }
        catch
        {
            await cluster.DisposeAsync();
            throw;
        }
    }

    /// <summary>Starts a controller, or another one after <see cref="ControllerProcess.KillAsync"/>.</summary>
    public async Task StartControllerAsync(CancellationToken cancellationToken)
    {
        _controllerKubeconfig ??= await Cluster.ServiceAccountKubeconfigAsync(SystemNamespace, "ostler-controller", cancellationToken: cancellationToken);
        string[] flags =
        [
            .. _options.ControllerArguments,
            .. MetricsAddress is { } address ? [$"--metrics-address={address}"] : Array.Empty<string>(),
            .. ConsoleAddress is { } console ? [$"--console-address={console.Authority}", $"--console-auth={(_options.ConsoleTokens ? "token" : "none")}"] : Array.Empty<string>(),
        ];
        Controller = await ControllerProcess.StartAsync(_options.ControllerProgram, _controllerKubeconfig, "controller-1", ControllerLog, flags);
    }

    /// <summary>SIGKILL, and a new process in its place. The dead one's lease is taken away: no test waits for it to run out.</summary>
    public async Task RestartControllerAsync(CancellationToken cancellationToken)
    {
        await Controller!.DisposeAsync();
        try
        {
            await Api.DeleteAsync(KnownResources.Leases, new NamespacedName(SystemNamespace, "ostler-controller"), null, null, cancellationToken);
        }
        catch (ApiException e) when (e.IsNotFound)
        {
            // Killed before it had one.
        }

        await StartControllerAsync(cancellationToken);
    }

    /// <summary>The host of a node.</summary>
    public OstreeHost Host(string node) => Lab.Hosts.Single(h => h.Name == node);

    /// <summary>SIGKILL; the agent stays away until <see cref="StartAgentAsync"/>.</summary>
    public Task KillAgentAsync(string node, CancellationToken cancellationToken) => Host(node).RemoveServiceAsync("ostler-agent", cancellationToken);

    /// <summary>Starts the agent of a node, now and at every boot, as a DaemonSet does.</summary>
    public async Task StartAgentAsync(string node)
    {
        var host = Host(node);

        // The agent's output folder stands for the agent's image, its files for the mounted service account.
        string[] command = _options.AgentProgram.EndsWith(".dll", StringComparison.Ordinal)
            ? [host.Dotnet, host.PathInside(_options.AgentProgram)]
            : [host.PathInside(_options.AgentProgram)];
        _agents[node] = await host.AddServiceAsync("ostler-agent", command, new Dictionary<string, string>
        {
            ["NODE_NAME"] = node,
            ["OSTLER_HOST_ENTRY"] = "nsenter",
            ["OSTLER_API_SERVER"] = Cluster.Server.ToString(),
            ["OSTLER_API_CA"] = host.PathInside(Path.Combine(_access, "ca.crt")),
            ["OSTLER_API_TOKEN_FILE"] = host.PathInside(Path.Combine(_access, "token")),
        });
    }

    /// <summary>Takes a machine away, with its disks and its Node object.</summary>
    public async Task RemoveNodeAsync(string name, CancellationToken cancellationToken)
    {
        await Host(name).DisposeAsync();
        await Kubelets.RemoveNodeAsync(name, cancellationToken);
    }

    /// <summary>Installs a machine with a tree and lets it join.</summary>
    public async Task AddNodeAsync(string name, OsTreeCommit tree, CancellationToken cancellationToken)
    {
        var program = Path.GetDirectoryName(_options.AgentProgram)!;
        var host = await Lab.CreateHostAsync(
            new OstreeHostOptions
            {
                Name = name,
                Tree = tree,
                Tool = _options.Tool,
                Image = _options.Tool == HostTool.Bootc ? Lab.Repository.PublishImage(tree, tag: tree.Version) : null,
                Expose = [program, _access],
                RebootLatency = _options.RebootLatency,
            },
            cancellationToken);
        var boot = await host.BootAsync(cancellationToken);
        var index = int.Parse(name[(name.LastIndexOf('-') + 1)..], CultureInfo.InvariantCulture);
        var node = await Kubelets.AddNodeAsync(
            new SimulatedNodeOptions
            {
                Name = name,
                Zone = _options.Zones[(index - 1) % _options.Zones.Count],
                BootId = boot.BootId,
                OSImage = $"Lab OS {boot.Version}",
            },
            cancellationToken);
        host.PowerChanged += change =>
        {
            if (!change.IsOn)
            {
                node.Stop();
            }
            else if (change.Boot.CameBack)
            {
                node.Start($"Lab OS {change.Boot.Version}", change.Boot.BootId);
            }
        };
        await StartAgentAsync(name);
    }

    public async ValueTask DisposeAsync()
    {
        if (Controller is { } controller)
        {
            await controller.DisposeAsync();
        }

        await Kubelets.DisposeAsync();
        await Lab.DisposeAsync();
        Api.Dispose();
        await Cluster.DisposeAsync();
    }

    private async Task AddNodesAsync(OsTree first, string branch, CancellationToken cancellationToken)
    {
        _options.Progress($"installing {first.Version} on {_options.Nodes} OSTree hosts and booting them");
        First = await Lab.Repository.CommitAsync(first, cancellationToken, branch, _options.Signer);
        await File.WriteAllTextAsync(
            Path.Combine(_access, "token"), await Cluster.ServiceAccountTokenAsync(SystemNamespace, "ostler-agent", cancellationToken: cancellationToken), cancellationToken);
        await File.WriteAllTextAsync(Path.Combine(_access, "ca.crt"), Cluster.AuthorityPem, cancellationToken);
        var up = 0;
        var progress = new Lock();
        await Parallel.ForEachAsync(
            Enumerable.Range(1, _options.Nodes),
            new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = cancellationToken },
            async (index, token) =>
            {
                await AddNodeAsync(string.Create(CultureInfo.InvariantCulture, $"node-{index}"), First, token);
                lock (progress)
                {
                    _options.Progress(string.Create(CultureInfo.InvariantCulture, $"{++up} of {_options.Nodes} nodes are up"));
                }
            });
    }
}
