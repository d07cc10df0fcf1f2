using System.Text.Json.Nodes;
using Microsoft.Extensions.Logging.Abstractions;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Controller.NodeOSes;
using Ostler.Kubernetes;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Controllers;
using Ostler.Kubernetes.Core;
using Ostler.Kubernetes.Informers;
using Ostler.Testing.Scripted;

namespace Ostler.Controller.Tests.NodeOSes;

public sealed class NodeOSReconcilerTests
{
    private static readonly NamespacedName Name = NamespacedName.ClusterScoped("n");

    [Fact]
    public async Task A_node_without_a_nodeos_gets_one_that_only_observes_and_is_owned_by_it()
    {
        await using var server = Given.Server((request, response) => response.JsonAsync(Stored(request), 201));
        var (reconciler, cache) = Reconciler(server, Given.Node("n", "u1"));

        await reconciler.ReconcileAsync("n", Given.Cancel);

        var body = Assert.Single(server.Received).BodyJson!;
        Assert.Equal("Observe", body["spec"]!["goal"]!.GetValue<string>());
        Assert.Equal(
            """[{"apiVersion":"v1","kind":"Node","name":"n","uid":"u1","controller":true,"blockOwnerDeletion":false}]""",
            body["metadata"]!["ownerReferences"]!.ToJsonString());
        Assert.NotNull(cache.Lister.Get(Name));
    }

    [Fact]
    public async Task A_nodeos_of_this_node_is_left_alone()
    {
        await using var server = Unused();

        await Reconciler(server, Given.Node("n"), Given.NodeOS("n")).Reconciler.ReconcileAsync("n", Given.Cancel);

        Assert.Empty(server.Received);
    }

    [Theory]
    [InlineData(null, "bootc", """{"backend":"bootc"}""")]
    [InlineData("bootc", "no such tool", """{"backend":"no such tool"}""")]
    [InlineData("bootc", null, """{"backend":null}""")]
    public async Task The_label_that_names_the_hosts_tool_is_copied_right_or_wrong(string? before, string? label, string spec)
    {
        var node = Given.Node("n");
        node = node with { Metadata = node.Metadata with { Labels = label is null ? null : new Dictionary<string, string> { [NodeMarks.BackendLabel] = label } } };
        var os = Given.NodeOS("n", spec: new() { Goal = Goal.Stage, Attempt = 3, Backend = before });
        await using var server = Given.Server((_, response) => response.JsonAsync("""{"metadata":{"name":"n"},"spec":{"goal":"Stage","attempt":3}}"""));

        await Reconciler(server, node, os).Reconciler.ReconcileAsync("n", Given.Cancel);

        var request = Assert.Single(server.Received);
        Assert.Equal(("PATCH", spec), (request.Method, request.BodyJson!["spec"]!.ToJsonString()));
        Assert.Equal("os-uid-n", request.BodyJson!["metadata"]!["uid"]!.GetValue<string>());
    }

    [Fact]
    public async Task A_NodeOS_that_a_policy_writes_has_no_second_writer()
    {
        var node = Given.Node("n", labels: new Dictionary<string, string> { [NodeMarks.BackendLabel] = "bootc" });
        await using var server = Given.Server((_, response) => response.JsonAsync("{}"));

        await Reconciler(server, node, Given.NodeOS("n", spec: new() { Policy = "edge", Goal = Goal.Stage })).Reconciler.ReconcileAsync("n", Given.Cancel);

        Assert.Empty(server.Received);
    }

    [Fact]
    public async Task A_nodeos_of_a_former_node_is_deleted_by_uid_and_made_anew()
    {
        await using var server = Given.Server((request, response) => request.Method == "DELETE" ? response.JsonAsync("{}") : response.JsonAsync(Stored(request), 201));
        var (reconciler, cache) = Reconciler(server, Given.Node("n", "new"), Given.NodeOS("n", "old", new() { Goal = Goal.Boot, Attempt = 4 }));

        await reconciler.ReconcileAsync("n", Given.Cancel);

        Assert.Equal(["DELETE", "POST"], server.Received.Select(r => r.Method));
        Assert.Equal("os-uid-n", server.Received[0].BodyJson!["preconditions"]!["uid"]!.GetValue<string>());
        Assert.Equal("stored-uid", cache.Lister.Get(Name)!.Metadata.Uid);
        Assert.Equal(Goal.Observe, cache.Lister.Get(Name)!.Spec.Goal);
    }

    [Fact]
    public async Task A_former_nodeos_that_a_finalizer_keeps_is_waited_for()
    {
        await using var server = Given.Server((request, response) => request.Method switch
        {
            "DELETE" => response.JsonAsync("{}"),
            "POST" => response.StatusAsync(409, "AlreadyExists"),
            _ => response.JsonAsync(Given.Written(OstlerResources.NodeOSes, Given.NodeOS("n", "old"), "25")),
        });

        var result = await Reconciler(server, Given.Node("n", "new"), Given.NodeOS("n", "old")).Reconciler.ReconcileAsync("n", Given.Cancel);

        Assert.NotNull(result.RequeueAfter);
    }

    [Fact]
    public async Task A_nodeos_that_the_cache_did_not_know_of_enters_it()
    {
        await using var server = Given.Server((request, response) => request.Method == "POST"
            ? response.StatusAsync(409, "AlreadyExists")
            : response.JsonAsync(Given.Written(OstlerResources.NodeOSes, Given.NodeOS("n"), "25")));
        var (reconciler, cache) = Reconciler(server, Given.Node("n"));

        await reconciler.ReconcileAsync("n", Given.Cancel);

        Assert.Equal("os-uid-n", cache.Lister.Get(Name)!.Metadata.Uid);
    }

    [Fact]
    public async Task A_nodeos_without_an_owner_is_somebody_elses_and_never_deleted()
    {
        await using var server = Unused();
        var unowned = Given.NodeOS("n");
        unowned = unowned with { Metadata = unowned.Metadata with { OwnerReferences = null } };

        await Reconciler(server, Given.Node("n"), unowned).Reconciler.ReconcileAsync("n", Given.Cancel);

        Assert.Empty(server.Received);
    }

    [Fact]
    public async Task Nodes_that_go_or_are_gone_get_none()
    {
        await using var server = Unused();
        var going = Given.Node("n");
        going = going with { Metadata = going.Metadata with { DeletionTimestamp = Given.Now } };

        await Reconciler(server, going).Reconciler.ReconcileAsync("n", Given.Cancel);
        await Reconciler(server, Given.Node("other"), Given.NodeOS("n")).Reconciler.ReconcileAsync("n", Given.Cancel);

        Assert.Empty(server.Received);
    }

    private static ScriptedServer Unused() => Given.Server((_, response) => response.StatusAsync(500, "Unexpected"));

    private static JsonObject Stored(ScriptedRequest request)
    {
        var stored = request.BodyJson!.AsObject();
        stored["metadata"]!["uid"] = "stored-uid";
        stored["metadata"]!["resourceVersion"] = "30";
        return stored;
    }

    private static (NodeOSReconciler Reconciler, Informer<NodeOS> Cache) Reconciler(ScriptedServer server, Node node, params NodeOS[] nodeOSes)
    {
        var client = Given.Client(server);
        var cache = Given.Cache(client, OstlerResources.NodeOSes, nodeOSes);
        return (new(client, Given.Lister(CoreResources.Nodes, node), cache, NullLogger<NodeOSReconciler>.Instance), cache);
    }
}
