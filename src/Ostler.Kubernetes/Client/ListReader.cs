using System.Text.Json;

namespace Ostler.Kubernetes.Client;

/// <summary>Reads a list object by object, so that the memory needed is that of one object and not of the page.</summary>
internal sealed class ListReader<T>(ResourceType<T> type, Action<T> onItem) where T : class
{
    private enum Position { Start, Properties, Metadata, Items, InItems, Other, End }

    private Position _position = Position.Start;
    private JsonReaderState _state;
    private ListMeta? _meta;

    /// <exception cref="JsonException">The answer is not a list, or was cut off: half a list must never pass for a whole one.</exception>
    public async Task<ListMeta> ReadAsync(Stream stream, CancellationToken cancellationToken)
    {
        using var buffer = new PooledBuffer();
        bool more;
        do
        {
            more = await buffer.FillAsync(stream, cancellationToken).ConfigureAwait(false);
            buffer.Consume(Parse(buffer.Unread, isFinal: !more));
        }
        while (more);
        return _position == Position.End && _meta is not null
            ? _meta
            : throw new JsonException($"the answer to a list of {type.QualifiedName} is not a list");
    }

    private int Parse(ReadOnlySpan<byte> bytes, bool isFinal)
    {
        var reader = new Utf8JsonReader(bytes, isFinal, _state);
        while (true)
        {
            var before = reader;
            if (!reader.Read())
            {
                break;
            }
            var start = (int)reader.TokenStartIndex;
            if (IsValue && !reader.TrySkip())
            {
                reader = before;
                break;
            }
            Take(ref reader, bytes[start..(int)reader.BytesConsumed]);
        }
        _state = reader.CurrentState;
        return (int)reader.BytesConsumed;
    }

    // In these positions the next token starts a value that must be complete before it can be used.
    private bool IsValue => _position is Position.Metadata or Position.InItems or Position.Other;

    private void Take(ref Utf8JsonReader reader, ReadOnlySpan<byte> value)
    {
        switch (_position)
        {
            case Position.Start when reader.TokenType == JsonTokenType.StartObject:
                _position = Position.Properties;
                break;
            case Position.Properties when reader.TokenType == JsonTokenType.EndObject:
                _position = Position.End;
                break;
            case Position.Properties:
                _position = reader.ValueTextEquals("metadata"u8) ? Position.Metadata
                    : reader.ValueTextEquals("items"u8) ? Position.Items
                    : Position.Other;
                break;
            case Position.Metadata:
                _meta = JsonSerializer.Deserialize(value, ApiJson.Default.ListMeta);
                _position = Position.Properties;
                break;
            case Position.Items:
                // Go writes null for a list that was never allocated.
                _position = reader.TokenType switch
                {
                    JsonTokenType.StartArray => Position.InItems,
                    JsonTokenType.Null => Position.Properties,
                    _ => throw new JsonException("items is not a list"),
                };
                break;
            case Position.InItems when reader.TokenType == JsonTokenType.EndArray:
                _position = Position.Properties;
                break;
            case Position.InItems:
                onItem(type.Deserialize(value));
                break;
            case Position.Other:
                _position = Position.Properties;
                break;
            default:
                throw new JsonException($"the answer to a list of {type.QualifiedName} is not a list");
        }
    }
}
