using System.Text.Json;
using System.Text.Json.Nodes;
using Ostler.Agent.Cluster;
using Ostler.Api.Json;
using Ostler.Api.NodeOSes;
using Ostler.Testing.Scripted;

namespace Ostler.Agent.Tests.Support;

/// <summary>
/// The API server as far as one agent knows it, over HTTP on loopback: list and watch of one name, read, apply of the status.
/// </summary>
internal sealed class NodeOSServer : IAsyncDisposable
{
    private const string Collection = "/apis/ostler.dev/v1alpha1/nodeoses";

    private readonly ScriptedServer _server;

    public NodeOSServer() => _server = new ScriptedServer(AnswerAsync);

    public FakeNodeOSApi Store { get; } = new();

    public Uri Address => _server.Address;

    public IReadOnlyList<ScriptedRequest> Received => _server.Received;

    public ValueTask DisposeAsync() => _server.DisposeAsync();

    private Task AnswerAsync(ScriptedRequest request, ScriptedResponse response, CancellationToken cancellationToken) => (request.Method, request.Path) switch
    {
        ("GET", Collection) when request.IsWatch => StreamAsync(long.Parse(request.Query("resourceVersion")!, System.Globalization.CultureInfo.InvariantCulture), response, cancellationToken),
        ("GET", Collection) => response.JsonAsync($$"""{"metadata":{"resourceVersion":"{{Store.Version}}"},"items":[{{Json(Store.Current)}}]}"""),
        ("GET", Collection + "/node-1") => Store.Current is { } os ? response.JsonAsync(Json(os)) : response.StatusAsync(404, "NotFound"),
        ("PATCH", Collection + "/node-1/status") => ApplyAsync(request.BodyJson!, response, cancellationToken),
        _ => response.StatusAsync(403, "Forbidden", $"The agent has no business with {request}."),
    };

    private async Task StreamAsync(long from, ScriptedResponse response, CancellationToken cancellationToken)
    {
        await response.StartStreamAsync();
        await foreach (var change in Store.WatchAsync(cancellationToken))
        {
            if (long.Parse(change.ResourceVersion, System.Globalization.CultureInfo.InvariantCulture) > from && change.Object is { } os)
            {
                await response.WriteLineAsync($$"""{"type":"MODIFIED","object":{{Json(os)}}}""");
            }
        }
    }

    private async Task ApplyAsync(JsonNode body, ScriptedResponse response, CancellationToken cancellationToken)
    {
        var status = body["status"].Deserialize(OstlerJson.Default.NodeOSStatus)!;
        if ((string?)body["metadata"]!["uid"] != Store.Current?.Metadata.Uid)
        {
            await response.StatusAsync(409, "Conflict");
            return;
        }

        await response.JsonAsync(Json(await Store.ApplyStatusAsync(Store.Current!.Metadata.Uid!, status, cancellationToken)));
    }

    private static string Json(NodeOS? os) => os is null ? "" : JsonSerializer.Serialize(os, OstlerJson.Default.NodeOS);
}
