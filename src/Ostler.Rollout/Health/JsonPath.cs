using System.Text.Json;

namespace Ostler.Rollout.Health;

/// <summary>
/// The part of kubectl's JSONPath that field conditions need: fields, items of lists, and a filter with one comparison. What else kubectl
/// knows (slices, unions, recursive descent, range) is refused with a sentence rather than half understood.
/// </summary>
public sealed partial class JsonPath
{
    private readonly IReadOnlyList<Step> _steps;

    private JsonPath(IReadOnlyList<Step> steps) => _steps = steps;

    /// <summary>Reads a path, with or without the braces around it.</summary>
    /// <returns>The path, or what is wrong with it.</returns>
    public static (JsonPath? Path, string Problem) Parse(string text)
    {
        var inner = text.Trim();
        if (inner.StartsWith('{') != inner.EndsWith('}'))
        {
            return (null, "has a brace on one side only");
        }

        var reader = new Reader(inner.StartsWith('{') ? inner[1..^1].Trim() : inner);
        var steps = reader.Steps(nested: false);
        return reader.Problem is { } problem ? (null, problem) : steps.Count == 0 ? (null, "names no field") : (new(steps), "");
    }

    /// <summary>Whether all that it leads to is below this field of the root.</summary>
    public bool StartsWith(string field) => _steps[0] is Step.Field { Name: var name } && name == field;

    /// <summary>The values that it leads to; none where a part of it is not there.</summary>
    public IReadOnlyList<JsonElement> Select(JsonElement root) => Walk(_steps, [root]);

    private static List<JsonElement> Walk(IReadOnlyList<Step> steps, List<JsonElement> from)
    {
        foreach (var step in steps)
        {
            from = [.. from.SelectMany(step.Select)];
        }

        return from;
    }

    private abstract record Step
    {
        public abstract IEnumerable<JsonElement> Select(JsonElement value);

        public sealed record Field(string Name) : Step
        {
            public override IEnumerable<JsonElement> Select(JsonElement value) =>
                value.ValueKind == JsonValueKind.Object && value.TryGetProperty(Name, out var field) ? [field] : [];
        }

        public sealed record Item(int Index) : Step
        {
            public override IEnumerable<JsonElement> Select(JsonElement value)
            {
                if (value.ValueKind != JsonValueKind.Array)
                {
                    return [];
                }

                var at = Index < 0 ? value.GetArrayLength() + Index : Index;
                return at >= 0 && at < value.GetArrayLength() ? [value[at]] : [];
            }
        }

        public sealed record All : Step
        {
            public override IEnumerable<JsonElement> Select(JsonElement value) => value.ValueKind switch
            {
                JsonValueKind.Array => value.EnumerateArray(),
                JsonValueKind.Object => value.EnumerateObject().Select(p => p.Value),
                _ => [],
            };
        }

        /// <summary>Those items of which the field is there (no literal), or is (not) the literal.</summary>
        public sealed record Filter(IReadOnlyList<Step> Path, string? Literal, bool Negated) : Step
        {
            public override IEnumerable<JsonElement> Select(JsonElement value) =>
                value.ValueKind == JsonValueKind.Array ? value.EnumerateArray().Where(Holds) : [];

            private bool Holds(JsonElement item)
            {
                var found = Walk(Path, [item]);
                return Literal is null ? found.Count > 0 : found.Count > 0 && found.All(f => (FieldCondition.TextOf(f) == Literal) != Negated);
            }
        }
    }
}
