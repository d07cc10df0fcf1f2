using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ostler.Api.Meta;

/// <summary>
/// Finds in <c>metadata.managedFields</c> who set <see cref="NodeMarks.Hold"/>. The list is by far the longest part of an object's
/// metadata, and thousands of Nodes are read: it is passed over token by token, and only that one name becomes a string.
/// </summary>
public sealed class HoldManagerConverter : JsonConverter<string>
{
    private static ReadOnlySpan<byte> Field => "f:ostler.dev/hold"u8;

    public override string? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            reader.Skip();
            return null;
        }

        string? found = null;
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType == JsonTokenType.StartObject)
            {
                found = ManagerOf(ref reader) ?? found;
            }
            else
            {
                reader.Skip();
            }
        }

        return found;
    }

    // Nothing of it is ever written: an API server takes an empty list for a reset.
    public override void Write(Utf8JsonWriter writer, string value, JsonSerializerOptions options) => writer.WriteNullValue();

    // One entry: its manager, if the fields that it manages have the mark among them.
    private static string? ManagerOf(ref Utf8JsonReader reader)
    {
        var depth = reader.CurrentDepth;
        var holds = false;
        Utf8JsonReader manager = default;
        var isNamed = false;
        while (reader.Read() && !(reader.TokenType == JsonTokenType.EndObject && reader.CurrentDepth == depth))
        {
            if (reader.TokenType != JsonTokenType.PropertyName)
            {
                continue;
            }

            if (reader.CurrentDepth == depth + 1 && reader.ValueTextEquals("manager"u8))
            {
                reader.Read();
                manager = reader;
                isNamed = reader.TokenType == JsonTokenType.String;
            }
            else
            {
                holds = holds || reader.ValueTextEquals(Field);
            }
        }

        return holds && isNamed ? manager.GetString() : null;
    }
}
