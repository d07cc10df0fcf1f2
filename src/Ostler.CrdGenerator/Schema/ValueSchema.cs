using System.Text.Json.Nodes;

namespace Ostler.CrdGenerator.Schema;

/// <summary>What a value looks like on the wire.</summary>
internal enum ValueKind
{
    Object,
    List,
    Map,
    String,
    Enum,
    Boolean,
    Integer,
    Timestamp,
    Duration,
    IntOrPercent,

    /// <summary>metav1.ObjectMeta, which the API server knows by itself and a CRD must not describe.</summary>
    Metadata,
}

/// <summary>
/// The shape of one value: read once from the types, written out twice, as OpenAPI for the API server and as Markdown for people.
/// </summary>
internal sealed record ValueSchema
{
    public required ValueKind Kind { get; init; }

    /// <summary>The C# type that it comes from.</summary>
    public required Type Type { get; init; }

    public string Description { get; init; } = "";

    /// <summary>What the API server fills in when the field is absent.</summary>
    public JsonNode? Default { get; init; }

    public string? Pattern { get; init; }

    /// <summary>
    /// Bounds that the types declare. What the C# type itself cannot hold is bounded by
    /// <see cref="Ostler.CrdGenerator.Schema.OpenApiSchema"/>.
    /// </summary>
    public long? Minimum { get; init; }

    public long? Maximum { get; init; }

    public int? MinLength { get; init; }

    public int? MaxLength { get; init; }

    public int? MinItems { get; init; }

    public int? MaxItems { get; init; }

    /// <summary>The fields that make an item of the list unique. Empty: the list is atomic.</summary>
    public IReadOnlyList<string> ListMapKeys { get; init; } = [];

    /// <summary>Whether server-side apply takes the object for one value.</summary>
    public bool IsAtomic { get; init; }

    public IReadOnlyList<CelRule> Rules { get; init; } = [];

    /// <summary>Further value validation, key by key as in the OpenAPI schema.</summary>
    public JsonObject? Constraint { get; init; }

    public IReadOnlyList<EnumMember> Members { get; init; } = [];

    /// <summary>The fields of an object, in the order in which the type declares them.</summary>
    public IReadOnlyList<FieldSchema> Fields { get; init; } = [];

    /// <summary>The items of a list, or the values of a map.</summary>
    public ValueSchema? Items { get; init; }

    /// <summary>The same shape without its CEL rules, at any depth.</summary>
    public ValueSchema WithoutRules() => this with
    {
        Rules = [],
        Fields = [.. Fields.Select(field => field with { Value = field.Value.WithoutRules() })],
        Items = Items?.WithoutRules(),
    };
}

/// <summary>One field of an object.</summary>
internal sealed record FieldSchema(string Name, bool IsRequired, ValueSchema Value);

/// <summary>One word of an enum.</summary>
internal sealed record EnumMember(string Name, string Description);

/// <summary>A rule that API servers from 1.25 on evaluate.</summary>
internal sealed record CelRule(string Rule, string Message);
