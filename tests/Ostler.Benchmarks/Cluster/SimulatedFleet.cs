using System.Globalization;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.UpgradePolicies;
using Ostler.Benchmarks.Harness;
using Ostler.Kubernetes;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Connections;
using Ostler.Kubernetes.Core;
using Ostler.Kubernetes.Informers;
using Ostler.Simulation.Hosts;
using Ostler.Testing;
using Ostler.Testing.Agents;
using Ostler.Testing.ControlPlane;
using Ostler.Testing.Fleet;
using Ostler.Testing.Kubelet;

namespace Ostler.Benchmarks.Cluster;

/// <summary>
/// A real API server with many simulated machines (kubelet and agent), and the native controller as a process of its own under the
/// rights that config/rbac gives. No controller manager and no scheduler: on a small machine they would be most of what is measured.
/// </summary>
internal sealed class SimulatedFleet : IAsyncDisposable
{
    public const string Policy = "edge";
    public const string Image = "edge-os";
    public static readonly string OldDigest = new('a', 64);
    public static readonly string NewDigest = new('b', 64);

    private readonly CancellationTokenSource _stop = new();
    private readonly AuditLog _audit;
    private readonly TestCluster _cluster;
    private readonly ApiClient _kubelet;
    private readonly ApiClient _agent;
    private readonly SimulatedKubelets _kubelets;
    private readonly ApiAgents _agents;
    private readonly List<ControllerProcess> _controllers = [];
    private readonly string _log = Path.GetTempFileName();
    private Task _running = Task.CompletedTask;

    private SimulatedFleet(AuditLog audit, TestCluster cluster, string agentKubeconfig, ApiAgentsOptions agents, SimulatedKubeletsOptions kubelets)
    {
        (_audit, _cluster) = (audit, cluster);
        Api = cluster.CreateApiClient();
        _kubelet = KubeconfigClient.Create(cluster.KubeconfigPath, userAgent: "kubelet");
        _agent = KubeconfigClient.Create(agentKubeconfig, userAgent: "ostler-agent");
        _kubelets = new(_kubelet, kubelets);
        _agents = new(_agent, OstlerResources.NodeOSes, agents with { PowerChanged = PowerChangedAsync }, TimeProvider.System);
    }

    /// <summary>The administrator's client.</summary>
    public ApiClient Api { get; }

    /// <summary>Starts everything but the controller.</summary>
    public static async Task<SimulatedFleet> StartAsync(ApiAgentsOptions agents, SimulatedKubeletsOptions kubelets, Action<string> progress, CancellationToken cancellationToken)
    {
        progress("starting etcd and kube-apiserver");
        var audit = new AuditLog();
        var cluster = await TestCluster.StartAsync(
            new() { Components = ControlPlaneComponents.ApiServer, ApiServerArguments = audit.ApiServerArguments, Progress = progress }, cancellationToken);
        try
        {
            using var api = cluster.CreateApiClient();
            await Installation.ApplyAsync(cluster, api, Repository.Config, cancellationToken);
            var kubeconfig = await cluster.ServiceAccountKubeconfigAsync(Installation.Namespace, "ostler-agent", cancellationToken: cancellationToken);
            return new(audit, cluster, kubeconfig, agents, kubelets);
        }
        catch
        {
            await cluster.DisposeAsync();
            audit.Dispose();
            throw;
        }
    }

    /// <summary>Adds machines that run a tree; their agents report as soon as the controller has made their NodeOS.</summary>
    public async Task<string[]> AddNodesAsync(int count, string digest, CancellationToken cancellationToken)
    {
        string[] names = [.. Enumerable.Range(1, count).Select(i => string.Create(CultureInfo.InvariantCulture, $"node-{i}"))];
        await _kubelets.AddNodesAsync(names.Select((name, i) => new SimulatedNodeOptions { Name = name, Zone = "zone-" + (char)('a' + (i % 3)) }), cancellationToken);
        foreach (var name in names)
        {
            _agents.Add(new(name, digest, digest == NewDigest ? "42" : "41", _kubelets[name].BootId));
        }

        var informer = new Informer<NodeOS>(_agent, OstlerResources.NodeOSes);
        _running = Task.WhenAll(informer.RunAsync(_stop.Token), _agents.RunAsync(informer, _stop.Token));
        return names;
    }

