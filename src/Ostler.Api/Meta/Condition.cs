using System.Text.Json.Serialization;

namespace Ostler.Api.Meta;

/// <summary>The status of a condition.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ConditionStatus>))]
public enum ConditionStatus
{
    /// <summary>It is unknown.</summary>
    Unknown,

    /// <summary>The condition is true.</summary>
    True,

    /// <summary>The condition is false.</summary>
    False,
}

/// <summary>One aspect of the state of an object, as in metav1.Condition.</summary>
public sealed record Condition
{
    /// <summary>The type of the condition, in CamelCase.</summary>
    [Ostler.Api.Schema.MinLength(1), Ostler.Api.Schema.MaxLength(316)]
    public required string Type { get; init; }

    /// <summary>True, False or Unknown.</summary>
    public required ConditionStatus Status { get; init; }

    /// <summary>The reason, in CamelCase. Programs may rely on it.</summary>
    [Ostler.Api.Schema.MinLength(1), Ostler.Api.Schema.MaxLength(1024), Ostler.Api.Schema.Pattern(Ostler.Api.Schema.Patterns.Reason)]
    public required string Reason { get; init; }

    /// <summary>The message: what happens, and what to do. Programs must not parse it.</summary>
    [Ostler.Api.Schema.MaxLength(32768)]
    public string Message { get; set; } = "";

    /// <summary>The generation of the spec that this status is about.</summary>
    [Ostler.Api.Schema.Minimum(0)]
    public long? ObservedGeneration { get; init; }

    /// <summary>When the status last changed.</summary>
    public DateTimeOffset LastTransitionTime { get; init; }
}
