using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ostler.Controller.OSImages.Registry;

/// <summary>What a registry says when it refuses, and when it wants to be asked again.</summary>
internal static class RegistryErrorText
{
    private const int LongestQuote = 160;

    /// <summary>
    /// The errors of the distribution API, as in <c>MANIFEST_UNKNOWN: manifest unknown</c>; else the beginning of what was sent.
    /// </summary>
    public static string Of(ReadOnlySpan<byte> body)
    {
        if (body.IsEmpty)
        {
            return "";
        }

        try
        {
            if (JsonSerializer.Deserialize(body, RegistryJson.Default.RegistryErrors)?.Errors is { Count: > 0 } errors)
            {
                return Safe(string.Join("; ", errors.OfType<RegistryError>().Take(3).Select(e => e.Message is { Length: > 0 } m ? $"{e.Code}: {m}" : e.Code)));
            }
        }
        catch (JsonException)
        {
            // An error page, perhaps.
        }

        return $"\"{Safe(System.Text.Encoding.UTF8.GetString(body))}\"";
    }

    public static string Larger(string words, int limit) => string.Create(CultureInfo.InvariantCulture, $"{words}, but larger than {limit} bytes.");

    /// <summary>Cut, and made safe for a status message.</summary>
    public static string Safe(string text)
    {
        var shown = new string([.. text.Take(LongestQuote).Select(c => char.IsControl(c) ? ' ' : c)]).Trim();
        return text.Length > LongestQuote ? $"{shown}…" : shown;
    }
}

internal sealed record RegistryErrors
{
    public IReadOnlyList<RegistryError>? Errors { get; init; }
}

internal sealed record RegistryError
{
    public string Code { get; set; } = "";

    public string? Message { get; init; }
}

/// <summary>What a token server sends; of both names for the token either may be used.</summary>
internal sealed record RegistryToken
{
    public string? Token { get; init; }

    [JsonPropertyName("access_token")]
    public string? AccessToken { get; init; }
}

/// <summary>Reads what registries send about themselves without reflection.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(RegistryErrors))]
[JsonSerializable(typeof(RegistryToken))]
internal sealed partial class RegistryJson : JsonSerializerContext;
