using System.Text.Json.Nodes;
using Ostler.Kubernetes.Client;
using k8s.Models;

namespace Ostler.Kubernetes.Tests.Support;

/// <summary>Nodes as the API server would send them.</summary>
internal static class NodeJson
{
    public static string Node(string name, string version, string? uid = null, string? zone = null) =>
        new JsonObject
        {
            ["metadata"] = new JsonObject
            {
                ["name"] = name,
                ["uid"] = uid ?? $"uid-{name}",
                ["resourceVersion"] = version,
                ["labels"] = zone is null ? null : new JsonObject { ["zone"] = zone },
                ["managedFields"] = new JsonArray(new JsonObject { ["manager"] = "kubelet" }),
            },
        }.ToJsonString();

    public static V1Node Object(string name, string version, string? uid = null, string? zone = null) =>
        KnownResources.Nodes.Deserialize(System.Text.Encoding.UTF8.GetBytes(Node(name, version, uid, zone)));

    public static string List(string version, params string[] nodes) => Page(version, null, nodes);

    public static string Page(string version, string? next, params string[] nodes)
    {
        var items = string.Join(",", nodes);
        return $$"""{"kind":"NodeList","apiVersion":"v1","metadata":{"resourceVersion":"{{version}}"{{(next is null ? "" : $",\"continue\":\"{next}\"")}}},"items":[{{items}}]}""";
    }

    public static string Added(string node) => Event("ADDED", node);

    public static string Modified(string node) => Event("MODIFIED", node);

    public static string Deleted(string node) => Event("DELETED", node);

    public static string Bookmark(string version) =>
        Event("BOOKMARK", $$$"""{"kind":"Node","apiVersion":"v1","metadata":{"resourceVersion":"{{{version}}}"}}""");

    public static string Gone() =>
        Event("ERROR", """{"kind":"Status","apiVersion":"v1","status":"Failure","message":"too old resource version: 1 (9)","reason":"Expired","code":410}""");

    private static string Event(string type, string content) => $$"""{"type":"{{type}}","object":{{content}}}""";
}
