using System.Text.Json.Serialization;

namespace Ostler.Api.Meta;

/// <summary>Whether a condition holds.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ConditionStatus>))]
public enum ConditionStatus
{
    /// <summary>It cannot be told.</summary>
    Unknown,

    /// <summary>It holds.</summary>
    True,

    /// <summary>It does not hold.</summary>
    False,
}

/// <summary>One aspect of the state of an object, as in metav1.Condition.</summary>
public sealed record Condition
{
    /// <summary>Which aspect, in CamelCase.</summary>
    [Ostler.Api.Schema.MinLength(1), Ostler.Api.Schema.MaxLength(316)]
    public required string Type { get; init; }

    /// <summary>Whether it holds.</summary>
    public required ConditionStatus Status { get; init; }

    /// <summary>Why, in one CamelCase word that programs may rely on.</summary>
    [Ostler.Api.Schema.MinLength(1), Ostler.Api.Schema.MaxLength(1024), Ostler.Api.Schema.Pattern(Ostler.Api.Schema.Patterns.Reason)]
    public required string Reason { get; init; }

    /// <summary>Why, for people, and what to do next. Programs must not read it.</summary>
    [Ostler.Api.Schema.MaxLength(32768)]
    public string Message { get; set; } = "";

    /// <summary>The generation of the spec that this speaks of.</summary>
    [Ostler.Api.Schema.Minimum(0)]
    public long? ObservedGeneration { get; init; }

    /// <summary>When the status last changed.</summary>
    public DateTimeOffset LastTransitionTime { get; init; }
}
