using System.Globalization;
using System.Text.Json;

namespace Ostler.Controller.OSImages.Registry;

/// <summary>
/// Bounds what JSON from the network costs in memory. 4 MiB of <c>{},{},…</c> become 1.4 million objects of 131 MiB in all, so values are
/// counted before any
/// object is made: the count costs no memory, and stops at the limit.
/// </summary>
internal static class JsonBounds
{
    /// <summary>How many names and values a document may have. An image with 1,000 annotated layers has about 20,000.</summary>
    public const int MaxTokens = 50_000;

    /// <exception cref="JsonException">The document is not JSON, or has too many values.</exception>
    public static void Check(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        for (var tokens = 0; reader.Read();)
        {
            tokens += reader.TokenType is JsonTokenType.EndObject or JsonTokenType.EndArray ? 0 : 1;
            if (tokens > MaxTokens)
            {
                throw new JsonException(string.Create(CultureInfo.InvariantCulture, $"it has more than {MaxTokens} names and values."));
            }
        }
    }
}
