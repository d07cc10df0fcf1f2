using System.Globalization;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Ostler.Cli.Output;

/// <summary>Reads YAML as Kubernetes does, into JSON.</summary>
internal static class YamlReader
{
    /// <summary>The documents of a text that are mappings; empty ones are left out.</summary>
    /// <exception cref="InvalidDataException">It is no YAML; the message names line and column.</exception>
    public static IReadOnlyList<JsonObject> Read(string yaml) => Read(yaml, new());

    /// <summary>The same; <paramref name="lines"/> then knows where each key is.</summary>
    public static IReadOnlyList<JsonObject> Read(string yaml, KeyLines lines)
    {
        try
        {
            var stream = new YamlStream();
            stream.Load(new StringReader(yaml));
            return [.. stream.Documents.Select(d => ToJson(d.RootNode, lines)).OfType<JsonObject>()];
        }
        catch (YamlException e)
        {
            throw new InvalidDataException($"line {e.Start.Line}, column {e.Start.Column}: {(e.InnerException ?? e).Message}", e);
        }
    }

    private static JsonNode? ToJson(YamlNode node, KeyLines lines) => node switch
    {
        YamlMappingNode map => ToJson(map, lines),
        YamlSequenceNode list => new JsonArray([.. list.Children.Select(item => ToJson(item, lines))]),
        YamlScalarNode scalar => ToJson(scalar),
        _ => throw new InvalidDataException($"line {node.Start.Line}: {node.NodeType} is not supported"),
    };

    private static JsonObject ToJson(YamlMappingNode map, KeyLines lines)
    {
        var json = new JsonObject();
        foreach (var (key, value) in map.Children)
        {
            if (!json.TryAdd(Key(key), ToJson(value, lines)))
            {
                throw new InvalidDataException($"line {key.Start.Line}: the key {Key(key)} appears twice");
            }

            lines.Add(json, Key(key), key.Start.Line);
        }

        return json;
    }

    private static string Key(YamlNode key) =>
        key is YamlScalarNode { Value: { } name } ? name
            : throw new InvalidDataException($"line {key.Start.Line}: a key must be a plain word");

    private static JsonValue? ToJson(YamlScalarNode scalar)
    {
        var text = scalar.Value ?? "";

        // Quoted or in a block, everything is a string: version: "1.20" must not become a number.
        if (scalar.Style is not (ScalarStyle.Plain or ScalarStyle.Any))
        {
            return JsonValue.Create(text);
        }

        return text switch
        {
            "" or "~" or "null" or "Null" or "NULL" => null,
            "true" or "True" or "TRUE" => JsonValue.Create(true),
            "false" or "False" or "FALSE" => JsonValue.Create(false),
            _ when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole)
                => JsonValue.Create(whole),
            _ when char.IsAsciiDigit(text[^1]) && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number)
                => JsonValue.Create(number),
            _ => JsonValue.Create(text),
        };
    }
}
