using System.Text.Json.Nodes;
using Microsoft.Extensions.Time.Testing;
using Ostler.Api.UpgradePolicies;
using Ostler.Controller.Drain;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Core;
using Ostler.Rollout.Snapshot;
using Ostler.Testing.Scripted;

namespace Ostler.Controller.Tests.Drain;

public sealed class DrainDryRunTests
{
    private static readonly JsonObject BudgetCause = new() { ["causes"] = new JsonArray(new JsonObject { ["reason"] = "DisruptionBudget" }) };

    [Fact]
    public async Task Each_pod_that_would_be_evicted_is_asked_for_and_nothing_is_evicted()
    {
        await using var server = Server([Pod("web-1"), Pod("web-2"), Pod("proxy", "DaemonSet"), Pod("probe", labels: "lab")], blocked: "web-2");

        var facts = await AskAsync(server, new() { Rules = [new() { PodSelector = new() { MatchLabels = Labels("lab") }, Behavior = DrainBehavior.Skip }] });

        Assert.Equal(Given.Now, facts.At);
        var outcomes = facts.Pods!.ToDictionary(p => p.Name, p => p.LastEviction?.Outcome);
        Assert.Equal(
            new Dictionary<string, EvictionOutcome?>
            {
                ["web-1"] = EvictionOutcome.Accepted,
                ["web-2"] = EvictionOutcome.BlockedByBudget,
                ["proxy"] = null,
                ["probe"] = null,
            },
            outcomes);
        Assert.Equal("web-pdb", facts.Pods!.Single(p => p.Name == "web-2").LastEviction!.Budget);
        Assert.All(server.Received.Where(r => r.Method == "POST"), r =>
            Assert.Equal("""["All"]""", r.BodyJson!["deleteOptions"]!["dryRun"]!.ToJsonString()));
        Assert.Equal(2, server.Received.Count(r => r.Method == "POST"));
        var list = Assert.Single(server.Received, r => r.Path == "/api/v1/pods");
        Assert.Equal(("spec.nodeName=n1", "0"), (list.Query("fieldSelector"), list.Query("resourceVersion")));
    }

    [Fact]
    public async Task The_labels_of_namespaces_are_known_to_its_rules()
    {
        await using var server = Server([Pod("web-1")], blocked: "");

        var facts = await AskAsync(server, new() { Rules = [new() { NamespaceSelector = new() { MatchLabels = Labels("front") }, Behavior = DrainBehavior.Skip }] });

        Assert.Null(Assert.Single(facts.Pods!).LastEviction);
    }

    [Theory]
    [InlineData("n2", "Running", 1)]
    [InlineData("n2", "Pending", 0)]
    [InlineData("cordoned", "Running", 0)]
    [InlineData("not-ready", "Running", 0)]
    [InlineData("unheard-of", "Running", 0)]
    [InlineData("n1", "Running", 0)]
    public async Task Where_a_budget_holds_an_operators_pod_its_sisters_are_counted_that_could_take_over(string node, string phase, int sisters)
    {
        await using var server = Server([Pod("db-1", "Cluster")], blocked: "db-1", [Pod("db-2", "Cluster", node: node, phase: phase), Pod("other", "Cluster", node: "n2", owner: "another")]);

        Assert.Equal(sisters, Assert.Single((await AskAsync(server, new())).Pods!).ReadyPeers);
    }

    [Fact]
    public async Task Of_other_pods_no_sisters_are_looked_for()
    {
        await using var server = Server([Pod("web-1"), Pod("db-1", "Cluster")], blocked: "web-1");

        Assert.All((await AskAsync(server, new())).Pods!, p => Assert.Null(p.ReadyPeers));
        Assert.DoesNotContain(server.Received, r => r.Path == "/api/v1/namespaces/apps/pods");
    }

