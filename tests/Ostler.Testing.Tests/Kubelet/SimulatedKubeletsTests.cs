using Ostler.Kubernetes;
using Ostler.Kubernetes.Client;
using Ostler.Testing.ControlPlane;
using Ostler.Testing.Kubelet;
using k8s;
using k8s.Models;

namespace Ostler.Testing.Tests.Kubelet;

/// <summary>With the real scheduler and the real controllers.</summary>
public sealed class SimulatedKubeletsTests(ControlPlaneFixture fixture) : IAsyncLifetime
{
    private const string FleetLabel = "ostler.test/fleet";
    private ApiClient _client = null!;
    private TestNamespace _namespace = null!;
    private string _fleet = "";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private TestCluster Cluster => fixture.Cluster;

    public async ValueTask InitializeAsync()
    {
        Assert.SkipUnless(Cluster.Capabilities is { HasControllerManager: true, HasScheduler: true }, "needs a scheduler and controllers");
        _client = Cluster.CreateApiClient();
        _namespace = await Cluster.CreateNamespaceAsync("kubelets", Token);
        _fleet = Cluster.UniqueName("fleet");
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var node in (await Cluster.Admin.CoreV1.ListNodeAsync(labelSelector: $"{FleetLabel}={_fleet}", cancellationToken: Token)).Items)
        {
            await Cluster.Admin.CoreV1.DeleteNodeAsync(node.Metadata.Name, cancellationToken: Token);
        }

