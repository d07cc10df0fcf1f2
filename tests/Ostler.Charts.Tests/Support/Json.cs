using System.Text.Json.Nodes;

namespace Ostler.Charts.Tests.Support;

internal static class Json
{
    /// <summary>The same data with names in order, so that two texts are equal when the data is.</summary>
    public static string Sorted(JsonNode? node) => Sort(node)?.ToJsonString() ?? "null";

    private static JsonNode? Sort(JsonNode? node) => node switch
    {
        JsonObject map => new JsonObject(map.OrderBy(p => p.Key, StringComparer.Ordinal).Select(p => KeyValuePair.Create(p.Key, Sort(p.Value)))),
        JsonArray list => new JsonArray([.. list.Select(Sort)]),
        _ => node?.DeepClone(),
    };
}
