using System.Text.Json.Nodes;
using Ostler.Agent.Cluster;
using Ostler.Agent.Tests.Support;
using Ostler.Api.NodeOSes;
using Ostler.Kubernetes.Client;
using Ostler.Testing.Scripted;

namespace Ostler.Agent.Tests.Api;

/// <summary>What goes over the wire.</summary>
public sealed class NodeOSApiTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_whole_status_is_applied_to_the_object_with_this_UID_and_to_no_other()
    {
        await using var server = new ScriptedServer(async (request, response, _) => await response.JsonAsync(Object("7")));

        var stored = await Api(server).ApplyStatusAsync("uid-1", new NodeOSStatus { Step = NodeStep.Staged, Attempt = 3 }, Token);

        var request = Assert.Single(server.Received);
        Assert.Equal(("PATCH", "/apis/ostler.dev/v1alpha1/nodeoses/node-1/status"), (request.Method, request.Path));
        Assert.Equal(("ostler-agent", "true"), (request.Query("fieldManager"), request.Query("force")));
        Assert.StartsWith("application/apply-patch+yaml", request.Header("Content-Type"), StringComparison.Ordinal);
        var body = request.BodyJson!;
        Assert.Equal(("ostler.dev/v1alpha1", "NodeOS"), ((string?)body["apiVersion"], (string?)body["kind"]));
        Assert.Equal(("node-1", "uid-1"), ((string?)body["metadata"]!["name"], (string?)body["metadata"]!["uid"]));
        Assert.Equal(("Staged", 3), ((string?)body["status"]!["step"], (int)body["status"]!["attempt"]!));
        Assert.Null(body["spec"]);
        Assert.Equal("7", stored.Metadata.ResourceVersion);
    }

    [Fact]
    public async Task The_present_state_comes_first_and_then_what_changes_and_others_objects_are_passed_over()
    {
        await using var server = new ScriptedServer(async (request, response, ct) =>
        {
            if (!request.IsWatch)
            {
                await response.JsonAsync($$$"""{"metadata":{"resourceVersion":"50"},"items":[{{{Object("40")}}},{{{Object("41", name: "node-2")}}}]}""");
                return;
            }

            await response.WriteLineAsync($$$"""{"type":"MODIFIED","object":{{{Object("51", name: "node-2")}}}}""");
            await response.WriteLineAsync($$$"""{"type":"MODIFIED","object":{{{Object("52")}}}}""");
            await response.WriteLineAsync("""{"type":"BOOKMARK","object":{"kind":"NodeOS","metadata":{"resourceVersion":"60"}}}""");
            await response.WriteLineAsync($$$"""{"type":"DELETED","object":{{{Object("61")}}}}""");
        });

        List<string> seen = [];
        await foreach (var change in Api(server).WatchAsync(Token))
        {
            seen.Add($"{(change.IsListed ? "list " : "")}{change.ResourceVersion} {(change.IsBookmark ? "bookmark" : change.Object is { } os ? os.Metadata.ResourceVersion : "gone")}");
        }

        Assert.Equal(["list 50 40", "52 52", "60 bookmark", "61 gone"], seen);
        Assert.All(server.Received, r => Assert.Equal("metadata.name=node-1", r.Query("fieldSelector")));
        Assert.Equal(("50", "450"), (server.Received[1].Query("resourceVersion"), server.Received[1].Query("timeoutSeconds")));
    }

    [Fact]
    public async Task An_object_that_is_not_there_is_null()
    {
        await using var server = new ScriptedServer(async (_, response, _) => await response.StatusAsync(404, "NotFound"));

        Assert.Null(await Api(server).GetAsync(Token));
    }

    [Fact]
    public async Task A_fresh_read_is_not_answered_from_a_cache()
    {
        await using var server = new ScriptedServer(async (_, response, _) => await response.JsonAsync(Object("7")));

        Assert.Equal("7", (await Api(server).GetAsync(Token))?.Metadata.ResourceVersion);

        Assert.Null(Assert.Single(server.Received).Query("resourceVersion"));
    }

    private static NodeOSApi Api(ScriptedServer server) => new(new ApiClient(server.CreateClient()), "node-1", TimeProvider.System, () => 0.5);

    private static string Object(string version, string name = "node-1") => new JsonObject
    {
        ["apiVersion"] = "ostler.dev/v1alpha1",
        ["kind"] = "NodeOS",
        ["metadata"] = new JsonObject { ["name"] = name, ["uid"] = HostTrees.Uid, ["resourceVersion"] = version, ["generation"] = 1 },
        ["spec"] = new JsonObject { ["goal"] = "Observe" },
    }.ToJsonString();
}
