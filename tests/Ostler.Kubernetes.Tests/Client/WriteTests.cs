using System.Text.Json.Nodes;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Tests.Support;
using Ostler.Testing.Scripted;
using k8s.Models;

namespace Ostler.Kubernetes.Tests.Client;

public sealed class WriteTests : IAsyncDisposable
{
    private readonly ScriptedServer _server;
    private readonly ApiClient _client;

    public WriteTests()
    {
        _server = new ScriptedServer((_, response, _) => response.JsonAsync(NodeJson.Node("a", "7")));
        _client = new ApiClient(_server.CreateClient(), new ApiClientOptions { FieldManager = "tester" });
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        await _server.DisposeAsync();
    }

    private static NamespacedName A => NamespacedName.ClusterScoped("a");

    private async Task<ScriptedRequest> SentAsync(Patch patch, string? subresource = null)
    {
        var result = await _client.PatchAsync(KnownResources.Nodes, A, patch, Within.Deadline, subresource);
        Assert.Equal("7", result.Metadata.ResourceVersion);
        return Assert.Single(_server.Received);
    }

    [Fact]
    public async Task A_merge_patch_is_sent_as_it_is()
    {
        var request = await SentAsync(Patch.Merge(new JsonObject { ["spec"] = new JsonObject { ["unschedulable"] = true, ["gone"] = null } }));

        Assert.Equal("PATCH /api/v1/nodes/a?fieldManager=tester", request.ToString());
        Assert.Equal("application/merge-patch+json", request.Header("content-type"));
        Assert.Equal("""{"spec":{"unschedulable":true,"gone":null}}""", request.BodyText);
    }

    [Fact]
    public async Task Preconditions_go_into_the_metadata_of_a_merge_patch_and_leave_the_callers_body_alone()
    {
        var body = new JsonObject { ["metadata"] = new JsonObject { ["labels"] = new JsonObject { ["x"] = "y" } } };

        var request = await SentAsync(Patch.Merge(body).OnlyIf(uid: "u", resourceVersion: "5"));

        Assert.Equal("""{"metadata":{"labels":{"x":"y"},"uid":"u","resourceVersion":"5"}}""", request.BodyText);
        Assert.Null(body["metadata"]!["uid"]);
    }

    [Fact]
    public async Task Preconditions_that_are_not_given_are_not_sent()
    {
        var request = await SentAsync(Patch.Merge(new JsonObject { ["spec"] = new JsonObject() }).OnlyIf(uid: "u"));

        Assert.Equal("""{"spec":{},"metadata":{"uid":"u"}}""", request.BodyText);
    }

    [Theory]
    [InlineData(false, "?fieldManager=tester")]
    [InlineData(true, "?fieldManager=tester&force=true")]
    public async Task An_apply_names_its_object_and_its_manager(bool force, string query)
    {
        var request = await SentAsync(Patch.Apply(new JsonObject { ["metadata"] = new JsonObject { ["labels"] = new JsonObject() } }, force));

        Assert.Equal($"PATCH /api/v1/nodes/a{query}", request.ToString());
        Assert.Equal("application/apply-patch+yaml", request.Header("content-type"));
        Assert.Equal("""{"metadata":{"labels":{},"name":"a"},"apiVersion":"v1","kind":"Node"}""", request.BodyText);
    }

    [Fact]
    public async Task A_json_patch_is_a_list_of_operations()
    {
        var request = await SentAsync(Patch.Json(new JsonArray(new JsonObject { ["op"] = "test", ["path"] = "/x", ["value"] = 1 })));

        Assert.Equal("application/json-patch+json", request.Header("content-type"));
        Assert.Equal("""[{"op":"test","path":"/x","value":1}]""", request.BodyText);
        Assert.Throws<ArgumentException>(() => Patch.Json(new JsonObject()));
        Assert.Throws<InvalidOperationException>(() => Patch.Json(new JsonArray()).OnlyIf(uid: "u"));
    }

    [Fact]
    public async Task A_patch_keeps_its_force_manager_and_dry_run_whatever_is_added_to_it()
    {
        var request = await SentAsync(Patch.Apply(new JsonObject(), force: true).By("other").AsDryRun().OnlyIf(resourceVersion: "5"), "status");

        Assert.Equal("PATCH /api/v1/nodes/a/status?fieldManager=other&force=true&dryRun=All", request.ToString());
    }

    [Fact]
    public async Task Create_and_update_carry_the_object_and_the_manager()
    {
        var node = new V1Node { ApiVersion = "v1", Kind = "Node", Metadata = new V1ObjectMeta { Name = "a", ResourceVersion = "5" } };
        await _client.CreateAsync(KnownResources.Nodes, node, Within.Deadline);
        await _client.UpdateAsync(KnownResources.Nodes, node, Within.Deadline, "status");

        Assert.Equal(
            ["POST /api/v1/nodes?fieldManager=tester", "PUT /api/v1/nodes/a/status?fieldManager=tester"],
            _server.Received.Select(r => r.ToString()));
        Assert.All(_server.Received, r => Assert.Equal("""{"apiVersion":"v1","kind":"Node","metadata":{"name":"a","resourceVersion":"5"}}""", r.BodyText));
    }

    [Fact]
    public async Task A_deletion_carries_its_preconditions_and_grace_period()
    {
        await _client.DeleteAsync(KnownResources.Pods, new NamespacedName("ns", "p"), new DeletePreconditions("u", "5"), 0, Within.Deadline);
        await _client.DeleteAsync(KnownResources.Nodes, A, null, null, Within.Deadline);

        Assert.Equal(["DELETE /api/v1/namespaces/ns/pods/p", "DELETE /api/v1/nodes/a"], _server.Received.Select(r => r.ToString()));
        Assert.Equal(
            """{"apiVersion":"v1","kind":"DeleteOptions","gracePeriodSeconds":0,"preconditions":{"uid":"u","resourceVersion":"5"}}""",
            _server.Received[0].BodyText);
        Assert.Equal("""{"apiVersion":"v1","kind":"DeleteOptions"}""", _server.Received[1].BodyText);
    }

    [Fact]
    public async Task A_nameless_object_never_becomes_a_call_on_the_whole_collection()
    {
        await Assert.ThrowsAsync<ArgumentException>(() => _client.DeleteAsync(KnownResources.Nodes, NamespacedName.ClusterScoped(""), null, null, Within.Deadline));
        await Assert.ThrowsAsync<ArgumentException>(() => _client.DeleteAsync(KnownResources.Pods, new NamespacedName("", "p"), null, null, Within.Deadline));
        await Assert.ThrowsAsync<ArgumentException>(() => _client.EvictAsync(new NamespacedName("", "p"), "u", null, false, Within.Deadline));

        Assert.Empty(_server.Received);
    }

    [Fact]
    public async Task Names_are_escaped()
    {
        await _client.GetAsync(KnownResources.Nodes, NamespacedName.ClusterScoped("a/../b?c"), Within.Deadline);

        Assert.Equal("GET /api/v1/nodes/a%2F..%2Fb%3Fc", Assert.Single(_server.Received).ToString());
    }
}
