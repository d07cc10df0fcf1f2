using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.Core.Events;

namespace Ostler.CrdGenerator.Output;

/// <summary>Writes JSON as YAML for people: the same input gives the same bytes, on every machine.</summary>
internal static class YamlText
{
    private const int LongLine = 90;

    private static readonly string[] WordsThatAreNotStrings =
        ["true", "false", "yes", "no", "on", "off", "y", "n", "null", "~"];

    public static string Of(JsonNode document)
    {
        using var text = new StringWriter(CultureInfo.InvariantCulture) { NewLine = "\n" };
        var emitter = new Emitter(text, new EmitterSettings(
            bestIndent: 2, bestWidth: 120, isCanonical: false, maxSimpleKeyLength: 1024, skipAnchorName: true, indentSequences: false, newLine: "\n"));
        emitter.Emit(new StreamStart());
        emitter.Emit(new DocumentStart(null, null, isImplicit: true));
        Emit(emitter, document);
        emitter.Emit(new DocumentEnd(isImplicit: true));
        emitter.Emit(new StreamEnd());
        return text.ToString();
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

    private static void EmitString(Emitter emitter, string text) => EmitScalar(emitter, text, text switch
    {
        _ when text.Contains('\n', StringComparison.Ordinal) => ScalarStyle.Literal,
        _ when IsReadAsSomethingElse(text) => ScalarStyle.SingleQuoted,
        { Length: > LongLine } when text.Contains(' ', StringComparison.Ordinal) => ScalarStyle.Folded,
        _ => ScalarStyle.Any,
    });

    // YAML 1.1, which kubectl reads, takes these for booleans, nulls, numbers and dates unless they are quoted.
    private static bool IsReadAsSomethingElse(string text) =>
        text.Length == 0 || WordsThatAreNotStrings.Contains(text, StringComparer.OrdinalIgnoreCase) ||
        char.IsAsciiDigit(text[0]) || text[0] is '+' or '-' || (text[0] == '.' && text.Length > 1 && char.IsAsciiDigit(text[1]));

    private static void EmitScalar(Emitter emitter, string text, ScalarStyle style) =>
        emitter.Emit(new Scalar(AnchorName.Empty, TagName.Empty, text, style, isPlainImplicit: true, isQuotedImplicit: true));
}
