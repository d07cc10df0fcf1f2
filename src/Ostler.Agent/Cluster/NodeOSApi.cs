using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ostler.Api.Json;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Kubernetes;
using Ostler.Kubernetes.Client;

namespace Ostler.Agent.Cluster;

/// <summary>The NodeOS of one node, at the API server.</summary>
internal sealed class NodeOSApi(ApiClient client, string nodeName, TimeProvider time, Func<double> random) : INodeOSApi
{
    /// <summary>Owns every field of the status.</summary>
    public const string FieldManager = "ostler-agent";

    /// <summary>
    /// The server is asked to end a watch after 5 to 10 minutes, at random: 2,000 agents that began together do not come again together.
    /// </summary>
    private static readonly TimeSpan ShortestWatch = TimeSpan.FromMinutes(5);

    /// <summary>How much later than asked the server may end a watch before the line is taken for dead.</summary>
    private static readonly TimeSpan WatchGrace = TimeSpan.FromSeconds(30);

    private static readonly ResourceType<NodeOS> Type = new(
        OstlerApi.Group, OstlerApi.Version, "nodeoses", "NodeOS", namespaced: false, NodeOSJson.Default.NodeOS,
        os => new ResourceMeta("", os.Metadata.Name, os.Metadata.Uid ?? "", os.Metadata.ResourceVersion ?? "", os.Metadata.Generation, os.Metadata.DeletionTimestamp));

    private readonly NamespacedName _name = new("", nodeName);
    private readonly string _selector = "metadata.name=" + nodeName;

    public Task<NodeOS?> GetAsync(CancellationToken cancellationToken) => OverHttpAsync(() => client.GetAsync(Type, _name, cancellationToken));

    public async IAsyncEnumerable<NodeOSChange> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        // A watch begun at an object's own version would not tell that it is gone by now.
        var list = await client.ListAsync(Type, new ListOptions { FieldSelector = _selector }, cancellationToken);
        yield return new NodeOSChange(list.ResourceVersion, IsBookmark: false, list.Items.FirstOrDefault(os => os.Metadata.Name == nodeName)) { IsListed = true };

        var lifetime = ShortestWatch * (1 + random());
        using var deadline = new CancellationTokenSource(lifetime + WatchGrace, time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, deadline.Token);
        var options = new WatchOptions { FieldSelector = _selector, ResourceVersion = list.ResourceVersion, ServerTimeout = lifetime };
        await foreach (var change in client.WatchAsync(Type, options, stop.Token))
        {
            // A server that does not know the field selector of this resource would send all of them.
            if (change.Object is null || change.Object.Metadata.Name == nodeName)
            {
                yield return new NodeOSChange(
                    change.ResourceVersion, change.Type == WatchEventType.Bookmark, change.Type == WatchEventType.Deleted ? null : change.Object);
            }
        }
    }

    public Task<NodeOS> ApplyStatusAsync(string uid, NodeOSStatus status, CancellationToken cancellationToken)
    {
        var body = new JsonObject
        {
            ["status"] = JsonSerializer.SerializeToNode(status, NodeOSJson.Default.NodeOSStatus),
        };

        // Forced: the status is the agent's alone, and whoever else wrote there must not stop it from telling the truth.
        var patch = Patch.Apply(body, force: true).By(FieldManager).OnlyIf(uid: uid);
        return OverHttpAsync(() => client.PatchAsync(Type, _name, patch, cancellationToken, subresource: "status"));
    }

    /// <summary>
    /// TLS reports a line that broke as a bare IOException, which elsewhere in the agent is an error of the host's files.
    /// </summary>
    private static async Task<T> OverHttpAsync<T>(Func<Task<T>> call)
    {
        try
        {
            return await call();
        }
        catch (IOException broken)
        {
            throw new HttpRequestException(broken.Message, broken);
        }
    }
}
