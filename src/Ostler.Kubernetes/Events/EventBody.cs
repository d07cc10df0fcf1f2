using System.Text.Json.Nodes;
using Ostler.Api.Meta;
using Ostler.Kubernetes.Client;

namespace Ostler.Kubernetes.Events;

/// <summary>A core/v1 Event as JSON.</summary>
internal static class EventBody
{
    // The server's limits; longer texts are refused.
    private const int MaxMessage = 1024;
    private const int MaxReason = 128;
    private const int MaxName = 253;

    public static ResourceType<JsonObject> Type { get; } =
        new("", "v1", "events", "Event", namespaced: true, ApiJson.Default.JsonObject, MetaOf);

    /// <summary>Events about cluster-scoped objects live in the namespace default: the server takes them nowhere else.</summary>
    public static string NamespaceOf(ObjectRef regarding) => regarding.Namespace.Length == 0 ? "default" : regarding.Namespace;

    public static JsonObject New(EventKey key, EventNote note, string message, string suffix, EventRecorderOptions options)
    {
        var regarding = new JsonObject
        {
            ["apiVersion"] = key.Regarding.ApiVersion,
            ["kind"] = key.Regarding.Kind,
            ["name"] = key.Regarding.Name,
            ["uid"] = key.Regarding.Uid,
        };
        if (key.Regarding.Namespace.Length > 0)
        {
            regarding["namespace"] = key.Regarding.Namespace;
        }
        return new JsonObject
        {
            ["apiVersion"] = "v1",
            ["kind"] = "Event",
            ["metadata"] = new JsonObject
            {
                // A part of a name must not end in a dot or a dash.
                ["name"] = $"{Cut(key.Regarding.Name, MaxName - suffix.Length - 1).TrimEnd('.', '-')}.{suffix}",
                ["namespace"] = NamespaceOf(key.Regarding),
            },
            ["involvedObject"] = regarding,
            ["type"] = key.Type == EventType.Warning ? "Warning" : "Normal",
            ["reason"] = Cut(key.Reason, MaxReason),
            ["message"] = Cut(message, MaxMessage),
            ["action"] = Cut(key.Action, MaxReason),
            ["count"] = 1,
            ["firstTimestamp"] = Timestamp.Format(note.At),
            ["lastTimestamp"] = Timestamp.Format(note.At),
            ["source"] = new JsonObject { ["component"] = options.Component, ["host"] = options.Host },
            ["reportingComponent"] = options.Component,
            ["reportingInstance"] = Cut(options.Host, MaxReason),
        };
    }

    public static JsonObject Repeated(int count, EventNote note, string message) => new()
    {
        ["count"] = count,
        ["lastTimestamp"] = Timestamp.Format(note.At),
        ["message"] = Cut(message, MaxMessage),
    };

    public static string Cut(string text, int length)
    {
        if (text.Length <= length)
        {
            return text;
        }
        // Half of a surrogate pair is not text.
        return text[..(char.IsHighSurrogate(text[length - 1]) ? length - 1 : length)];
    }

    private static ResourceMeta MetaOf(JsonObject obj)
    {
        string Text(string field) => obj["metadata"]?[field]?.GetValue<string>() ?? "";
        return new ResourceMeta(Text("namespace"), Text("name"), Text("uid"), Text("resourceVersion"));
    }
}