    /// <summary>Starts the controller, with the endpoints that it has in a pod. It ends with the fleet.</summary>
    public async Task<ControllerProcess> StartControllerAsync(CancellationToken cancellationToken)
    {
        var kubeconfig = await _cluster.ServiceAccountKubeconfigAsync(Installation.Namespace, "ostler-controller", cancellationToken: cancellationToken);
        var controller = await ControllerProcess.StartAsync(
            Programs.Controller, kubeconfig, "bench", _log, "--log-level=Information", "--metrics-address=127.0.0.1:0", "--health-address=127.0.0.1:0", "--console-address=0");
        _controllers.Add(controller);
        return controller;
    }

    /// <summary>Every node reports to its NodeOS.</summary>
    public async Task WaitForAgentsAsync(IReadOnlyCollection<string> nodes, CancellationToken cancellationToken)
    {
        foreach (var node in nodes)
        {
            await Api.WaitForAsync(
                OstlerResources.NodeOSes, NamespacedName.ClusterScoped(node), o => o?.Status?.Booted is not null, cancellationToken, TimeSpan.FromMinutes(3));
        }
    }

    /// <summary>Points an image at the new tree, and a policy for all nodes at the image.</summary>
    public async Task ApplyPolicyAsync(Func<UpgradePolicySpec, UpgradePolicySpec> change, CancellationToken cancellationToken)
    {
        await Api.CreateAsync(
            OstlerResources.OSImages,
            new()
            {
                Metadata = new() { Name = Image },
                Spec = new() { Version = "42", Ostree = new() { Remote = "acme", Ref = "acme/stable/x86_64/edge", Commit = NewDigest } },
            },
            cancellationToken);
        await Api.WaitForAsync(OstlerResources.OSImages, NamespacedName.ClusterScoped(Image), i => i?.Status?.Resolved?.Digest == NewDigest, cancellationToken);
        var spec = change(new() { ImageRef = new() { Name = Image }, NodeSelector = new() { MatchExpressions = [new() { Key = "none", Operator = LabelOperator.DoesNotExist }] } });
        await Api.CreateAsync(OstlerResources.UpgradePolicies, new() { Metadata = new() { Name = Policy }, Spec = spec }, cancellationToken);
    }

    /// <summary>The policy is Ready: every node runs the tree.</summary>
    public Task WaitForPolicyAsync(TimeSpan timeout, CancellationToken cancellationToken) => Api.WaitForAsync(
        OstlerResources.UpgradePolicies,
        NamespacedName.ClusterScoped(Policy),
        p => p?.Status is { } status && status.ObservedGeneration == p.Metadata.Generation && status.Conditions.IsTrue(ConditionTypes.Ready),
        cancellationToken,
        timeout);

    /// <summary>What the API server was asked since a moment.</summary>
    public IReadOnlyList<ApiRequest> Requests(DateTimeOffset since = default) => [.. _audit.Read().Where(r => r.Received >= since)];

    /// <summary>What the controllers wrote.</summary>
    public string ControllerLog
    {
        get
        {
            using var stream = new FileStream(_log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            using var reader = new StreamReader(stream);
            return reader.ReadToEnd();
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var controller in _controllers)
        {
            await controller.DisposeAsync();
        }

        await _stop.CancelAsync();
        await _running.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        await _kubelets.DisposeAsync();
        Api.Dispose();
        _kubelet.Dispose();
        _agent.Dispose();
        await _cluster.DisposeAsync();
        _audit.Dispose();
        _stop.Dispose();
        File.Delete(_log);
    }

    private Task PowerChangedAsync(SimulatedHost host, bool isOn, CancellationToken cancellationToken)
    {
        if (isOn)
        {
            _kubelets[host.Name].Start(bootId: host.Boot.KernelBootID);
        }
        else
        {
            _kubelets[host.Name].Stop();
        }

        return Task.CompletedTask;
    }
}
