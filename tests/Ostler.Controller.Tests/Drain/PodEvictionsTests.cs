using System.Text.Json.Nodes;
using Microsoft.Extensions.Time.Testing;
using Ostler.Controller.Drain;
using Ostler.Kubernetes.Client;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Snapshot;
using Ostler.Testing.Scripted;

namespace Ostler.Controller.Tests.Drain;

public sealed class PodEvictionsTests
{
    private static readonly JsonObject DisruptionBudgetCause = new() { ["causes"] = new JsonArray(new JsonObject { ["reason"] = "DisruptionBudget", ["message"] = "prose" }) };
    private static readonly JsonObject TerminatingCause = new() { ["causes"] = new JsonArray(new JsonObject { ["reason"] = "NamespaceTerminating" }) };

    public static TheoryData<string, int, string, JsonObject?, string[], EvictionOutcome, string?> Answers => new()
    {
        { "accepted", 201, "", null, [], EvictionOutcome.Accepted, null },
        { "a budget allows nothing", 429, "TooManyRequests", DisruptionBudgetCause, ["web=0"], EvictionOutcome.BlockedByBudget, "web" },
        { "of two matching budgets the exhausted one is named", 429, "TooManyRequests", DisruptionBudgetCause, ["web=0", "all=2"], EvictionOutcome.BlockedByBudget, "web" },
        { "a budget that was just used up", 429, "TooManyRequests", DisruptionBudgetCause, ["web=1"], EvictionOutcome.BlockedByBudget, "web" },
        { "a server that names no cause, but a budget matches", 429, "TooManyRequests", null, ["web=0"], EvictionOutcome.BlockedByBudget, "web" },
        { "an overloaded server", 429, "TooManyRequests", null, [], EvictionOutcome.Failed, null },
        { "several budgets, which the server refuses for ever", 500, "InternalError", null, ["b=1", "a=1"], EvictionOutcome.SeveralBudgets, "a, b" },
        { "a broken server", 500, "InternalError", null, ["a=1"], EvictionOutcome.Failed, null },
        { "gone", 404, "NotFound", null, [], EvictionOutcome.Gone, null },
        { "another pod under the name", 409, "Conflict", null, [], EvictionOutcome.Gone, null },
        { "its namespace goes away", 403, "Forbidden", TerminatingCause, [], EvictionOutcome.NamespaceTerminating, null },
        { "not allowed to", 403, "Forbidden", null, [], EvictionOutcome.Failed, null },
        { "refused by a webhook", 400, "BadRequest", null, [], EvictionOutcome.Failed, null },
    };

    [Theory, MemberData(nameof(Answers))]
    public async Task Each_answer_of_the_server_has_its_meaning(
        string label, int code, string reason, JsonObject? details, string[] budgets, EvictionOutcome outcome, string? named)
    {
        Assert.NotEmpty(label);
        await using var server = Server(budgets, response => code == 201
            ? response.JsonAsync("{}", 201)
            : response.StatusAsync(code, reason, "the server's words", details?.DeepClone()));
        using var client = Given.Client(server);

        var result = await EvictAsync(client);

        Assert.Equal(outcome, result.Outcome);
        Assert.Equal(named, result.Budget);
        Assert.Equal(Given.Now, result.At);
        if (outcome is not (EvictionOutcome.Accepted or EvictionOutcome.Gone))
        {
            Assert.Equal("the server's words", result.Message);
        }
    }

    [Fact]
    public async Task The_eviction_carries_the_uid_and_the_grace_period_and_the_version_that_the_server_takes()
    {
        await using var server = Server([], response => response.JsonAsync("{}", 201));
        using var client = Given.Client(server);

        await EvictAsync(client, grace: 7);

        var body = server.Received.Single(r => r.Method == "POST").BodyJson!;
        Assert.Equal("policy/v1beta1", body["apiVersion"]!.GetValue<string>());
        Assert.Equal("uid-1", body["deleteOptions"]!["preconditions"]!["uid"]!.GetValue<string>());
        Assert.Equal(7, body["deleteOptions"]!["gracePeriodSeconds"]!.GetValue<int>());
    }

