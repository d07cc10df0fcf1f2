using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Ostler.Cli.Output;

/// <summary>Writes JSON as YAML: the same input gives the same bytes, on every machine.</summary>
/// <remarks>One source for the command line and the generator of the CRDs, which must not differ in what they quote.</remarks>
internal sealed class YamlWriter
{
    private static readonly string[] WordsThatAreNotStrings = ["true", "false", "yes", "no", "on", "off", "y", "n", "null", "~"];

    private readonly Emitter _emitter;
    private readonly int? _fold;

    private YamlWriter(TextWriter text, int? fold, int width)
    {
        _fold = fold;
        _emitter = new(text, new EmitterSettings(
            bestIndent: 2, bestWidth: width, isCanonical: false, maxSimpleKeyLength: 1024,
            skipAnchorName: true, indentSequences: false, newLine: "\n"));
    }

    /// <param name="document">What is written.</param>
    /// <param name="fold">The length in characters from which on prose is folded into several lines; null: never.</param>
    /// <param name="width">Where folded prose breaks.</param>
    public static string Write(JsonNode document, int? fold = null, int width = int.MaxValue)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        var writer = new YamlWriter(text, fold, width);
        writer._emitter.Emit(new StreamStart());
        writer._emitter.Emit(new DocumentStart(null, null, isImplicit: true));
        writer.Emit(document);
        writer._emitter.Emit(new DocumentEnd(isImplicit: true));
        writer._emitter.Emit(new StreamEnd());
        return text.ToString();
    }

    private void Emit(JsonNode? node)
    {
        switch (node)
        {
            case JsonObject mapping:
                _emitter.Emit(new MappingStart(
                    AnchorName.Empty, TagName.Empty, isImplicit: true, mapping.Count == 0 ? MappingStyle.Flow : MappingStyle.Block));
                foreach (var (name, value) in mapping)
                {
                    EmitString(name);
                    Emit(value);
                }

                _emitter.Emit(new MappingEnd());
                break;
            case JsonArray sequence:
                _emitter.Emit(new SequenceStart(
                    AnchorName.Empty, TagName.Empty, isImplicit: true, sequence.Count == 0 ? SequenceStyle.Flow : SequenceStyle.Block));
                foreach (var item in sequence)
                {
                    Emit(item);
                }

                _emitter.Emit(new SequenceEnd());
                break;
            case JsonValue scalar when scalar.GetValueKind() == JsonValueKind.String:
                EmitString(scalar.GetValue<string>());
                break;
            default:
                EmitScalar(node?.ToJsonString() ?? "null", ScalarStyle.Plain);
                break;
        }
    }

    private void EmitString(string text) => EmitScalar(text, text switch
    {
        _ when text.Contains('\n', StringComparison.Ordinal) => ScalarStyle.Literal,
        _ when IsReadAsSomethingElse(text) => ScalarStyle.SingleQuoted,
        _ when text.Length > _fold && text.Contains(' ', StringComparison.Ordinal) => ScalarStyle.Folded,
        _ => ScalarStyle.Any,
    });

    private void EmitScalar(string text, ScalarStyle style) =>
        _emitter.Emit(new Scalar(AnchorName.Empty, TagName.Empty, text, style, isPlainImplicit: true, isQuotedImplicit: true));

    // YAML 1.1, which kubectl reads, takes these for booleans, nulls, numbers and dates unless they are quoted.
    private static bool IsReadAsSomethingElse(string text) =>
        text.Length == 0 || WordsThatAreNotStrings.Contains(text, StringComparer.OrdinalIgnoreCase)
        || char.IsAsciiDigit(text[0]) || text[0] is '+' or '-' || (text[0] == '.' && text.Length > 1 && char.IsAsciiDigit(text[1]));
}