        await _namespace.DisposeAsync();
        _client.Dispose();
    }

    [Fact]
    public async Task Pods_of_a_Deployment_are_scheduled_and_become_available()
    {
        await using var kubelets = await StartAsync(3);
        await CreateDeploymentAsync("web", 6);

        var deployment = await _client.WaitForAsync(KnownResources.Deployments, Name("web"), d => d?.Status?.AvailableReplicas == 6, Token);

        var pods = (await Cluster.Admin.CoreV1.ListNamespacedPodAsync(_namespace.Name, cancellationToken: Token)).Items;
        Assert.Equal(6, deployment!.Status.ReadyReplicas);
        Assert.All(pods, pod => Assert.Contains(kubelets.Nodes, node => node.Name == pod.Spec.NodeName && node.Address == pod.Status.HostIP));
        Assert.Equal(6, pods.Select(pod => pod.Status.PodIP).Distinct().Count());
    }

    [Fact]
    public async Task A_node_tells_what_its_options_say()
    {
        await using var kubelets = new SimulatedKubelets(_client, new() { BootIds = () => "5b1d7a60-0000-4000-8000-000000000001" });
        var node = await kubelets.AddNodeAsync(Options() with { Zone = "eu-1a", Architecture = "arm64", OSImage = "Edge OS 1" }, Token);

        var stored = await ReadyAsync(node);

        Assert.Equal("5b1d7a60-0000-4000-8000-000000000001", stored.Status.NodeInfo.BootID);
        Assert.Equal("Edge OS 1", stored.Status.NodeInfo.OsImage);
        Assert.Equal("arm64", stored.Status.NodeInfo.Architecture);
        Assert.Equal("eu-1a", stored.Metadata.Labels["topology.kubernetes.io/zone"]);
        Assert.Equal("arm64", stored.Metadata.Labels["kubernetes.io/arch"]);
        Assert.Null(stored.Spec.Taints);
    }

    [Fact]
    public async Task A_node_of_a_cloud_is_initialized_before_pods_are_scheduled_on_it()
    {
        await using var kubelets = new SimulatedKubelets(_client);
        var node = await kubelets.AddNodeAsync(Options() with { ExternalCloudProvider = true }, Token);

        var stored = await _client.WaitForAsync(
            KnownResources.Nodes, NamespacedName.ClusterScoped(node.Name), n => n is { Spec: { ProviderID: not null, Taints: null } }, Token);

        Assert.Equal($"simulated:///{node.Name}", stored!.Spec.ProviderID);
    }

    [Fact]
    public async Task A_machine_that_is_switched_off_becomes_NotReady_and_comes_back_with_another_boot_ID()
    {
        await using var kubelets = await StartAsync(1);
        var node = kubelets.Nodes.Single();
        await CreateDeploymentAsync("web", 1);
        await _client.WaitForAsync(KnownResources.Deployments, Name("web"), d => d?.Status?.AvailableReplicas == 1, Token);
        var before = node.BootId;

        node.Stop();
        var silent = await WaitForNodeAsync(node, n => Ready(n)?.Status == "Unknown");
        await _client.WaitForAsync(KnownResources.Deployments, Name("web"), d => d?.Status is { UnavailableReplicas: 1 }, Token);
        node.Start("Edge OS 43");
        var back = await WaitForNodeAsync(node, n => Ready(n)?.Status == "True" && n?.Status.NodeInfo.OsImage == "Edge OS 43");
        await _client.WaitForAsync(KnownResources.Deployments, Name("web"), d => d?.Status?.AvailableReplicas == 1, Token);

        var pod = (await Cluster.Admin.CoreV1.ListNamespacedPodAsync(_namespace.Name, cancellationToken: Token)).Items.Single();
        Assert.Equal(before, silent.Status.NodeInfo.BootID);
        Assert.NotEqual(before, back.Status.NodeInfo.BootID);
        Assert.Equal(node.BootId, back.Status.NodeInfo.BootID);
        Assert.Equal(1, pod.Status.ContainerStatuses.Single().RestartCount);
    }

    [Fact]
    public async Task An_unhealthy_node_says_why_and_recovers()
    {
        await using var kubelets = await StartAsync(1);
        var node = kubelets.Nodes.Single();

        node.SetUnhealthy("ContainerRuntimeDown", "no answer from the container runtime");
        var ill = await WaitForNodeAsync(node, n => Ready(n)?.Status == "False");
        node.SetHealthy();
        var well = await WaitForNodeAsync(node, n => Ready(n)?.Status == "True");

        Assert.Equal("ContainerRuntimeDown", Ready(ill)!.Reason);
        Assert.Equal(ill.Status.NodeInfo.BootID, well.Status.NodeInfo.BootID);
        Assert.True(Ready(well)!.LastHeartbeatTime >= Ready(ill)!.LastHeartbeatTime);
    }

    [Fact]
    public async Task An_eviction_against_a_disruption_budget_is_refused_with_429_and_allowed_when_there_is_room()
    {
        await using var kubelets = await StartAsync(2);
        await CreateDeploymentAsync("web", 2);
        await _client.WaitForAsync(KnownResources.Deployments, Name("web"), d => d?.Status?.AvailableReplicas == 2, Token);
        var budgets = Cluster.Capabilities.HasPolicyV1 ? KnownResources.PodDisruptionBudgets : KnownResources.PodDisruptionBudgetsV1Beta1;
        await _client.CreateAsync(
            budgets,
            new V1PodDisruptionBudget
            {
                ApiVersion = budgets.ApiVersion,
                Kind = "PodDisruptionBudget",
                Metadata = new() { Name = "web", NamespaceProperty = _namespace.Name },
                Spec = new() { MinAvailable = 1, Selector = new() { MatchLabels = Labels("web") } },
            },
            Token);
        await _client.WaitForAsync(budgets, Name("web"), b => b?.Status is { DisruptionsAllowed: 1 }, Token);
        var pods = (await Cluster.Admin.CoreV1.ListNamespacedPodAsync(_namespace.Name, cancellationToken: Token)).Items;

        // The place of the first stays empty: where its successor would go is switched off.
        foreach (var node in kubelets.Nodes)
        {
            await _client.PatchAsync(
                KnownResources.Nodes,
                NamespacedName.ClusterScoped(node.Name),
                Patch.Merge(System.Text.Json.Nodes.JsonNode.Parse("""{"spec":{"unschedulable":true}}""")!),
                Token);
        }

        await EvictAsync(pods[0]);
        var refused = await Assert.ThrowsAsync<ApiException>(() => EvictAsync(pods[1]));
        await _client.WaitForAsync(KnownResources.Pods, Name(pods[0].Metadata.Name), p => p is null, Token);

        Assert.True(refused.IsTooManyRequests, refused.Message);
        Assert.Contains(refused.Causes, cause => cause.Type == "DisruptionBudget");

        Task EvictAsync(V1Pod pod) => _client.EvictAsync(Name(pod.Metadata.Name), pod.Metadata.Uid, null, dryRun: false, Token);
    }

    [Fact]
    public async Task A_deleted_pod_takes_its_time_to_end_and_then_goes()
    {
        await using var kubelets = await StartAsync(1, new() { Behavior = _ => new() { TerminationDuration = TimeSpan.FromSeconds(2) } });
        await CreatePodAsync(new V1Pod { Metadata = new() { Name = "slow" }, Spec = new() { TerminationGracePeriodSeconds = 60 } });
        await RunningAsync("slow");

        await _client.DeleteAsync(KnownResources.Pods, Name("slow"), null, null, Token);
        var terminating = await _client.GetAsync(KnownResources.Pods, Name("slow"), Token);
        await _client.WaitForAsync(KnownResources.Pods, Name("slow"), p => p is null, Token);
        var took = TimeProvider.System.GetUtcNow() - (terminating!.Metadata.DeletionTimestamp!.Value - TimeSpan.FromSeconds(60));

        Assert.Equal("Running", terminating.Status.Phase);
        Assert.InRange(took.TotalSeconds, 2, 30);
    }

    [Fact]
    public async Task A_pod_with_a_finalizer_stays_until_the_finalizer_is_taken_off()
    {
        await using var kubelets = await StartAsync(1);
        await CreatePodAsync(new V1Pod { Metadata = new() { Name = "kept", Finalizers = ["ostler.test/keep"] }, Spec = new() });
        await RunningAsync("kept");

        await _client.DeleteAsync(KnownResources.Pods, Name("kept"), null, null, Token);
        await _client.WaitForAsync(KnownResources.Pods, Name("kept"), p => p is { Status.Phase: "Succeeded", Metadata.DeletionGracePeriodSeconds: 0 }, Token);
        await _client.PatchAsync(
            KnownResources.Pods, Name("kept"), Patch.Merge(System.Text.Json.Nodes.JsonNode.Parse("""{"metadata":{"finalizers":null}}""")!), Token);

        await _client.WaitForAsync(KnownResources.Pods, Name("kept"), p => p is null, Token);
    }

    [Fact]
    public async Task A_Job_completes()
    {
        await using var kubelets = await StartAsync(1);
        await Cluster.Admin.BatchV1.CreateNamespacedJobAsync(
            new V1Job
            {
                Metadata = new() { Name = "backup" },
                Spec = new() { Completions = 2, Parallelism = 2, Template = new() { Spec = Spec(new() { RestartPolicy = "Never" }) } },
            },
            _namespace.Name,
            cancellationToken: Token);

        var job = await _client.WaitForAsync(
            KnownResources.Jobs, Name("backup"), j => j?.Status?.Conditions?.Any(c => c is { Type: "Complete", Status: "True" }) is true, Token);

        Assert.Equal(2, job!.Status.Succeeded);
    }

    [Fact]
    public async Task A_node_that_is_removed_takes_its_object_with_it()
    {
        await using var kubelets = await StartAsync(1);
        var name = NamespacedName.ClusterScoped(kubelets.Nodes.Single().Name);

        await kubelets.RemoveNodeAsync(name.Name, Token);

        await _client.WaitForAsync(KnownResources.Nodes, name, n => n is null, Token);
        Assert.Empty(kubelets.Nodes);
    }

    [Fact]
    public async Task Heartbeats_of_a_removed_node_do_not_disturb_the_next_one_of_its_name()
    {
        await using var kubelets = new SimulatedKubelets(
            _client, new() { Timings = new() { HeartbeatPeriod = TimeSpan.FromMilliseconds(1) } });
        var options = Options();
        for (var round = 0; round < 20; round++)
        {
            await ReadyAsync(await kubelets.AddNodeAsync(options, Token));
            await kubelets.RemoveNodeAsync(options.Name, Token);
        }
    }

    private async Task<SimulatedKubelets> StartAsync(int nodes, SimulatedKubeletsOptions? options = null)
    {
        var kubelets = new SimulatedKubelets(_client, options);
        await kubelets.AddNodesAsync(Enumerable.Range(0, nodes).Select(_ => Options()), Token);
        foreach (var node in kubelets.Nodes)
        {
            await ReadyAsync(node);
        }

        return kubelets;
    }

    private SimulatedNodeOptions Options() => new()
    {
        Name = Cluster.UniqueName("node"),
        Labels = new Dictionary<string, string> { [FleetLabel] = _fleet },
    };

    /// <summary>Ready, and without the taint that keeps pods away until the node controller has noticed.</summary>
    private Task<V1Node> ReadyAsync(SimulatedNode node) =>
        WaitForNodeAsync(node, n => Ready(n)?.Status == "True" && n?.Spec.Taints is null);

    private async Task<V1Node> WaitForNodeAsync(SimulatedNode node, Func<V1Node?, bool> condition) =>
        (await _client.WaitForAsync(KnownResources.Nodes, NamespacedName.ClusterScoped(node.Name), condition, Token))!;

    private Task<V1Pod?> RunningAsync(string pod) => _client.WaitForAsync(KnownResources.Pods, Name(pod), p => p?.Status?.Phase == "Running", Token);

    private async Task CreateDeploymentAsync(string name, int replicas) => await Cluster.Admin.AppsV1.CreateNamespacedDeploymentAsync(
        new V1Deployment
        {
            Metadata = new() { Name = name },
            Spec = new()
            {
                Replicas = replicas,
                Selector = new() { MatchLabels = Labels(name) },
                Template = new() { Metadata = new() { Labels = Labels(name) }, Spec = Spec(new()) },
            },
        },
        _namespace.Name,
        cancellationToken: Token);

    private async Task CreatePodAsync(V1Pod pod)
    {
        pod.Spec = Spec(pod.Spec);
        await Cluster.Admin.CoreV1.CreateNamespacedPodAsync(pod, _namespace.Name, cancellationToken: Token);
    }

    private V1PodSpec Spec(V1PodSpec spec)
    {
        spec.NodeSelector = new Dictionary<string, string> { [FleetLabel] = _fleet };
        spec.Containers = [new() { Name = "main", Image = "main" }];
        return spec;
    }

    private static Dictionary<string, string> Labels(string name) => new() { ["app"] = name };

    private NamespacedName Name(string name) => new(_namespace.Name, name);

    private static V1NodeCondition? Ready(V1Node? node) => node?.Status?.Conditions?.SingleOrDefault(c => c.Type == "Ready");
}
