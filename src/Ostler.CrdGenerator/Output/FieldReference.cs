using System.Globalization;
using System.Text;
using Ostler.Api.Meta;
using Ostler.Api.OSImages;
using Ostler.CrdGenerator.Schema;

namespace Ostler.CrdGenerator.Output;

/// <summary>Writes every field of every resource as Markdown, by its full path: as status messages and the API server name it.</summary>
internal static class FieldReference
{
    private const string Preamble = """
        # Fields

        Generated from the types in `src/Ostler.Api` by `make manifests`; do not edit.

        - **duration**: a number with a unit (`ms`, `s`, `m` or `h`), or several in a row: `30s`, `10m`, `1h30m`. `0s` is zero.
        - **count or percentage**: `3`, or `"25%"` of the nodes that the policy selects, rounded down.
        - **time**: RFC 3339 with an offset, as in `2026-12-19T00:00:00Z`.
        - Lists *by* a field have one entry for each value of it; server-side apply merges them entry by entry. Other lists are
          replaced as a whole.
        - *Rule*: API servers from 1.25 on check it. With older ones the controller checks it and sets `Accepted=False`.
        - A field that this version does not support makes the object `Accepted=False`, with the reason `NotSupportedYet` and
          the field's name. No node is touched until you remove it.


        """;

    /// <summary>Types that stand in many places and are described once.</summary>
    private static readonly Type[] Shared = [typeof(Condition), typeof(LabelSelector), typeof(SecretReference)];

    public static string Of(IReadOnlyList<Resource> resources)
    {
        var text = new StringBuilder(Preamble.ReplaceLineEndings("\n"));
        var shared = new SortedDictionary<string, ValueSchema>(StringComparer.Ordinal);
        foreach (var resource in resources)
        {
            text.Append(CultureInfo.InvariantCulture, $"## {resource.Kind}\n\n{resource.Schema.Description}\n");
            text.Append(CultureInfo.InvariantCulture, $"Cluster-scoped, `{OstlerApi.GroupVersion}`; short name `{resource.Names.ShortNames[0]}`.\n\n");
            foreach (var part in resource.Schema.Fields.Where(field => field.Value.Kind == ValueKind.Object))
            {
                text.Append(CultureInfo.InvariantCulture, $"### {resource.Kind} {part.Name}\n\n{part.Value.Description}{RulesOf(part.Value)}\n\n");
                AppendTable(text, part.Name, part.Value, shared);
            }
        }

        foreach (var (name, value) in shared)
        {
            text.Append(CultureInfo.InvariantCulture, $"## {name}\n\n{value.Description}{RulesOf(value)}\n\n");
            AppendTable(text, "", value, []);
        }

        return text.ToString().TrimEnd('\n') + "\n";
    }

    private static void AppendTable(StringBuilder text, string path, ValueSchema value, SortedDictionary<string, ValueSchema> shared)
    {
        text.Append("| field | type | default | allowed | meaning |\n|---|---|---|---|---|\n");
        AppendRows(text, path, value, shared);
        text.Append('\n');
    }

    private static void AppendRows(StringBuilder text, string path, ValueSchema value, SortedDictionary<string, ValueSchema> shared)
    {
        foreach (var field in value.Fields)
        {
            var name = path.Length == 0 ? field.Name : $"{path}.{field.Name}";
            text.Append(CultureInfo.InvariantCulture, $"| `{name}` | {TypeOf(field.Value)} | {DefaultOf(field)} | {BoundsOf(field.Value)} | {MeaningOf(field.Value)} |\n");

            var inner = field.Value.Kind == ValueKind.List ? field.Value.Items! : field.Value;
            if (Shared.Contains(inner.Type))
            {
                shared[inner.Type.Name] = field.Value.Kind == ValueKind.List ? inner : inner with { Description = SummaryOf(inner) };
            }
            else if (inner.Kind == ValueKind.Object)
            {
                AppendRows(text, inner == field.Value ? name : $"{name}[]", inner, shared);
            }
        }
    }

    // A field's own sentence describes the field; in a section of its own the type's sentence is wanted.
    private static string SummaryOf(ValueSchema value) => XmlDocumentation.Of(value.Type.Assembly).Of(value.Type);

    private static string TypeOf(ValueSchema value) => value.Kind switch
    {
        _ when Shared.Contains(value.Type) => $"[{value.Type.Name}](#{value.Type.Name.ToLowerInvariant()})",
        ValueKind.List when value.ListMapKeys.Count > 0 => $"list of {TypeOf(value.Items!)} by {string.Join(", ", value.ListMapKeys.Select(key => $"`{key}`"))}",
        ValueKind.List => $"list of {TypeOf(value.Items!)}",
        ValueKind.Map => $"map of {TypeOf(value.Items!)}",
        ValueKind.Timestamp => "time",
        ValueKind.IntOrPercent => "count or percentage",
        ValueKind.Enum => "word",
        _ => value.Kind.ToString().ToLowerInvariant(),
    };

    private static string DefaultOf(FieldSchema field) => field switch
    {
        { IsRequired: true } => "required",
        { Value.Default: { } value } => Code(value.ToJsonString(Unescaped)),
        _ => "",
    };

    private static string BoundsOf(ValueSchema value)
    {
        var bounds = new List<string>();
        var scalar = value.Kind == ValueKind.List ? value.Items! : value;
        AddRange(bounds, value.MinItems, value.MaxItems, " items");
        AddRange(bounds, scalar.MinLength, scalar.MaxLength, " characters");
        if (scalar.Kind == ValueKind.Integer)
        {
            AddRange(bounds, scalar.Minimum, scalar.Maximum, "");
        }

        if (scalar is { Kind: ValueKind.String, Pattern: { } pattern })
        {
            bounds.Add(Code(pattern));
        }

        return string.Join("; ", bounds);
    }

    private static void AddRange(List<string> bounds, long? least, long? greatest, string unit)
    {
        var range = (least, greatest) switch
        {
            (null, null) => null,
            ({ } low, null) => $"at least {low}",
            (null or 0, { } high) => $"at most {high}",
            ({ } low, { } high) => $"{low} to {high}",
        };
        if (range is not null)
        {
            bounds.Add(range + unit);
        }
    }

    private static string MeaningOf(ValueSchema value)
    {
        var inner = value.Kind == ValueKind.List ? value.Items! : value;
        var words = string.Join(" ", inner.Members.Select(member => $"`{member.Name}`: {member.Description}"));
        return Cell(string.Join(' ', new[] { value.Description, words }.Where(part => part.Length > 0)) + (Shared.Contains(inner.Type) ? "" : RulesOf(inner)));
    }

    private static string RulesOf(ValueSchema value) => string.Concat(value.Rules.Select(rule => $" *Rule: {rule.Message}.*"));

    private static string Code(string text) => $"`{Cell(text)}`";

    // A bar would end the cell of a table, inside code as well.
    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);

    private static readonly System.Text.Json.JsonSerializerOptions Unescaped =
        new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
}
