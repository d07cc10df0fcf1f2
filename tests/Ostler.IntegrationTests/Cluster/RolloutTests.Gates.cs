using System.Text.Json.Nodes;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.Shared;
using Ostler.Api.UpgradePolicies;
using Ostler.Controller.Health;
using Ostler.Kubernetes;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Core;
using Ostler.Rollout.Health;
using Ostler.Testing;
using Ostler.Testing.ControlPlane;
using Ostler.Testing.Fleet;
using Ostler.Testing.Waiting;

namespace Ostler.IntegrationTests.Cluster;

public sealed partial class RolloutTests
{
    [Fact]
    public async Task A_node_waits_for_objects_pods_and_conditions_of_nodes_and_then_goes()
    {
        await using var fleet = new Fleet(Cluster, Cluster.UniqueName("edge"));
        var node = NamespacedName.ClusterScoped((await fleet.StartAsync(1, Cancel))[0]);
        await using var ns = await Cluster.CreateNamespaceAsync("ostler", Cancel);
        using var client = Cluster.CreateApiClient();
        await RunDaemonAsync(client, ns.Name, fleet.Name);
        await HealthAsync(client, ns.Name, "a", "OK");
        await HealthAsync(client, ns.Name, "b", "WARN");
        await using var controller = Running.Start(output, Cluster.CreateApiClient(), ns.Name, "a");

        await ApplyAsync(
            client, fleet, new() { Remote = "acme", Ref = "acme/edge", Commit = fleet.NewDigest }, s =>
                s with { Gates = GatesIn(ns.Name) });

        var key = NamespacedName.ClusterScoped(fleet.Name);
        var policy = await client.WaitForAsync(
            OstlerResources.UpgradePolicies, key,
            p => p?.Status?.Gates is { } g
                && g.Select(x => x.Reason).SequenceEqual([Reasons.GateClosed, Reasons.GateClosed, Reasons.GateOpen]), Cancel, Patience);
        Assert.Contains($"ConfigMap {ns.Name}/b does not match", policy!.Status!.Gates![0].Message, StringComparison.Ordinal);
        Assert.Contains($"1 pod must finish first in namespace {ns.Name}: {ns.Name}/cni-", policy.Status.Gates[1].Message,
            StringComparison.Ordinal);

        // Nodes stage meanwhile, and Ready names the gate.
        await client.WaitForAsync(OstlerResources.NodeOSes, node, n => n?.Status?.Step == NodeStep.Staged, Cancel, Patience);
        policy = await client.WaitForAsync(
            OstlerResources.UpgradePolicies, key, p =>
                p?.Status?.Conditions.Find(ConditionTypes.Ready)?.Reason == Reasons.GateClosed, Cancel, Patience);
        Assert.False((await client.GetAsync(CoreResources.Nodes, node, Cancel))!.Unschedulable);

        await HealthAsync(client, ns.Name, "b", "OK");
        await client.WaitForAsync(
            OstlerResources.UpgradePolicies, key, p => p?.Status?.Gates?[0].Reason == Reasons.GateOpen, Cancel, Patience);
        Assert.False((await client.GetAsync(CoreResources.Nodes, node, Cancel))!.Unschedulable);
        await client.DeleteAsync(KnownResources.DaemonSets, new NamespacedName(ns.Name, "cni"), null, null, Cancel);

        await client.WaitForAsync(
            OstlerResources.UpgradePolicies, key, p =>
                p?.Status is { Nodes: { Updated: 1, Unavailable: 0 }, Gates: null }, Cancel, Patience);
    }

    /// <summary>With the rights of config/rbac, and not one more.</summary>
    [Fact]
    public async Task Pods_and_nodes_need_no_grant_and_a_list_of_objects_does()
    {
        using var admin = Cluster.CreateApiClient();
        await EnsureOwnNamespaceAsync(admin);
        await Manifests.ApplyFileAsync(admin, Path.Combine(Repository.Config, "rbac", "controller.yaml"), Cancel);
        using var client = Cluster.CreateApiClient(
            await Cluster.UserKubeconfigAsync(
                "system:serviceaccount:ostler-system:ostler-controller", ["system:serviceaccounts", "system:authenticated"], Cancel));
        var probes = new CheckProbes(client, null!, TimeProvider.System);
        var nothing = new LabelSelector { MatchLabels = new Dictionary<string, string> { ["app"] = Cluster.UniqueName("none") } };

        Assert.Equal(CheckOutcome.Passed,
            (await EvaluateAsync(new() { Name = "pods", Pods = new() { Selector = nothing, Absent = true } })).Outcome);
        Assert.Equal(CheckOutcome.Missing, (await EvaluateAsync(new() { Name = "pods", Pods = new() { Selector = nothing } })).Outcome);
        Assert.Equal(
            CheckOutcome.Missing,
            (await probes.MakeAsync(
                new() { Node = "none", Epoch = new("uid", 1, "boot-1"), Checks = [] },
                    new() { Name = "node", NodeConditions = new() { Types = ["Ready"] } }, Cancel)).Outcome);

        var templates = new GateSpec
        {
            Name = "templates",
            Condition = new()
            {
                ApiVersion = "v1",
                Kind = "PodTemplate",
                Selector = nothing,
                Path = "{.metadata.name}",
                Operator = ConditionOperator.Exists
            },
        };
        var refused = await EvaluateAsync(templates);
        Assert.Equal(CheckOutcome.Error, refused.Outcome);
        Assert.Contains("grant list on podtemplates with a ClusterRole labelled ostler.dev/aggregate-to-health-checks", refused.Message,
            StringComparison.Ordinal);

        var grant = Granting("podtemplates");
        grant["rules"]![0]!["verbs"] = new JsonArray("list");
        await Manifests.ApplyAsync(admin, grant, Cancel);
        await Polling.UntilAsync(
            "the list is granted", async () => await EvaluateAsync(templates), found => found.Outcome == CheckOutcome.Missing,
            found => $"{found.Outcome}: {found.Message}", Cancel);

        async Task<CheckFinding> EvaluateAsync(GateSpec gate) => (await probes.EvaluateAsync(new(gate, nothing), Cancel)).Whole;
    }

    private static GateSpec[] GatesIn(string ns) =>
    [
        Soon(new()
        {
            Name = "objects",
            Condition = new()
            {
                ApiVersion = "v1",
                Kind = "ConfigMap",
                Namespace = ns,
                Selector = new() { MatchLabels = new Dictionary<string, string> { ["app"] = "storage" } },
                Path = "{.data.health}",
                Operator = ConditionOperator.Equal,
                Value = "OK",
            },
        }),
        Soon(new()
        {
            Name = "pods",
            Pods = new() { Namespace = ns, Selector = new() { MatchLabels = new Dictionary<string, string> { ["app"] = "cni" } },
                Absent = true },
        }),
        Soon(new() { Name = "nodes", NodeConditions = new() { Types = ["Ready"], Status = true } }),
    ];

    private static GateSpec Soon(GateSpec gate) => gate with { Interval = Duration.FromSeconds(5), Timeout = Duration.FromSeconds(5) };

    private static Task<JsonObject> HealthAsync(ApiClient client, string ns, string name, string health) => Manifests.ApplyAsync(
        client,
        JsonNode.Parse(
            $$$"""
            {"apiVersion":"v1","kind":"ConfigMap","metadata":{"namespace":"{{{ns}}}","name":"{{{name}}}","labels":{"app":"storage"}},
             "data":{"health":"{{{health}}}"}}
            """)!.AsObject(),
        Cancel);
}
