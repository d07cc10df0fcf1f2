using System.Net;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.OSImages;
using Ostler.Api.UpgradePolicies;
using Ostler.Controller.Startup;
using Ostler.Controller.Telemetry.Traces;
using Ostler.Kubernetes;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Core;
using Ostler.Simulation.Hosts;
using Ostler.Testing.ControlPlane;
using Ostler.Testing.Hosts;
using Ostler.Testing.Scripted;
using Ostler.Testing.Telemetry;

namespace Ostler.IntegrationTests.Cluster;

/// <summary>The controller's whole process against a real API server, with simulated machines.</summary>
[Collection<ClusterTests>]
public sealed partial class RolloutTests(ControllerCluster fixture, ITestOutputHelper output)
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    private TestCluster Cluster => fixture.Cluster;

    [Fact]
    public async Task A_policy_takes_every_node_to_the_tree_that_a_ref_points_at_and_leaves_none_cordoned()
    {
        using var repository = new OstreeRepositoryOnDisk();
        var digest = repository.Commit("acme/edge", "42.20261101.3");
        await using var http = await LoopbackHttp.ServeAsync(repository.Path);
        await using var fleet = new Fleet(Cluster, Cluster.UniqueName("edge"));
        var nodes = await fleet.StartAsync(3, Cancel);
        await using var ns = await Cluster.CreateNamespaceAsync("ostler", Cancel);
        var (client, counter) = WriteCounter.Connect(Cluster);
        await using var controller = Running.Start(output, client, ns.Name, "a");

        await ApplyAsync(client, fleet, new() { Remote = "acme", Url = http.Url, Ref = "acme/edge" });
        var policy = await ReadyAsync(client, fleet.Name);

        Assert.Equal(new() { Total = 3, Updated = 3 }, policy.Status!.Nodes);
        Assert.Equal(new TargetImage { Digest = digest, Version = "42.20261101.3" }, policy.Status.Target);
        foreach (var name in nodes)
        {
            var node = await client.GetAsync(CoreResources.Nodes, NamespacedName.ClusterScoped(name), Cancel);
            var os = await client.GetAsync(OstlerResources.NodeOSes, NamespacedName.ClusterScoped(name), Cancel);
            Assert.Equal((false, null), (node!.Unschedulable, node.CordonedBy));
            Assert.Equal((Goal.Observe, digest), (os!.Spec.Goal, os.Status!.Booted!.Digest));
            Assert.Null(os.Spec.Failure);
        }

        foreach (var (write, count) in counter.Writes.OrderBy(w => w.Key))
        {
            output.WriteLine($"{count,4} {write}");
        }

        // Leases are renewed by the clock and not by the node; NodeOSes are created once in a node's life.
        var perNode = (counter.Writes.Where(w => !w.Key.Contains("leases", StringComparison.Ordinal) && w.Key != "POST nodeoses").Sum(w => w.Value) + fleet.AgentWrites) / 3.0;
        output.WriteLine($"{fleet.AgentWrites,4} agents; {perNode:0.0} writes per node");

        // Of its own a node costs four goals and two cordons; what conflicts repeat is allowed for.
        Assert.InRange(counter.Writes["PATCH nodeoses"] + counter.Writes["PATCH nodes"], 18, 24);
        await AssertMetricsAsync(controller, fleet.Name);
    }

    [Fact]
    public async Task A_second_process_goes_on_where_the_first_one_stopped()
    {
        await using var fleet = new Fleet(Cluster, Cluster.UniqueName("edge"));
        var nodes = await fleet.StartAsync(3, Cancel);
        await using var ns = await Cluster.CreateNamespaceAsync("ostler", Cancel);
        using var client = Cluster.CreateApiClient();
        await using var collector = await OtlpReceiver.StartAsync(grpc: false, Cancel);
        await using var ops = await NotificationsAsync(ns.Name);
        var traces = TraceSettings.Parse(collector.Endpoint.ToString(), _ => null).Settings;
        var first = Running.Start(output, Cluster.CreateApiClient(), ns.Name, "first", traces);
        await LeadsAsync(client, ns.Name, "first");
        var second = Running.Start(output, Cluster.CreateApiClient(), ns.Name, "second", traces);
        await ApplyAsync(
            client, fleet, new() { Remote = "acme", Ref = "acme/edge", Commit = fleet.NewDigest },
            s => s with { Notifications = [new() { Name = "ops", SecretRef = new() { Namespace = ns.Name, Name = "ops" } }] });
        await client.WaitForAsync(OstlerResources.UpgradePolicies, NamespacedName.ClusterScoped(fleet.Name), p => p?.Status?.Nodes?.Updating > 0, Cancel, Patience);
        Assert.Equal("standby", await second.GetAsync("/readyz"));

        await first.DisposeAsync();
        await LeadsAsync(client, ns.Name, "second");

        var policy = await ReadyAsync(client, fleet.Name);
        Assert.Equal(3, policy.Status!.Nodes!.Updated);
        Assert.All(nodes, n => Assert.Equal(fleet.NewDigest, fleet.Host(n).Booted.Digest));
        await AssertNotifiedAsync(client, fleet.Name, ops);

        // What waits is sent before the process ends.
        await second.DisposeAsync();
        AssertTraces(collector.Spans, fleet.Name, nodes);
    }

    [Fact]
    public async Task A_tree_whose_checks_never_pass_is_taken_back_and_quarantined()
    {
        var name = Cluster.UniqueName("edge");
        await using var fleet = new Fleet(
            Cluster,
            name,
            _ => new() { BadImages = new Dictionary<string, SimulatedBoot> { [Fleet.DigestOf(name)] = SimulatedBoot.Unhealthy } });
        await fleet.StartAsync(3, Cancel);
        await using var ns = await Cluster.CreateNamespaceAsync("ostler", Cancel);
        using var client = Cluster.CreateApiClient();
        await using var controller = Running.Start(output, Cluster.CreateApiClient(), ns.Name, "a");
        await ApplyAsync(client, fleet, new() { Remote = "acme", Ref = "acme/edge", Commit = fleet.NewDigest }, s => s with { Health = new() { Timeout = Duration.FromSeconds(3) } });

        var policy = await client.WaitForAsync(
            OstlerResources.UpgradePolicies, NamespacedName.ClusterScoped(fleet.Name),
            p => p?.Status is { Nodes: { RolledBack: 1, Updating: 0, Unavailable: 0 } } status && status.Conditions.IsTrue(ConditionTypes.Halted), Cancel, Patience);
        var image = await client.WaitForAsync(
            OstlerResources.OSImages, NamespacedName.ClusterScoped(fleet.Name), i => i?.Status?.Quarantined is { Count: 1 }, Cancel, Patience);

        Assert.Equal(fleet.Name, image!.Status!.Quarantined![0].Policy);
        Assert.Equal(fleet.NewDigest, Assert.Single(policy!.Status!.FailedDigests!).Digest);
        Assert.All(Enumerable.Range(1, 3), i => Assert.Equal(Fleet.OldDigest, fleet.Host($"{fleet.Name}-{i}").Booted.Digest));
    }

    [Fact]
    public async Task A_wave_waits_for_approval_and_what_was_measured_stays_in_status()
    {
        await using var fleet = new Fleet(Cluster, Cluster.UniqueName("edge"));
        await fleet.StartAsync(3, Cancel);
        await using var ns = await Cluster.CreateNamespaceAsync("ostler", Cancel);
        using var client = Cluster.CreateApiClient();
        await using var controller = Running.Start(output, Cluster.CreateApiClient(), ns.Name, "a");
        var key = NamespacedName.ClusterScoped(fleet.Name);
        await ApplyAsync(client, fleet, new() { Remote = "acme", Ref = "acme/edge", Commit = fleet.NewDigest }, s => s with
        {
            Rollout = s.Rollout with
            {
                Waves =
                [
                    new() { Name = "canary", Nodes = IntOrPercent.Count(1), Soak = Duration.FromSeconds(1) },
                    new() { Name = "fleet", Nodes = IntOrPercent.Percent(100), Approval = WaveApproval.Manual },
                ],
                Topology = new() { MaxDomainsAtOnce = 1 },
            },
            Windows = [new() { Schedule = "* * * * *", Duration = Duration.FromMinutes(60), TimeZone = "Europe/Berlin" }],
        });

        var waiting = await client.WaitForAsync(
            OstlerResources.UpgradePolicies, key, p => p?.Status?.Conditions.Find(ConditionTypes.Ready)?.Reason == Reasons.WaitingForApproval, Cancel, Patience);
        Assert.Equal(("fleet", 1), (waiting!.Status!.Wave, waiting.Status.Nodes!.Updated));
        Assert.NotNull(waiting.Status.Waves![0].CompletedAt);

        var approval = new System.Text.Json.Nodes.JsonObject { ["wave"] = "fleet", ["digest"] = $"sha256:{fleet.NewDigest}" };
        var body = new System.Text.Json.Nodes.JsonObject
        {
            ["spec"] = new System.Text.Json.Nodes.JsonObject { ["rollout"] = new System.Text.Json.Nodes.JsonObject { ["approvals"] = new System.Text.Json.Nodes.JsonArray(approval) } },
        };
        await client.PatchAsync(OstlerResources.UpgradePolicies, key, Patch.Merge(body), Cancel);
        var policy = await ReadyAsync(client, fleet.Name);

        Assert.Null(policy.Status!.Wave);
        Assert.Equal(["canary Succeeded 1", "fleet Succeeded 2", "rest NoNodes 0"], policy.Status.Waves!.Select(w => $"{w.Name} {w.Reason} {w.Updated}"));
        Assert.Equal(waiting.Status.Waves[0].CompletedAt, policy.Status.Waves![0].CompletedAt);
        Assert.Equal(3, policy.Status.Durations!.Node!.Count);
    }

    [Fact]
    public async Task A_node_that_comes_back_under_its_name_starts_afresh()
    {
        using var client = Cluster.CreateApiClient();
        await using var ns = await Cluster.CreateNamespaceAsync("ostler", Cancel);
        await using var controller = Running.Start(output, Cluster.CreateApiClient(), ns.Name, "a");
        var name = NamespacedName.ClusterScoped(Cluster.UniqueName("node"));
        var first = await CreateNodeAsync(client, name.Name);
        var os = await client.WaitForAsync(OstlerResources.NodeOSes, name, o => o is not null, Cancel, Patience);
        Assert.Equal(first.Metadata.Uid, os!.Metadata.OwnerReferences![0].Uid);

        await client.DeleteAsync(CoreResources.Nodes, name, null, null, Cancel);
        var second = await CreateNodeAsync(client, name.Name);
        var renewed = await client.WaitForAsync(
            OstlerResources.NodeOSes, name, o => o?.Metadata.OwnerReferences?[0].Uid == second.Metadata.Uid, Cancel, Patience);

        Assert.NotEqual(os.Metadata.Uid, renewed!.Metadata.Uid);
        await client.DeleteAsync(CoreResources.Nodes, name, null, null, Cancel);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static Task<k8s.Models.V1Lease?> LeadsAsync(ApiClient client, string @namespace, string identity) => client.WaitForAsync(
        KnownResources.Leases, new NamespacedName(@namespace, ControllerProcess.LeaseName), l => l?.Spec.HolderIdentity == identity, Cancel, Patience);

    private static Task<Node> CreateNodeAsync(ApiClient client, string name) => client.CreateAsync(CoreResources.Nodes, new() { Metadata = new() { Name = name } }, Cancel);

    private static Task ApplyAsync(ApiClient client, Fleet fleet, OstreeSource source, Func<UpgradePolicySpec, UpgradePolicySpec>? change = null) =>
        ApplyImageAsync(client, fleet, new() { Ostree = source }, change);

    private static async Task ApplyImageAsync(ApiClient client, Fleet fleet, OSImageSpec image, Func<UpgradePolicySpec, UpgradePolicySpec>? change = null)
    {
        await client.CreateAsync(OstlerResources.OSImages, new() { Metadata = new() { Name = fleet.Name }, Spec = image }, Cancel);
        var spec = new UpgradePolicySpec
        {
            ImageRef = new() { Name = fleet.Name },
            NodeSelector = new() { MatchLabels = new Dictionary<string, string> { ["fleet"] = fleet.Name } },
            Rollout = new() { Soak = Duration.FromSeconds(1) },
        };
        await client.CreateAsync(OstlerResources.UpgradePolicies, new() { Metadata = new() { Name = fleet.Name }, Spec = change?.Invoke(spec) ?? spec }, Cancel);
    }

    private static async Task<UpgradePolicy> ReadyAsync(ApiClient client, string name) => (await client.WaitForAsync(
        OstlerResources.UpgradePolicies, NamespacedName.ClusterScoped(name),
        p => p?.Status is { Nodes: { Updated: 3, Unavailable: 0 } } status && status.Conditions.IsTrue(ConditionTypes.Ready), Cancel, Patience))!;

    private static async Task AssertMetricsAsync(Running controller, string policy)
    {
        using var http = new HttpClient();
        var text = await http.GetStringAsync(new Uri(await controller.MetricsAsync(), "/metrics"), Cancel);
        Assert.Contains($"ostler_nodes{{policy=\"{policy}\",step=\"Updated\"}} 3\n", text, StringComparison.Ordinal);
        Assert.Contains($"ostler_node_updates_total{{policy=\"{policy}\"}} 3\n", text, StringComparison.Ordinal);
        Assert.Contains("ostler_reconcile_total{", text, StringComparison.Ordinal);
        Assert.Contains("process_working_set_bytes", text, StringComparison.Ordinal);
    }

    /// <summary>A controller process in this process.</summary>
    private sealed class Running : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly ControllerProcess _process;
        private readonly ApiClient _client;
        private readonly Task _running;

        private Running(ControllerProcess process, ApiClient client)
        {
            (_process, _client) = (process, client);
            _running = process.RunAsync(_stop.Token);
        }

        public static Running Start(ITestOutputHelper output, ApiClient client, string @namespace, string identity, TraceSettings? traces = null) => new(
            new(
                new()
                {
                    Identity = identity,
                    Namespace = @namespace,
                    Traces = traces,
                    MetricsAddress = new(IPAddress.Loopback, 0),
                    HealthAddress = new(IPAddress.Loopback, 0),
                    ServesConsole = false,
                },
                client, new TestLog(output, identity), TimeProvider.System, () => 0.5),
            client);

        public async Task<Uri> MetricsAsync() => (await _process.MetricsAddress)!;

        public async Task<string> GetAsync(string path)
        {
            using var http = new HttpClient();
            using var response = await http.GetAsync(new Uri((await _process.HealthAddress)!, path), Cancel);
            return (await response.Content.ReadAsStringAsync(Cancel)).Trim();
        }

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _running;
            _client.Dispose();
            _stop.Dispose();
        }
    }
}
