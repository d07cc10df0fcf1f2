using System.Net;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ostler.Kubernetes.Client;

/// <summary>Reads one line of a watch stream.</summary>
internal static class WatchReader
{
    /// <exception cref="ApiException">The line is an ERROR event.</exception>
    /// <exception cref="InvalidDataException">The line cannot be understood. What it said is lost, so only a new list helps.</exception>
    public static WatchEvent<T> Read<T>(ResourceType<T> type, ReadOnlySpan<byte> line) where T : class
    {
        try
        {
            return Parse(type, line);
        }
        catch (Exception e) when (e is JsonException or FormatException or InvalidOperationException)
        {
            throw new InvalidDataException($"a line of the watch of {type.QualifiedName} cannot be read: {e.Message}", e);
        }
    }

    private static WatchEvent<T> Parse<T>(ResourceType<T> type, ReadOnlySpan<byte> line) where T : class
    {
        string? kind = null;
        ReadOnlySpan<byte> content = default;
        var reader = new Utf8JsonReader(line);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
        {
            throw new JsonException("not an object");
        }
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isType = reader.ValueTextEquals("type"u8);
            var isObject = reader.ValueTextEquals("object"u8);
            reader.Read();
            var start = (int)reader.TokenStartIndex;
            if (isType)
            {
                kind = reader.TokenType == JsonTokenType.String ? reader.GetString() : throw new JsonException("type is not a string");
            }
            reader.Skip();
            if (isObject)
            {
                content = line[start..(int)reader.BytesConsumed];
            }
        }
        // Reads to the end: a second object on the line would otherwise be lost without a word.
        while (reader.Read())
        {
        }
        if (content.IsEmpty)
        {
            throw new JsonException("no object");
        }
        return kind switch
        {
            "ADDED" => Event(type, WatchEventType.Added, content),
            "MODIFIED" => Event(type, WatchEventType.Modified, content),
            "DELETED" => Event(type, WatchEventType.Deleted, content),
            "BOOKMARK" => new WatchEvent<T>(WatchEventType.Bookmark, null, BookmarkVersion(content)),
            "ERROR" => throw Error(type, content),
            _ => throw new JsonException($"unknown type {kind}"),
        };
    }

    private static WatchEvent<T> Event<T>(ResourceType<T> type, WatchEventType kind, ReadOnlySpan<byte> content) where T : class
    {
        var obj = type.Deserialize(content);
        return new WatchEvent<T>(kind, obj, type.MetaOf(obj).ResourceVersion);
    }

    private static string BookmarkVersion(ReadOnlySpan<byte> content)
    {
        var reader = new Utf8JsonReader(content);
        return JsonNode.Parse(ref reader)?["metadata"]?["resourceVersion"]?.GetValue<string>()
            ?? throw new JsonException("a bookmark without a resourceVersion");
    }

    private static ApiException Error<T>(ResourceType<T> type, ReadOnlySpan<byte> content) where T : class
    {
        var status = JsonSerializer.Deserialize(content, ApiJson.Default.ApiStatus);
        return new ApiException((HttpStatusCode)(status?.Code ?? 500), status, request: $"watch {type.QualifiedName}");
    }
}
