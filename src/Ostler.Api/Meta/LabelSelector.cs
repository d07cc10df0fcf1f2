using System.Text.Json.Serialization;

namespace Ostler.Api;

/// <summary>How a label is compared with the values of an expression.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<LabelOperator>))]
public enum LabelOperator
{
    /// <summary>The label is there and has one of the values.</summary>
    In,

    /// <summary>The label is missing or has none of the values.</summary>
    NotIn,

    /// <summary>The label is there.</summary>
    Exists,

    /// <summary>The label is missing.</summary>
    DoesNotExist,
}

/// <summary>Selects objects by their labels; all parts must match. Empty selects everything.</summary>
public sealed record LabelSelector
{
    /// <summary>Labels that must have just these values.</summary>
    public IReadOnlyDictionary<string, string>? MatchLabels { get; init; }

    /// <summary>Further requirements, all of which must hold.</summary>
    public IReadOnlyList<LabelExpression>? MatchExpressions { get; init; }

    /// <summary>True when the labels fulfil every part of the selector.</summary>
    public bool Matches(IReadOnlyDictionary<string, string>? labels)
    {
        foreach (var (key, value) in MatchLabels ?? EmptyLabels)
        {
            if (labels is null || !labels.TryGetValue(key, out var actual) || actual != value)
            {
                return false;
            }
        }

        foreach (var expression in MatchExpressions ?? [])
        {
            if (!expression.Matches(labels))
            {
                return false;
            }
        }

        return true;
    }

    private static readonly Dictionary<string, string> EmptyLabels = [];
}

/// <summary>One requirement on one label.</summary>
public sealed record LabelExpression
{
    /// <summary>The label.</summary>
    [Schema.MinLength(1)]
    public required string Key { get; init; }

    /// <summary>How it is compared.</summary>
    public required LabelOperator Operator { get; init; }

    /// <summary>The values of In and NotIn; must be empty for Exists and DoesNotExist.</summary>
    public IReadOnlyList<string>? Values { get; init; }

    /// <summary>True when the labels fulfil the requirement.</summary>
    public bool Matches(IReadOnlyDictionary<string, string>? labels)
    {
        string? actual = null;
        var present = labels is not null && labels.TryGetValue(Key, out actual);
        return Operator switch
        {
            LabelOperator.Exists => present,
            LabelOperator.DoesNotExist => !present,
            LabelOperator.In => present && (Values ?? []).Contains(actual!),
            LabelOperator.NotIn => !present || !(Values ?? []).Contains(actual!),
            _ => false,
        };
    }
}
