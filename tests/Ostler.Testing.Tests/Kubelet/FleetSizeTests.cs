using System.Diagnostics;
using Ostler.Kubernetes;
using Ostler.Kubernetes.Client;
using Ostler.Testing.ControlPlane;
using Ostler.Testing.Kubelet;
using k8s;

namespace Ostler.Testing.Tests.Kubelet;

/// <summary>Measurements, run by name (<c>-explicit only</c>): they take minutes, and say how long.</summary>
public sealed class FleetSizeTests(ITestOutputHelper output)
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory(Explicit = true)]
    [InlineData(100)]
    [InlineData(1000)]
    public async Task A_large_fleet_becomes_ready_and_stays_so(int nodes)
    {
        var began = Stopwatch.GetTimestamp();
        await using var cluster = await TestCluster.StartAsync(
            new() { NodeLifecycle = new() { MonitorGracePeriod = TimeSpan.FromSeconds(40), StartupGracePeriod = TimeSpan.FromSeconds(60) } }, Token);
        output.WriteLine($"cluster: {Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s ({cluster.Description})");
        using var client = cluster.CreateApiClient();
        began = Stopwatch.GetTimestamp();
        await using var kubelets = new SimulatedKubelets(client, new() { Timings = new() { HeartbeatPeriod = TimeSpan.FromSeconds(10) } });

        await kubelets.AddNodesAsync(Enumerable.Range(0, nodes).Select(i => new SimulatedNodeOptions { Name = $"node-{i:0000}" }), Token);
        output.WriteLine($"{nodes} nodes registered: {Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s");
        foreach (var node in kubelets.Nodes)
        {
            await client.WaitForAsync(
                KnownResources.Nodes,
                NamespacedName.ClusterScoped(node.Name),
                n => n is { Spec.Taints: null } && n.Status.Conditions.Any(c => c is { Type: "Ready", Status: "True" }),
                Token,
                TimeSpan.FromMinutes(2));
        }

        output.WriteLine($"{nodes} nodes ready: {Stopwatch.GetElapsedTime(began).TotalSeconds:0.0} s");
        var cpu = Process.GetCurrentProcess().TotalProcessorTime;

        // Longer than the grace period: a fleet that cannot keep up with its heartbeats would show by now.
        var later = TimeProvider.System.GetUtcNow().UtcDateTime.AddSeconds(45);
        await client.WaitForAsync(
            KnownResources.Leases, new("kube-node-lease", "node-0000"), lease => lease?.Spec.RenewTime > later, Token, TimeSpan.FromMinutes(2));
        output.WriteLine($"CPU of this process in 45 to 55 s: {(Process.GetCurrentProcess().TotalProcessorTime - cpu).TotalSeconds:0.0} s, memory {Environment.WorkingSet / 1048576} MB");
        var stored = await cluster.Admin.CoreV1.ListNodeAsync(cancellationToken: Token);

        Assert.Equal(nodes, stored.Items.Count(n => n.Status.Conditions.Any(c => c is { Type: "Ready", Status: "True" })));
    }
}
