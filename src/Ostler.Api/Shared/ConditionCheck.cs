using System.Text.Json.Serialization;
using Ostler.Api.Meta;
using Ostler.Api.Schema;

namespace Ostler.Api.Shared;

/// <summary>
/// A condition on a field of any object, read by the controller: a JSONPath (the subset of kubectl's that <c>path</c> lists) and one
/// comparison. The controller can read only what a ClusterRole with the label <c>ostler.dev/aggregate-to-health-checks: "true"</c>
/// grants (get for an object by its name, list for several), and never Secrets. Of several objects, each must match. Messages quote values
/// below <c>status</c>; for others they say only whether they matched.
/// </summary>
[Cel("!self.kind.matches('^(?i:secret)$')", "kind must not be Secret: check an object that reports the state in its status")]
[Cel(
    "has(self.value) == (self.operator != 'Exists' && self.operator != 'DoesNotExist')",
    "value must be set with every operator but Exists and DoesNotExist, and not with these")]
[Cel("!(has(self.name) && has(self.selector))", "set name or selector, or neither to check all objects of the kind")]
public sealed record ConditionCheck
{
    /// <summary>The object's API version, as in <c>apps/v1</c>.</summary>
    [MinLength(1), MaxLength(253), Pattern("^([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?[a-z0-9]+$")]
    public required string ApiVersion { get; init; }

    /// <summary>The object's kind.</summary>
    [MinLength(1), MaxLength(63), Pattern("^[A-Za-z][A-Za-z0-9]*$")]
    public required string Kind { get; init; }

    /// <summary>
    /// The object's namespace. Empty for cluster-scoped kinds, and for objects of all namespaces when no name is set.
    /// </summary>
    [MaxLength(63), Pattern("^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$")]
    public string? Namespace { get; init; }

    /// <summary>
    /// The object's name; in a health check, <c>{node}</c> stands for the node's name. Without name and selector, all objects of the kind
    /// are checked.
    /// </summary>
    [MinLength(1), MaxLength(253)]
    public string? Name { get; init; }

    /// <summary>Selects objects by their labels. If it selects none, the result is missing.</summary>
    public LabelSelector? Selector { get; init; }

    /// <summary>
    /// The field, as in <c>{.status.conditions[?(@.type=="Ready")].status}</c>. Supported: fields (<c>.a</c>, <c>['a.b']</c>,
    /// <c>.a\.b</c>), items (<c>[0]</c>, <c>[-1]</c>, <c>[*]</c>) and filters with one comparison (<c>==</c>, <c>!=</c>, or none: the
    /// field exists). If the path selects several values, all must match. If it selects none, the value is missing.
    /// </summary>
    [MinLength(1), MaxLength(1024)]
    public required string Path { get; init; }

    /// <summary>How the value is compared.</summary>
    public required ConditionOperator Operator { get; init; }

    /// <summary>The value to compare with. A number for Less, LessOrEqual, Greater and GreaterOrEqual; otherwise text.</summary>
    [MaxLength(1024)]
    public string? Value { get; init; }
}

/// <summary>How the value of a field is compared.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ConditionOperator>))]
public enum ConditionOperator
{
    /// <summary>The path selects a value other than null.</summary>
    Exists,

    /// <summary>The object exists, and the path selects nothing.</summary>
    DoesNotExist,

    /// <summary>Equal to the text.</summary>
    Equal,

    /// <summary>Any other text. If the path selects nothing, the value is missing and not unequal.</summary>
    NotEqual,

    /// <summary>A number less than the value.</summary>
    Less,

    /// <summary>A number less than or equal to the value.</summary>
    LessOrEqual,

    /// <summary>A number greater than the value.</summary>
    Greater,

    /// <summary>A number greater than or equal to the value.</summary>
    GreaterOrEqual,
}