    /// <summary>KubeVirt's webhook refuses the eviction of a machine's pod and starts its migration; a dry run starts nothing.</summary>
    [Theory]
    [InlineData(false, EvictionOutcome.Migrating)]
    [InlineData(true, EvictionOutcome.BlockedByBudget)]
    public async Task A_refusal_of_KubeVirt_means_that_the_machine_migrates(bool dryRun, EvictionOutcome outcome)
    {
        await using var server = Server(["web=0"], response => response.StatusAsync(429, "TooManyRequests", "Eviction triggered evacuation of VMI \"apps/vm1\""));
        using var client = Given.Client(server);
        var evictions = new PodEvictions(client, new FakeTimeProvider(Given.Now));
        var labels = new Dictionary<string, string>(Labels) { ["kubevirt.io"] = "virt-launcher" };

        var result = dryRun
            ? await evictions.DryRunAsync(new() { Namespace = "apps", Name = "pod-1", Uid = "uid-1", Labels = labels }, new(client), Given.Cancel)
            : await evictions.EvictAsync(Action("pod-1"), labels, new(client), Given.Cancel);

        Assert.Equal(outcome, result.Outcome);
        Assert.Contains("evacuation", result.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(200)]
    [InlineData(404)]
    public async Task To_cancel_a_migration_the_mark_goes_first_and_then_what_it_started(int code)
    {
        const string Migrations = "/apis/kubevirt.io/v1/namespaces/apps/virtualmachineinstancemigrations";
        await using var server = Given.Server((request, response) => (request.Method, request.Path) switch
        {
            ("PUT", _) => code == 200 ? response.JsonAsync("{}", 202) : response.StatusAsync(404, "NotFound"),
            ("GET", "/apis/kubevirt.io/v1") => response.JsonAsync(
                """{"kind":"APIResourceList","resources":[{"name":"virtualmachineinstancemigrations","kind":"VirtualMachineInstanceMigration","namespaced":true,"verbs":["list","delete"]}]}"""),
            ("GET", Migrations) => response.JsonAsync(
                """
                {"metadata":{"resourceVersion":"1"},"items":[
                 {"metadata":{"name":"mine","namespace":"apps","uid":"m1","annotations":{"kubevirt.io/evacuationMigration":"n1"}},"spec":{"vmiName":"vm1"}},
                 {"metadata":{"name":"over","namespace":"apps","uid":"m2","annotations":{"kubevirt.io/evacuationMigration":"n1"}},"spec":{"vmiName":"vm1"},"status":{"phase":"Succeeded"}},
                 {"metadata":{"name":"users","namespace":"apps","uid":"m3"},"spec":{"vmiName":"vm1"}},
                 {"metadata":{"name":"other","namespace":"apps","uid":"m4","annotations":{"kubevirt.io/evacuationMigration":"n1"}},"spec":{"vmiName":"vm2"}}]}
                """),
            ("DELETE", _) => response.JsonAsync("{}"),
            _ => response.StatusAsync(404, "NotFound"),
        });
        using var client = Given.Client(server);

        await new PodEvictions(client, new FakeTimeProvider(Given.Now)).CancelMigrationAsync(new("n1", "u1", "apps", "vm1", "DrainTimedOut", "late"), Given.Cancel);

        var put = server.Received[0];
        Assert.Equal("/apis/subresources.kubevirt.io/v1/namespaces/apps/virtualmachineinstances/vm1/evacuate/cancel", put.Path);
        Assert.Equal("n1", put.BodyJson!["evacuationNodeName"]!.GetValue<string>());
        Assert.Equal($"{Migrations}/mine", Assert.Single(server.Received, r => r.Method == "DELETE").Path);
    }

    [Fact]
    public async Task The_outcome_is_known_even_when_the_budgets_cannot_be_listed()
    {
        await using var server = Given.Server((request, response) => request.Path switch
        {
            "/api/v1" => response.JsonAsync(Core),
            _ when request.Method == "POST" => response.StatusAsync(429, "TooManyRequests", "no", DisruptionBudgetCause.DeepClone()),
            _ => response.StatusAsync(403, "Forbidden"),
        });
        using var client = Given.Client(server);

        var result = await EvictAsync(client);

        Assert.Equal(EvictionOutcome.BlockedByBudget, result.Outcome);
        Assert.Null(result.Budget);
    }

    [Fact]
    public async Task The_budgets_of_a_namespace_are_listed_once_for_all_its_blocked_pods()
    {
        await using var server = Server(["web=0"], response => response.StatusAsync(429, "TooManyRequests", "no", DisruptionBudgetCause.DeepClone()));
        using var client = Given.Client(server);
        var evictions = new PodEvictions(client, new FakeTimeProvider(Given.Now));
        var budgets = new DisruptionBudgets(client);

        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => evictions.EvictAsync(Action($"pod-{i}"), Labels, budgets, Given.Cancel)));

