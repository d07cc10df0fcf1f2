using Ostler.Kubernetes;
using Ostler.Kubernetes.Client;
using Ostler.Testing.ControlPlane;
using Ostler.Testing.Kubelet;
using k8s;
using k8s.Models;

namespace Ostler.Testing.Tests.Kubelet;

/// <summary>With clusters of their own, because their API server goes away or has no controllers.</summary>
public sealed class OutageTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Kubelets_outlive_their_API_server_and_go_on_when_it_is_back()
    {
        await using var cluster = await TestCluster.StartAsync(cancellationToken: Token);
        Assert.SkipUnless(cluster.Capabilities.CanRestartApiServer, cluster.Description);
        using var client = cluster.CreateApiClient();
        await using var kubelets = new SimulatedKubelets(client);
        var node = NamespacedName.ClusterScoped((await kubelets.AddNodeAsync(new() { Name = cluster.UniqueName("node") }, Token)).Name);
        await client.WaitForAsync(KnownResources.Nodes, node, IsReady, Token);

        await using var ns = await cluster.CreateNamespaceAsync(cancellationToken: Token);

        await cluster.StopApiServerAsync(graceful: false, Token);
        await cluster.StartApiServerAsync(Token);
        var back = TimeProvider.System.GetUtcNow().UtcDateTime;
        await client.WaitForAsync(KnownResources.Leases, node with { Namespace = "kube-node-lease" }, l => l?.Spec.RenewTime > back, Token);

        // It names its node itself: the scheduler may take half a minute to try the server again.
        await cluster.Admin.CoreV1.CreateNamespacedPodAsync(
            new V1Pod { Metadata = new() { Name = "later" }, Spec = new() { NodeName = node.Name, Containers = [new() { Name = "main", Image = "main" }] } },
            ns.Name,
            cancellationToken: Token);
        await client.WaitForAsync(KnownResources.Pods, new(ns.Name, "later"), p => p?.Status?.Phase == "Running", Token);
    }

    [Fact]
    public async Task Without_controllers_and_scheduler_a_pod_that_names_its_node_still_runs()
    {
        await using var cluster = await TestCluster.StartAsync(new() { Components = ControlPlaneComponents.ApiServer }, Token);
        using var client = cluster.CreateApiClient();
        await using var kubelets = new SimulatedKubelets(client, new() { RemoveNotReadyTaints = true });
        var node = await kubelets.AddNodeAsync(new() { Name = cluster.UniqueName("node") }, Token);
        await using var ns = await cluster.CreateNamespaceAsync(cancellationToken: Token);

        await cluster.Admin.CoreV1.CreateNamespacedPodAsync(
            new V1Pod { Metadata = new() { Name = "bound" }, Spec = new() { NodeName = node.Name, Containers = [new() { Name = "main", Image = "main" }] } },
            ns.Name,
            cancellationToken: Token);

        await client.WaitForAsync(KnownResources.Pods, new(ns.Name, "bound"), p => p?.Status?.Phase == "Running", Token);
        await client.WaitForAsync(KnownResources.Nodes, NamespacedName.ClusterScoped(node.Name), n => IsReady(n) && n?.Spec.Taints is null, Token);
    }

    private static bool IsReady(V1Node? node) => node?.Status?.Conditions?.Any(c => c is { Type: "Ready", Status: "True" }) is true;
}
