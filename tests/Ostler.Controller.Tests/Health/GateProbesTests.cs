using Microsoft.Extensions.Time.Testing;
using Ostler.Api.Meta;
using Ostler.Api.Shared;
using Ostler.Api.UpgradePolicies;
using Ostler.Controller.Health;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Core;
using Ostler.Rollout.Health;
using Ostler.Rollout.Planner;
using Ostler.Testing.Checks;
using Ostler.Testing.Scripted;

namespace Ostler.Controller.Tests.Health;

/// <summary>One evaluation of each kind of gate.</summary>
public sealed class GateProbesTests
{
    private static readonly LabelSelector Edge = new() { MatchLabels = new Dictionary<string, string> { ["pool"] = "edge" } };

    private static readonly Dictionary<string, string> EdgeLabels = new() { ["pool"] = "edge" };

    [Fact]
    public async Task Every_kind_of_gate_has_a_runner()
    {
        await using var api = new ScriptedServer((_, response, _) => response.JsonAsync("{}", 404));
        using var client = Given.Client(api);
        foreach (var kind in GateSamples.Kinds)
        {
            var finding = (await EvaluateAsync(GateSamples.Valid(kind), client)).Whole;

            Assert.NotEqual(CheckOutcome.Passed, finding.Outcome);
            Assert.DoesNotContain("no gates of the kind", finding.Message, StringComparison.Ordinal);
        }

        Assert.Equal(CheckOutcome.Error, (await EvaluateAsync(new() { Name = "none" }, client)).Whole.Outcome);
    }

    [Fact]
    public async Task A_placeholder_in_a_gate_is_an_error()
    {
        foreach (var gate in (
            GateSpec[])[GateSamples.Invalid("prometheus"), GateSamples.Invalid("alerts"), GateSamples.Invalid("condition")])
        {
            await using var api =
                new ScriptedServer((_, response, _) =>
                    response.JsonAsync("""{"resources":[{"name":"nodes","kind":"Node","namespaced":false}]}"""));
            using var client = Given.Client(api);
            Assert.Equal(CheckOutcome.Error, (await EvaluateAsync(gate, client, alertmanager: new() { Url = api.Address })).Whole.Outcome);
        }
    }