        Assert.Single(server.Received, r => r.Path.EndsWith("/poddisruptionbudgets", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_server_that_breaks_off_is_a_failed_try_and_no_exception()
    {
        await using var server = Given.Server((request, response) =>
        {
            if (request.Path == "/api/v1")
            {
                return response.JsonAsync(Core);
            }

            response.Reset();
            return Task.CompletedTask;
        });
        using var client = Given.Client(server);

        Assert.Equal(EvictionOutcome.Failed, (await EvictAsync(client)).Outcome);
    }

    [Fact]
    public async Task A_forced_deletion_hits_only_the_pod_of_the_uid()
    {
        await using var server = Given.Server((request, response) => response.JsonAsync("{}"));
        using var client = Given.Client(server);

        var result = await new PodEvictions(client, new FakeTimeProvider(Given.Now))
            .DeleteAsync(new("node", "node-uid", "apps", "pod", "uid-1", null, "DrainForced", ""), Given.Cancel);

        var request = Assert.Single(server.Received, r => r.Method == "DELETE");
        Assert.Equal("/api/v1/namespaces/apps/pods/pod", request.Path);
        Assert.Equal("uid-1", request.BodyJson!["preconditions"]!["uid"]!.GetValue<string>());
        Assert.Null(request.BodyJson!["gracePeriodSeconds"]);
        Assert.Equal((EvictionOutcome.Accepted, null), (result.Outcome, result.Message));
    }

    [Fact]
    public async Task A_pod_is_marked_as_the_target_of_a_disruption_before_it_is_deleted_by_force()
    {
        await using var server = Given.Server((request, response) => response.JsonAsync("{}"));
        using var client = Given.Client(server);

        await new PodEvictions(client, new FakeTimeProvider(Given.Now))
            .DeleteAsync(new("node", "node-uid", "apps", "pod", "uid-1", null, "DrainForced", ""), Given.Cancel);

        Assert.Equal(["PATCH", "DELETE"], server.Received.Select(r => r.Method));
        var patch = server.Received[0];
        Assert.Equal("/api/v1/namespaces/apps/pods/pod/status", patch.Path);
        Assert.Equal("uid-1", (string?)patch.BodyJson!["metadata"]!["uid"]);
        var condition = Assert.Single(patch.BodyJson!["status"]!["conditions"]!.AsArray())!;
        Assert.Equal(
            ("DisruptionTarget", "True", "DeletionByOstler"),
            ((string?)condition["type"], (string?)condition["status"], (string?)condition["reason"]));
    }

    [Theory]
    [InlineData(403, "Forbidden")]
    [InlineData(404, "NotFound")]
    [InlineData(422, "Invalid")]
    [InlineData(500, "InternalError")]
    public async Task A_pod_that_cannot_be_marked_is_deleted_all_the_same_and_the_reason_is_kept(int code, string reason)
    {
        await using var server = Given.Server((request, response) =>
            request.Method == "PATCH" ? response.StatusAsync(code, reason, "not today") : response.JsonAsync("{}"));
        using var client = Given.Client(server);

        var result = await new PodEvictions(client, new FakeTimeProvider(Given.Now))
            .DeleteAsync(new("node", "node-uid", "apps", "pod", "uid-1", null, "DrainForced", ""), Given.Cancel);

        Assert.Equal(EvictionOutcome.Accepted, result.Outcome);
        Assert.Equal("The condition DisruptionTarget could not be set: not today", result.Message);
    }

    private static readonly Dictionary<string, string> Labels = new() { ["app"] = "web" };

    private const string Core = """{"resources":[{"name":"pods/eviction","kind":"Eviction","group":"policy","version":"v1beta1","namespaced":true}]}""";

    private static NodeAction.EvictPod Action(string pod, long? grace = null) => new("node", "node-uid", "apps", pod, "uid-1", grace, "Draining", "");

    private static Task<EvictionResult> EvictAsync(ApiClient client, long? grace = null) =>
        new PodEvictions(client, new FakeTimeProvider(Given.Now)).EvictAsync(Action("pod", grace), Labels, new DisruptionBudgets(client), Given.Cancel);

    /// <param name="budgets">As <c>name=disruptionsAllowed</c>, all matching.</param>
    /// <param name="evict">Answers the eviction.</param>
    private static ScriptedServer Server(string[] budgets, Func<ScriptedResponse, Task> evict) => Given.Server((request, response) => request.Path switch
    {
        "/api/v1" => response.JsonAsync(Core),
        "/apis/policy/v1" => response.StatusAsync(404, "NotFound"),
        "/apis/policy/v1beta1/namespaces/apps/poddisruptionbudgets" => response.JsonAsync(new JsonObject
        {
            ["metadata"] = new JsonObject { ["resourceVersion"] = "1" },
            ["items"] = new JsonArray([.. budgets.Select(b => b.Split('=')).Select(b => new JsonObject
            {
                ["metadata"] = new JsonObject { ["namespace"] = "apps", ["name"] = b[0], ["uid"] = b[0] },
                ["spec"] = new JsonObject { ["selector"] = new JsonObject { ["matchLabels"] = new JsonObject { ["app"] = "web" } } },
                ["status"] = new JsonObject { ["disruptionsAllowed"] = int.Parse(b[1], null) },
            })]),
        }),
        _ when request.Method == "POST" => evict(response),
        _ => throw new InvalidOperationException(request.ToString()),
    });
}