    [Theory]
    [InlineData("apps", true)]
    [InlineData("another", false)]
    public async Task A_pod_of_the_controller_is_not_asked_for_when_no_other_node_can_take_it(string ownNamespace, bool stays)
    {
        var pod = Pod("ostler-controller-1");
        pod["metadata"]!["labels"] = new JsonObject
        {
            ["app.kubernetes.io/name"] = "ostler",
            ["app.kubernetes.io/component"] = "controller",
        };
        pod["spec"]!["nodeSelector"] = new JsonObject { ["only"] = "n1" };
        await using var server = Server([pod], blocked: "ostler-controller-1");

        var facts = Assert.Single((await AskAsync(server, new(), ownNamespace)).Pods!);

        Assert.Equal(stays ? null : EvictionOutcome.BlockedByBudget, facts.LastEviction?.Outcome);
        Assert.Equal((stays, false), (facts.IsOstlerController, facts.HasOtherNode));
    }

    private static async Task<PreflightFacts> AskAsync(ScriptedServer server, DrainSpec drain, string ownNamespace = "ostler-system")
    {
        using var client = Given.Client(server);
        var time = new FakeTimeProvider(Given.Now);
        var notReady = Given.Node("not-ready");
        var nodes = Given.Lister(
            CoreResources.Nodes, Given.Node("n1"), Given.Node("n2"), Given.Node("cordoned", cordonedBy: "edge"),
            notReady with { Status = notReady.Status! with { Conditions = [new() { Type = "Ready", Status = "Unknown" }] } });
        var dryRun = new DrainDryRun(
            client,
            new(client, time),
            nodes,
            Given.Lister(CoreResources.Namespaces, new Namespace { Metadata = new() { Name = "apps", Uid = "apps", ResourceVersion = "1", Labels = Labels("front") } }),
            new(ownNamespace, nodes),
            time);
        return await dryRun.AskAsync(new("n1", "uid-n1", Given.Now), drain, Given.Cancel);
    }

    private static ScriptedServer Server(JsonObject[] pods, string blocked, JsonObject[]? elsewhere = null) => Given.Server((request, response) => request.Path switch
    {
        "/api/v1" => response.JsonAsync("""{"resources":[{"name":"pods/eviction","kind":"Eviction","group":"policy","version":"v1","namespaced":true}]}"""),
        "/api/v1/pods" => response.JsonAsync(List(pods)),
        "/api/v1/namespaces/apps/pods" => response.JsonAsync(List([.. pods, .. elsewhere ?? []])),
        "/apis/policy/v1" => response.JsonAsync("""{"resources":[{"name":"poddisruptionbudgets","kind":"PodDisruptionBudget","namespaced":true}]}"""),
        "/apis/policy/v1/namespaces/apps/poddisruptionbudgets" => response.JsonAsync(List(
        [
            new()
            {
                ["metadata"] = new JsonObject { ["namespace"] = "apps", ["name"] = "web-pdb", ["uid"] = "b" },
                ["spec"] = new JsonObject { ["selector"] = new JsonObject() },
                ["status"] = new JsonObject { ["disruptionsAllowed"] = 0 },
            },
        ])),
        _ when request.Method == "POST" => request.Path.Contains($"/{blocked}/", StringComparison.Ordinal)
            ? response.StatusAsync(429, "TooManyRequests", "no", BudgetCause.DeepClone())
            : response.JsonAsync("{}", 201),
        _ => throw new InvalidOperationException(request.ToString()),
    });

    private static JsonObject List(JsonObject[] items) =>
        new() { ["metadata"] = new JsonObject { ["resourceVersion"] = "1" }, ["items"] = new JsonArray([.. items.Select(i => i.DeepClone())]) };

    private static JsonObject Pod(string name, string kind = "ReplicaSet", string labels = "web", string node = "n1", string phase = "Running", string owner = "owner") => new()
    {
        ["metadata"] = new JsonObject
        {
            ["namespace"] = "apps",
            ["name"] = name,
            ["uid"] = $"uid-{name}",
            ["labels"] = new JsonObject { ["tier"] = labels },
            ["ownerReferences"] = new JsonArray(new JsonObject { ["apiVersion"] = "v1", ["kind"] = kind, ["name"] = owner, ["uid"] = owner, ["controller"] = true }),
        },
        ["spec"] = new JsonObject { ["nodeName"] = node },
        ["status"] = new JsonObject { ["phase"] = phase },
    };

    private static Dictionary<string, string> Labels(string tier) => new() { ["tier"] = tier };
}
