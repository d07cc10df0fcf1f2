using System.Security.Cryptography;
using System.Text;
using Ostler.Api.NodeOSes;
using Ostler.Kubernetes;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Core;
using Ostler.Kubernetes.Informers;
using Ostler.Simulation.Hosts;
using Ostler.Testing.Agents;
using Ostler.Testing.ControlPlane;
using Ostler.Testing.Kubelet;

namespace Ostler.IntegrationTests.Cluster;

/// <summary>A few simulated machines with kubelet and agent, whose boots agree with each other.</summary>
internal sealed class Fleet : IAsyncDisposable
{
    public const string OldDigest = "0000000000000000000000000000000000000000000000000000000000000001";

    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _boot = new();
    private readonly ApiClient _client;
    private readonly SimulatedKubelets _kubelets;
    private readonly ApiAgents _agents;
    private readonly Func<string, HostFaults> _faults;
    private Task _running = Task.CompletedTask;
    private string? _nextBootID;
    private int _boots;
    private int _agentWrites;

    /// <param name="cluster">The cluster.</param>
    /// <param name="name">The fleet's name.</param>
    /// <param name="faults">What goes wrong on the host of a node. Default: nothing.</param>
    public Fleet(TestCluster cluster, string name, Func<string, HostFaults>? faults = null)
    {
        Name = name;
        _client = cluster.CreateApiClient();
        _kubelets = new(_client, new() { BootIds = () => _nextBootID ?? $"first-boot-{Interlocked.Increment(ref _boots)}" });
        _faults = faults ?? (_ => new());
        _agents = new(
            _client,
            OstlerResources.NodeOSes,
            new() { PowerChanged = PowerChangedAsync, Wrote = _ => Interlocked.Increment(ref _agentWrites) },
            TimeProvider.System);
    }

    /// <summary>The value of the label <c>fleet</c> of all its nodes.</summary>
    public string Name { get; }

    /// <summary>A tree of this fleet alone: one that failed elsewhere would be in quarantine.</summary>
    public string NewDigest => DigestOf(Name);

    public static string DigestOf(string fleet) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(fleet)));

    public int AgentWrites => _agentWrites;

    public SimulatedHost Host(string node) => _agents.Host(node);

    public async Task<string[]> StartAsync(int count, CancellationToken cancellationToken, Func<int, string>? architecture = null)
    {
        string[] names = [.. Enumerable.Range(1, count).Select(i => $"{Name}-{i}")];
        foreach (var (i, name) in names.Index())
        {
            var node = await _kubelets.AddNodeAsync(
                new() { Name = name, Architecture = architecture?.Invoke(i + 1) ?? "amd64", Labels = new Dictionary<string, string> { ["fleet"] = Name } }, cancellationToken);
            _agents.Add(new(name, OldDigest, "1", node.BootId) { Faults = _faults(name) });
        }

        var informer = new Informer<NodeOS>(_client, OstlerResources.NodeOSes);
        _running = Task.WhenAll(informer.RunAsync(_stop.Token), _agents.RunAsync(informer, _stop.Token));
        return names;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        try
        {
            await _running;
        }
        catch (OperationCanceledException)
        {
        }

        foreach (var node in _kubelets.Nodes)
        {
            await _kubelets.RemoveNodeAsync(node.Name);
        }

        await _kubelets.DisposeAsync();
        await IgnoreMissingAsync(() => _client.DeleteAsync(OstlerResources.UpgradePolicies, NamespacedName.ClusterScoped(Name), null, null, CancellationToken.None));
        await IgnoreMissingAsync(() => _client.DeleteAsync(OstlerResources.OSImages, NamespacedName.ClusterScoped(Name), null, null, CancellationToken.None));
        _client.Dispose();
        _stop.Dispose();
    }

    private static async Task IgnoreMissingAsync(Func<Task> delete)
    {
        try
        {
            await delete();
        }
        catch (ApiException e) when (e.IsNotFound)
        {
        }
    }

    private Task PowerChangedAsync(SimulatedHost host, bool isOn, CancellationToken cancellationToken)
    {
        if (!isOn)
        {
            _kubelets[host.Name].Stop();
            return Task.CompletedTask;
        }

        lock (_boot)
        {
            // Kubelet and agent read the same kernel's boot ID.
            _nextBootID = host.Boot.KernelBootID;
            _kubelets[host.Name].Start();
            _nextBootID = null;
        }

        return Task.CompletedTask;
    }
}
