using System.Text.Json;
using Ostler.Kubernetes.Client;

namespace Ostler.Controller.Console.Views;

/// <summary>Reads the Events of one node, when somebody looks at it.</summary>
internal static class NodeEvents
{
    /// <summary>Where Events about cluster-scoped objects are.</summary>
    public const string Namespace = "default";

    private static ResourceType<NodeEvent> Events { get; } = new(
        "", "v1", "events", "Event", namespaced: true, ConsoleJson.Default.NodeEvent, static e => new(e.Metadata.Namespace, e.Metadata.Name, "", ""));

    private const int MaxShown = 100;

    /// <returns>The newest, or why there are none to show.</returns>
    public static async Task<(IReadOnlyList<NodeEvent> Events, string? Problem)> ReadAsync(ApiClient client, string node, CancellationToken cancellationToken)
    {
        try
        {
            var list = await client.ListAsync(
                Events, new() { Namespace = Namespace, FieldSelector = $"involvedObject.kind=Node,involvedObject.name={node}" }, cancellationToken);
            return ([.. list.Items.OrderByDescending(e => e.At).Take(MaxShown)], null);
        }
        catch (Exception e) when (e is ApiException or TimeoutException or HttpRequestException or IOException or JsonException)
        {
            return ([], $"Events could not be read: {e.Message}");
        }
    }
}
