using Microsoft.Extensions.Time.Testing;
using Ostler.Api.Shared;
using Ostler.Controller.Health;
using Ostler.Kubernetes.Client;
using Ostler.Rollout.Health;
using Ostler.Rollout.Nodes;
using Ostler.Testing.Scripted;

namespace Ostler.Controller.Tests.Health;

public sealed class ConditionProbeTests
{
    private const string Resources =
        """{"resources":[{"name":"ciliumnodes/status","kind":"CiliumNode","namespaced":false},{"name":"ciliumnodes","kind":"CiliumNode","namespaced":false},{"name":"ciliumpolicies","kind":"CiliumPolicy","namespaced":true}]}""";

    private static readonly ConditionCheck Condition = new()
    {
        ApiVersion = "cilium.io/v2",
        Kind = "CiliumNode",
        Name = "{node}",
        Path = "{.status.conditions[?(@.type==\"Ready\")].status}",
        Operator = ConditionOperator.Equal,
        Value = "True",
    };

    public static TheoryData<int, string, CheckOutcome, string> Objects => new()
    {
        { 200, """{"status":{"conditions":[{"type":"Ready","status":"True"}]}}""", CheckOutcome.Passed, "" },
        { 200, """{"status":{"conditions":[{"type":"Ready","status":"False"}]}}""", CheckOutcome.False, "of CiliumNode n1 is \"False\"; wanted: Equal True" },
        { 200, """{"status":{}}""", CheckOutcome.Missing, "CiliumNode n1 has no {.status.conditions" },
        { 404, "{}", CheckOutcome.Missing, "CiliumNode n1 does not exist" },
        {
            403, "{}", CheckOutcome.Error,
            "the controller may not read CiliumNode n1: grant get on ciliumnodes.cilium.io with a ClusterRole labelled ostler.dev/aggregate-to-health-checks: \"true\""
        },
        { 500, "{}", CheckOutcome.Error, "CiliumNode n1 cannot be read: " },
        { 200, "<html>", CheckOutcome.Error, "CiliumNode n1 cannot be read: " },
    };

    [Theory]
    [MemberData(nameof(Objects))]
    public async Task An_object_is_read_and_judged(int code, string body, CheckOutcome outcome, string message)
    {
        await using var api = new ScriptedServer((request, response, _) =>
            request.Path == "/apis/cilium.io/v2" ? response.JsonAsync(Resources) : response.JsonAsync(body, code));

        var finding = Assert.Single(await MakeAsync(api, Condition));

        Assert.Equal(outcome, finding.Outcome);
        Assert.Contains(message, finding.Message, StringComparison.Ordinal);
        Assert.Equal("/apis/cilium.io/v2/ciliumnodes/n1", api.Received[^1].Path);
    }

    [Fact]
    public async Task A_core_object_in_a_namespace_is_found_and_its_path_is_asked_for_once()
    {
        await using var api = new ScriptedServer((request, response, _) => response.JsonAsync(request.Path == "/api/v1"
            ? """{"resources":[{"name":"configmaps","kind":"ConfigMap","namespaced":true}]}"""
            : """{"data":{"ready":"yes"}}"""));
        var check = Condition with { ApiVersion = "v1", Kind = "ConfigMap", Namespace = "apps", Name = "gate", Path = "{.data.ready}", Value = "yes" };

        Assert.All(await MakeAsync(api, check, times: 3), f => Assert.Equal(CheckOutcome.Passed, f.Outcome));

        Assert.Equal(["/api/v1", .. Enumerable.Repeat("/api/v1/namespaces/apps/configmaps/gate", 3)], api.Received.Select(r => r.Path));
    }

    public static TheoryData<string, ConditionCheck, string> Mistakes => new()
    {
        { "a kind that nobody serves", Condition with { Kind = "Unknown" }, "the API server does not have Unknown in cilium.io/v2: check that its CustomResourceDefinition is installed" },
        { "a group that nobody serves", Condition with { ApiVersion = "none.example/v1" }, "the API server does not have CiliumNode in none.example/v1" },
        { "a namespace too many", Condition with { Namespace = "apps" }, "CiliumNode is cluster-scoped: remove namespace" },
        { "no namespace", Condition with { Kind = "CiliumPolicy" }, "CiliumPolicy lives in namespaces: set namespace" },
    };

    [Theory]
    [MemberData(nameof(Mistakes))]
    public async Task A_mistake_is_an_error_that_says_what_to_write(string what, ConditionCheck check, string message)
    {
        _ = what;
        await using var api = new ScriptedServer((request, response, _) =>
            request.Path == "/apis/cilium.io/v2" ? response.JsonAsync(Resources) : response.StatusAsync(404, "NotFound"));

        Assert.StartsWith(message, Assert.Single(await MakeAsync(api, check)).Message, StringComparison.Ordinal);
        Assert.Single(api.Received);
    }

    [Theory]
    [InlineData("v1", "Secret")]
    [InlineData("v1", "secret")]
    [InlineData("vault.example/v1", "Secret")]
    [InlineData("v1", "Renamed")]
    public async Task Secrets_are_never_read(string apiVersion, string kind)
    {
        await using var api = new ScriptedServer((request, response, _) => response.JsonAsync(request.Path == "/api/v1"
            ? """{"resources":[{"name":"secrets","kind":"Renamed","namespaced":true}]}"""
            : """{"data":{"password":"cGFzc3dvcmQ="}}"""));
        var check = Condition with { ApiVersion = apiVersion, Kind = kind, Namespace = "ostler-system", Name = "registry-login", Path = "{.data.password}", Value = "x" };

        var finding = Assert.Single(await MakeAsync(api, check));

        Assert.Equal(CheckFinding.Error("a check may not read Secrets: check an object that reports the state in its status"), finding);
        Assert.DoesNotContain(api.Received, r => r.Path.Contains("secrets", StringComparison.Ordinal));
    }

    [Fact]
    public async Task What_was_not_found_is_looked_for_again()
    {
        var installed = false;
        await using var api = new ScriptedServer((request, response, _) => request.Path switch
        {
            "/apis/cilium.io/v2" when !installed => response.StatusAsync(404, "NotFound"),
            "/apis/cilium.io/v2" => response.JsonAsync(Resources),
            _ => response.JsonAsync("""{"status":{"conditions":[{"type":"Ready","status":"True"}]}}"""),
        });
        using var client = Given.Client(api);
        var probes = new CheckProbes(client, null!, new FakeTimeProvider());

        Assert.Equal(CheckOutcome.Error, (await probes.MakeAsync(Subject, new() { Name = "c", Condition = Condition }, Given.Cancel)).Outcome);
        installed = true;
        Assert.Equal(CheckOutcome.Passed, (await probes.MakeAsync(Subject, new() { Name = "c", Condition = Condition }, Given.Cancel)).Outcome);
    }

    private static CheckSubject Subject { get; } = new() { Node = "n1", Epoch = new("uid", 1, "boot-1"), Checks = [] };

    private static async Task<IReadOnlyList<CheckFinding>> MakeAsync(ScriptedServer api, ConditionCheck check, int times = 1)
    {
        using var client = Given.Client(api);
        var probes = new CheckProbes(client, null!, new FakeTimeProvider());
        List<CheckFinding> findings = [];
        for (var i = 0; i < times; i++)
        {
            findings.Add(await probes.MakeAsync(Subject, new() { Name = "c", Condition = check }, Given.Cancel));
        }

        return findings;
    }
}