    [Fact]
    public async Task The_installations_Alertmanager_is_asked_for_active_alerts_with_its_token()
    {
        await using var server = new ScriptedServer((_, response, _) => response.JsonAsync("[]"));
        await using var front = new TlsFront(server.Address);
        var folder = Directory.CreateTempSubdirectory("ostler-gates-");
        try
        {
            var (authorities, token) = (Path.Combine(folder.FullName, "ca.crt"), Path.Combine(folder.FullName, "token"));
            await File.WriteAllTextAsync(authorities, front.Authority, Given.Cancel);
            await File.WriteAllTextAsync(token, "secret\n", Given.Cancel);

            var finding = (await EvaluateAsync(
                Alerts, alertmanager: new() { Url = front.Address, AuthoritiesFile = authorities, TokenFile = token })).Whole;

            Assert.Equal(CheckOutcome.Passed, finding.Outcome);
            var request = Assert.Single(server.Received);
            Assert.Equal("Bearer secret", request.Header("Authorization"));
            Assert.StartsWith("/api/v2/alerts?active=true&silenced=false&inhibited=false", request.Target, StringComparison.Ordinal);
            Assert.Contains($"filter={Uri.EscapeDataString("severity=\"critical\"")}", request.Target, StringComparison.Ordinal);

            File.Delete(token);
            Assert.Equal(CheckOutcome.Error,
                (await EvaluateAsync(Alerts, alertmanager: new() { Url = front.Address, AuthoritiesFile = authorities, TokenFile = token }))
                    .Whole.Outcome);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task Another_Alertmanager_is_asked_where_that_is_allowed_and_gets_no_token()
    {
        await using var other = new ScriptedServer((_, response, _) => response.JsonAsync("[]"));
        var gate = Alerts with { Alerts = Alerts.Alerts! with { Url = other.Address.AbsoluteUri } };
        var settings = new AlertmanagerSettings { Url = new("https://alertmanager.example"), TokenFile = "/nonexistent" };

        var refused = (await EvaluateAsync(gate, alertmanager: settings)).Whole;
        Assert.Equal(CheckOutcome.Error, refused.Outcome);
        Assert.Contains("alertmanager.allowOtherUrls", refused.Message, StringComparison.Ordinal);
        Assert.Empty(other.Received);

        Assert.Equal(CheckOutcome.Passed, (await EvaluateAsync(gate, alertmanager: settings with { AllowOtherUrls = true })).Whole.Outcome);
        Assert.False(Assert.Single(other.Received).Headers.ContainsKey("authorization"));
    }

    [Fact]
    public async Task Without_an_Alertmanager_the_gate_says_what_to_set() =>
        Assert.Contains("alertmanager.url", (await EvaluateAsync(Alerts)).Whole.Message, StringComparison.Ordinal);

    [Fact]
    public async Task An_Alertmanager_that_redirects_or_serves_a_page_is_an_error()
    {
        await using var elsewhere = new ScriptedServer((_, response, _) => response.JsonAsync("[]"));
        await using var redirects =
            new ScriptedServer((_, response, _) =>
                response.JsonAsync("{}", 302, new Dictionary<string, string> { ["Location"] = elsewhere.Address.AbsoluteUri }));
        await using var page = new ScriptedServer((_, response, _) => response.JsonAsync("<html>Please log in</html>"));

        Assert.Equal(CheckOutcome.Error, (await EvaluateAsync(Alerts, alertmanager: new() { Url = redirects.Address })).Whole.Outcome);
        Assert.Empty(elsewhere.Received);
        Assert.Equal(CheckOutcome.Error, (await EvaluateAsync(Alerts, alertmanager: new() { Url = page.Address })).Whole.Outcome);
    }

    [Fact]
    public async Task A_silent_Alertmanager_is_missing_where_an_alert_always_fires()
    {
        await using var server = new ScriptedServer((request, response, _) => response.JsonAsync(
            request.Target.Contains("Watchdog", StringComparison.Ordinal)
                ? """[{"labels":{"alertname":"Watchdog"},"status":{"state":"active"}}]""" : "[]"));
        var gate = Alerts with { Alerts = Alerts.Alerts! with { Watchdog = "Watchdog" } };
        Assert.Equal(CheckOutcome.Passed, (await EvaluateAsync(gate, alertmanager: new() { Url = server.Address })).Whole.Outcome);

        await using var silent = new ScriptedServer((_, response, _) => response.JsonAsync("[]"));
        Assert.Equal(CheckOutcome.Missing, (await EvaluateAsync(gate, alertmanager: new() { Url = silent.Address })).Whole.Outcome);
    }

    public static TheoryData<GateScope, CheckOutcome, string> Conditions => new()
    {
        { GateScope.Policy, CheckOutcome.False, "KernelDeadlock of node b is True" },
        { GateScope.Cluster, CheckOutcome.False, "KernelDeadlock of node b is True" },
        { GateScope.Node, CheckOutcome.Passed, "" },
    };

    [Theory]
    [MemberData(nameof(Conditions))]
    public async Task Conditions_of_nodes(GateScope scope, CheckOutcome outcome, string words)
    {
        Node[] nodes = [Sick("a", "False", EdgeLabels), Sick("b", "True", EdgeLabels), Sick("c", "Unknown", null)];
        var gate = new GateSpec { Name = "problems", NodeConditions = new() { Types = ["KernelDeadlock"], Scope = scope } };

        var finding = await EvaluateAsync(gate, nodes: nodes);

        Assert.Equal(outcome, finding.Whole.Outcome);
        Assert.Contains(words, finding.Whole.Message, StringComparison.Ordinal);
        Assert.Equal(
            scope == GateScope.Node ? [("a", CheckOutcome.Passed), ("b", CheckOutcome.False)] : [],
            (finding.Nodes ?? new Dictionary<string, CheckFinding>()).Select(n => (n.Key, n.Value.Outcome)).Order());
        Assert.Equal(scope == GateScope.Cluster, finding.Whole.Message.Contains("node c", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_gate_over_no_node_is_missing() => Assert.Equal(
        CheckOutcome.Missing,
            (await EvaluateAsync(
                new() { Name = "problems", NodeConditions = new() { Types = ["KernelDeadlock"] } }, nodes: [Sick("c", "False", null)]))
                    .Whole.Outcome);

    public static TheoryData<GateScope, bool, CheckOutcome> Pods => new()
    {
        { GateScope.Cluster, true, CheckOutcome.False },
        { GateScope.Policy, true, CheckOutcome.False },
        { GateScope.Node, true, CheckOutcome.Passed },
        { GateScope.Cluster, false, CheckOutcome.False },
        { GateScope.Policy, false, CheckOutcome.Passed },
    };

    [Theory]
    [MemberData(nameof(Pods))]
    public async Task Pods_of_the_cluster_of_the_policy_or_of_each_node(GateScope scope, bool absent, CheckOutcome outcome)
    {
        await using var api = new ScriptedServer((_, response, _) => response.JsonAsync($$"""
            {"metadata": {}, "items": [{{Pod("backup-1", "a", "True")}}, {{Pod("backup-2", "c", "False")}}]}
            """));
        using var client = Given.Client(api);
        var gate = new GateSpec
        {
            Name = "backup",
            Pods = new()
            {
                Selector = new() { MatchLabels = new Dictionary<string, string> { ["app"] = "backup" } },
                Absent = absent,
                Scope = scope
            }
        };

        var finding = await EvaluateAsync(
            gate, client, [Sick("a", "False", EdgeLabels), Sick("b", "False", EdgeLabels), Sick("c", "False", null)]);

        Assert.Equal(outcome, finding.Whole.Outcome);
        Assert.Equal(
            scope == GateScope.Node ? [("a", CheckOutcome.False), ("b", CheckOutcome.Passed)] : [],
            (finding.Nodes ?? new Dictionary<string, CheckFinding>()).Select(n => (n.Key, n.Value.Outcome)).Order());
        var asked = Uri.UnescapeDataString(Assert.Single(api.Received).Target);
        Assert.Contains("labelSelector=app=backup", asked, StringComparison.Ordinal);
        Assert.Contains("fieldSelector=status.phase!=Succeeded,status.phase!=Failed", asked, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_gate_with_an_empty_selector_never_asks_for_everything()
    {
        await using var api = new ScriptedServer((_, response, _) => response.JsonAsync("""{"metadata": {}, "items": []}"""));
        using var client = Given.Client(api);
        Assert.Equal(CheckOutcome.Error,
            (await EvaluateAsync(new() { Name = "backup", Pods = new() { Selector = new(), Absent = true } }, client)).Whole.Outcome);
        Assert.Empty(api.Received);
    }

    public static TheoryData<string, CheckOutcome, string> Objects => new()
    {
        { $"{Cluster("a", "OK")}, {Cluster("b", "OK")}", CheckOutcome.Passed, "2 objects of kind CephCluster" },
        { $"{Cluster("a", "OK")}, {Cluster("b", "WARN")}", CheckOutcome.False, "CephCluster rook/b is \"WARN\"" },
        { """{"metadata": {"name": "a", "namespace": "rook"}, "status": {}}""", CheckOutcome.Missing,
            "CephCluster rook/a has no {.status.health}" },
        { "", CheckOutcome.Missing, "there is no CephCluster" },
    };

    [Theory]
    [MemberData(nameof(Objects))]
    public async Task All_objects_of_a_kind_must_match(string items, CheckOutcome outcome, string words)
    {
        await using var api = new ScriptedServer((request, response, _) => response.JsonAsync(request.Path == "/apis/ceph.rook.io/v1"
            ? """{"resources":[{"name":"cephclusters","kind":"CephCluster","namespaced":true}]}"""
            : $$"""{"metadata":{},"items":[{{items}}]}"""));
        using var client = Given.Client(api);
        var check = new ConditionCheck
        {
            ApiVersion = "ceph.rook.io/v1",
            Kind = "CephCluster",
            Path = "{.status.health}",
            Operator = ConditionOperator.Equal,
            Value = "OK"
        };

        var finding = (await EvaluateAsync(new() { Name = "ceph", Condition = check }, client)).Whole;

        Assert.Equal(outcome, finding.Outcome);
        Assert.Contains(words, finding.Message, StringComparison.Ordinal);
        Assert.StartsWith("/apis/ceph.rook.io/v1/cephclusters?", api.Received[^1].Target, StringComparison.Ordinal);
        await EvaluateAsync(new() { Name = "ceph", Condition = check with { Namespace = "rook", Selector = Edge } }, client);
        Assert.StartsWith("/apis/ceph.rook.io/v1/namespaces/rook/cephclusters?labelSelector=pool%3Dedge", api.Received[^1].Target,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_list_that_is_not_granted_says_which_right_is_missing()
    {
        await using var api = new ScriptedServer((request, response, _) => request.Path == "/api/v1"
            ? response.JsonAsync("""{"resources":[{"name":"configmaps","kind":"ConfigMap","namespaced":true}]}""")
            : response.StatusAsync(403, "Forbidden"));
        using var client = Given.Client(api);
        var check = new ConditionCheck { ApiVersion = "v1", Kind = "ConfigMap", Path = "{.data.a}", Operator = ConditionOperator.Exists };
        Assert.Contains("grant list on configmaps with a ClusterRole labelled",
            (await EvaluateAsync(new() { Name = "a", Condition = check }, client)).Whole.Message, StringComparison.Ordinal);
    }

    private static GateSpec Alerts => GateSamples.Valid("alerts");

    private static string Cluster(string name, string health) => $$"""
        {"metadata": {"name": "{{name}}", "namespace": "rook"}, "status": {"health": "{{health}}"} }
        """;

    private static string Pod(string name, string node, string ready) => $$"""
        {"metadata": {"namespace": "backup", "name": "{{name}}", "uid": "{{name}}"}, "spec": {"nodeName": "{{node}}"},
         "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "{{ready}}"}]} }
        """;

    private static Node Sick(string name, string deadlock, IReadOnlyDictionary<string, string>? labels)
    {
        var node = Given.Node(name, labels: labels);
        return (node with
        {
            Status =
            node.Status! with { Conditions = [.. node.Status.Conditions!, new() { Type = "KernelDeadlock", Status = deadlock }] }
        })
                .Trimmed();
    }

    private static Task<GateFinding> EvaluateAsync(
        GateSpec gate, ApiClient? client = null, IReadOnlyList<Node>? nodes = null, AlertmanagerSettings? alertmanager = null) =>
        new CheckProbes(client ?? Given.Nowhere, null!, new FakeTimeProvider(Given.Now))
        {
            Nodes = () =>
            nodes ?? [],
            Alertmanager = alertmanager ?? new()
        }
            .EvaluateAsync(new GateSubject(gate, Edge), Given.Cancel);
}
