using System.Text.Json.Serialization;
using Ostler.Api.Schema;

namespace Ostler.Api.Meta;

/// <summary>How a label is compared with the values of an expression.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<LabelOperator>))]
public enum LabelOperator
{
    /// <summary>The label exists and has one of the values.</summary>
    In,

    /// <summary>The label is missing or has none of the values.</summary>
    NotIn,

    /// <summary>The label exists.</summary>
    Exists,

    /// <summary>The label is missing.</summary>
    DoesNotExist,
}

/// <summary>
/// Selects objects by their labels. All parts must match. At least one label or expression is required: an empty selector is refused.
/// <c>matchLabels: {kubernetes.io/os: linux}</c> selects all Linux nodes.
/// </summary>
/// <remarks>
/// Clients without strict validation drop fields that the schema does not know, so <c>{disktype: ssd}</c> arrives as <c>{}</c>. "All" must
/// never result from what was not understood.
/// </remarks>
[Constraint("""{"minProperties":1}""")]
[Cel("has(self.matchLabels) || has(self.matchExpressions)", "set matchLabels or matchExpressions; all Linux nodes are matchLabels: {kubernetes.io/os: linux}")]
public sealed record LabelSelector
{
    /// <summary>Labels that must have exactly these values.</summary>
    [Constraint("""{"minProperties":1}"""), MaxLength(63)]
    public IReadOnlyDictionary<string, string>? MatchLabels { get; init; }

    /// <summary>Additional requirements. All must be met.</summary>
    [MinItems(1)]
    public IReadOnlyList<LabelExpression>? MatchExpressions { get; init; }

    /// <summary>Whether it names no label at all.</summary>
    [JsonIgnore]
    public bool IsEmpty => MatchLabels is null or { Count: 0 } && MatchExpressions is null or { Count: 0 };

    /// <summary>As the API server takes it in <c>labelSelector</c>. Empty for an empty selector, with which it would return
    /// everything.</summary>
    public string ToQuery() => string.Join(
        ',',
        [
            .. (MatchLabels ?? new Dictionary<string, string>()).OrderBy(l => l.Key, StringComparer.Ordinal)
                .Select(l => $"{l.Key}={l.Value}"),
            .. (MatchExpressions ?? []).Select(e => e.ToQuery()),
        ]);

    /// <summary>True when the labels fulfil every part of the selector, and there is one.</summary>
    /// <remarks>Asked several times of each of thousands of nodes in one plan, and so without any enumerator on the heap.</remarks>
    public bool Matches(IReadOnlyDictionary<string, string>? labels) => !IsEmpty && MatchesLabels(labels) && MatchesExpressions(labels);

    private bool MatchesLabels(IReadOnlyDictionary<string, string>? labels)
    {
        // What comes from the wire is a Dictionary, whose own enumerator is a struct; through the interface each look would box one.
        if (MatchLabels is Dictionary<string, string> wanted)
        {
            foreach (var (key, value) in wanted)
            {
                if (!Has(labels, key, value))
                {
                    return false;
                }
            }

            return true;
        }

        return MatchLabels is null || MatchesEach(MatchLabels, labels);
    }

    // By itself, or the lambda's closure would be made for the others too.
    private static bool MatchesEach(IReadOnlyDictionary<string, string> wanted, IReadOnlyDictionary<string, string>? labels) =>
        wanted.All(label => Has(labels, label.Key, label.Value));

    private bool MatchesExpressions(IReadOnlyDictionary<string, string>? labels)
    {
        for (var i = 0; i < MatchExpressions?.Count; i++)
        {
            if (!MatchExpressions[i].Matches(labels))
            {
                return false;
            }
        }

        return true;
    }

    private static bool Has(IReadOnlyDictionary<string, string>? labels, string key, string value) =>
        labels is not null && labels.TryGetValue(key, out var actual) && actual == value;
}

/// <summary>One requirement on one label.</summary>
[Constraint("""
    {"oneOf":[
      {"properties":{"operator":{"enum":["In","NotIn"]},"values":{"minItems":1}},"required":["values"]},
      {"properties":{"operator":{"enum":["Exists","DoesNotExist"]},"values":{"maxItems":0}}}]}
    """)]
public sealed record LabelExpression
{
    /// <summary>The label.</summary>
    [MinLength(1), MaxLength(317)]
    public required string Key { get; init; }

    /// <summary>How it is compared.</summary>
    public required LabelOperator Operator { get; init; }

    /// <summary>The values for In and NotIn. Must be empty for Exists and DoesNotExist.</summary>
    [MaxLength(63)]
    public IReadOnlyList<string>? Values { get; init; }

    /// <summary>Whether it names a label, and values exactly where its operator compares with some.</summary>
    [JsonIgnore]
    public bool IsComplete => Key.Length > 0 && (Values is { Count: > 0 }) == (Operator is LabelOperator.In or LabelOperator.NotIn);

    internal string ToQuery() => Operator switch
    {
        LabelOperator.In => $"{Key} in ({string.Join(',', Values ?? [])})",
        LabelOperator.NotIn => $"{Key} notin ({string.Join(',', Values ?? [])})",
        LabelOperator.Exists => Key,
        LabelOperator.DoesNotExist => $"!{Key}",
    };

    /// <summary>
    /// True when the labels fulfil the requirement. An incomplete one is never fulfilled: NotIn of nothing would select everything.
    /// </summary>
    public bool Matches(IReadOnlyDictionary<string, string>? labels)
    {
        if (!IsComplete)
        {
            return false;
        }

        string? actual = null;
        var present = labels is not null && labels.TryGetValue(Key, out actual);
        return Operator switch
        {
            LabelOperator.Exists => present,
            LabelOperator.DoesNotExist => !present,
            LabelOperator.In => present && Lists(actual!),
            LabelOperator.NotIn => !present || !Lists(actual!),
            _ => false,
        };
    }

    private bool Lists(string value)
    {
        for (var i = 0; i < Values?.Count; i++)
        {
            if (Values[i] == value)
            {
                return true;
            }
        }

        return false;
    }
}
