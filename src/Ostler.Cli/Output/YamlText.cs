using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;
using YamlDotNet.RepresentationModel;

namespace Ostler.Cli.Output;

/// <summary>Reads YAML as Kubernetes does, into JSON, and writes JSON as YAML.</summary>
internal static class YamlText
{
    // YAML 1.1, which kubectl reads, takes these for booleans and null unless they are quoted.
    private static readonly string[] WordsThatAreNotStrings = ["true", "false", "yes", "no", "on", "off", "y", "n", "null", "~"];

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

    public static string Write(JsonNode document)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        var emitter = new Emitter(text, new EmitterSettings(
            bestIndent: 2, bestWidth: int.MaxValue, isCanonical: false, maxSimpleKeyLength: 1024, skipAnchorName: true, indentSequences: false, newLine: "\n"));
        emitter.Emit(new StreamStart());
        emitter.Emit(new DocumentStart(null, null, isImplicit: true));
        Emit(emitter, document);
        emitter.Emit(new DocumentEnd(isImplicit: true));
        emitter.Emit(new StreamEnd());
        return text.ToString();
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
        key is YamlScalarNode { Value: { } name } ? name : throw new InvalidDataException($"line {key.Start.Line}: a key must be a plain word");

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
            _ when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) => JsonValue.Create(whole),
            _ when char.IsAsciiDigit(text[^1]) && double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) => JsonValue.Create(number),
            _ => JsonValue.Create(text),
        };
    }

    private static void Emit(Emitter emitter, JsonNode? node)
    {
        switch (node)
        {
            case JsonObject mapping:
                emitter.Emit(new MappingStart(AnchorName.Empty, TagName.Empty, isImplicit: true, mapping.Count == 0 ? MappingStyle.Flow : MappingStyle.Block));
                foreach (var (name, value) in mapping)
                {
                    EmitString(emitter, name);
                    Emit(emitter, value);
                }

                emitter.Emit(new MappingEnd());
                break;
            case JsonArray sequence:
                emitter.Emit(new SequenceStart(AnchorName.Empty, TagName.Empty, isImplicit: true, sequence.Count == 0 ? SequenceStyle.Flow : SequenceStyle.Block));
                foreach (var item in sequence)
                {
                    Emit(emitter, item);
                }

                emitter.Emit(new SequenceEnd());
                break;
            case JsonValue scalar when scalar.GetValueKind() == JsonValueKind.String:
                EmitString(emitter, scalar.GetValue<string>());
                break;
            default:
                EmitScalar(emitter, node?.ToJsonString() ?? "null", ScalarStyle.Plain);
                break;
        }
    }

    private static void EmitString(Emitter emitter, string text) => EmitScalar(
        emitter, text, text.Contains('\n', StringComparison.Ordinal) ? ScalarStyle.Literal : IsReadAsSomethingElse(text) ? ScalarStyle.DoubleQuoted : ScalarStyle.Any);

    private static bool IsReadAsSomethingElse(string text) =>
        text.Length == 0 || WordsThatAreNotStrings.Contains(text, StringComparer.OrdinalIgnoreCase)
        || char.IsAsciiDigit(text[0]) || text[0] is '+' or '-' || (text[0] == '.' && text.Length > 1 && char.IsAsciiDigit(text[1]));

    private static void EmitScalar(Emitter emitter, string text, ScalarStyle style) =>
        emitter.Emit(new Scalar(AnchorName.Empty, TagName.Empty, text, style, isPlainImplicit: true, isQuotedImplicit: true));
}
