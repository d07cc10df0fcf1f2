using System.Globalization;
using System.Text.Json;
using Ostler.Api.Shared;

namespace Ostler.Rollout.Health;

/// <summary>Judges a field of an object.</summary>
/// <remarks>
/// What stands below <c>status</c> is what a controller reports, and messages quote it. Anything else may hold a credential (a ConfigMap's
/// data, a field of somebody's spec), and messages end up in statuses, Events and logs: of that they say only whether it matched.
/// </remarks>
public static class FieldCondition
{
    /// <summary>
    /// Whether objects of this kind hold secrets, so that no check may read them. Whatever the group and the case: a check would be an
    /// oracle for what is in them.
    /// </summary>
    public static bool IsOfSecret(string kind) => kind.Equals("Secret", StringComparison.OrdinalIgnoreCase);

    /// <param name="check">What is wanted.</param>
    /// <param name="of">The object as messages name it.</param>
    /// <param name="found">The object as the API server gave it.</param>
    public static CheckFinding Judge(ConditionCheck check, string of, JsonElement found)
    {
        var (path, problem) = JsonPath.Parse(check.Path);
        if (path is null)
        {
            return CheckFinding.Error($"the path {check.Path} {problem}");
        }

        if (IsOfSecret(check.Kind))
        {
            return CheckFinding.Error("a check may not read Secrets");
        }

        var isShown = path.StartsWith("status");

        // null is how an absent field looks in an object that has it spelled out.
        var values = path.Select(found).Where(v => v.ValueKind is not (JsonValueKind.Null or JsonValueKind.Undefined)).ToArray();
        if (check.Operator == ConditionOperator.DoesNotExist)
        {
            return values.Length == 0 ? CheckFinding.Pass() : CheckFinding.No(isShown ? $"{of} has {check.Path}: {Shown(values[0])}" : $"{of} has {check.Path}");
        }

        if (check.Operator == ConditionOperator.Exists && values.Length > 0)
        {
            return CheckFinding.Pass();
        }

        if (values.Length == 0)
        {
            return CheckFinding.Missing($"{of} has no {check.Path}");
        }

        foreach (var value in values)
        {
            if (Holds(check, value) is not { } holds)
            {
                return CheckFinding.Error($"{check.Path} of {of} is {(isShown ? $"{Shown(value)}, " : "")}no number to compare with {check.Value}");
            }

            if (!holds)
            {
                return CheckFinding.No($"{check.Path} of {of} {(isShown ? $"is {Shown(value)}" : "does not match")}; wanted: {check.Operator} {check.Value}");
            }
        }

        return CheckFinding.Pass();
    }

    /// <summary>A scalar as YAML would show it; lists and objects as JSON.</summary>
    internal static string TextOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!,
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        _ => value.GetRawText(),
    };

    internal static bool IsNumeric(ConditionOperator comparison) =>
        comparison is ConditionOperator.Less or ConditionOperator.LessOrEqual or ConditionOperator.Greater or ConditionOperator.GreaterOrEqual;

    internal static bool TryNumber(string? text, out double number) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out number) && double.IsFinite(number);

    // Null: they cannot be compared.
    private static bool? Holds(ConditionCheck check, JsonElement value)
    {
        var text = TextOf(value);
        int? order = TryNumber(text, out var number) && TryNumber(check.Value, out var wanted) ? number.CompareTo(wanted) : null;
        return check.Operator switch
        {
            ConditionOperator.Equal => text == check.Value,
            ConditionOperator.NotEqual => text != check.Value,
            ConditionOperator.Less => order is { } o ? o < 0 : null,
            ConditionOperator.LessOrEqual => order is { } o ? o <= 0 : null,
            ConditionOperator.Greater => order is { } o ? o > 0 : null,
            ConditionOperator.GreaterOrEqual => order is { } o ? o >= 0 : null,

            // Judged before, by whether there is a value at all.
            ConditionOperator.Exists or ConditionOperator.DoesNotExist => null,
        };
    }

    private static string Shown(JsonElement value) => $"\"{HttpFinding.Trim(TextOf(value))}\"";
}
