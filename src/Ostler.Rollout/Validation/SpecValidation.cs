using Ostler.Api.Meta;
using Ostler.Api.OSImages;

namespace Ostler.Rollout.Validation;

/// <summary>
/// Checks a spec: what the CRD's own rules would refuse (API servers before 1.25 do not know them) and what this version cannot do yet.
/// </summary>
public static partial class SpecValidation
{
    /// <summary>Checks an image.</summary>
    public static IReadOnlyList<FieldProblem> Validate(OSImageSpec spec)
    {
        var problems = new Problems();
        if ((spec.Container is null) == (spec.Ostree is null))
        {
            problems.Invalid("spec", "set exactly one of container and ostree");
            return problems.Found;
        }

        if (spec.Container is { } container)
        {
            CheckContainer(container, problems);
        }

        if (spec.Ostree is { Commit: null, Url: null or "" })
        {
            problems.Invalid("spec.ostree.url", "is needed to find the commit that the ref points to: set it, or pin spec.ostree.commit");
        }

        if (spec.Ostree?.Commit is { } commit && !IsHex64(commit))
        {
            problems.Invalid("spec.ostree.commit", "must be 64 hexadecimal digits in lower case");
        }

        CheckDigests("spec.quarantine.deny", spec.Quarantine?.Deny, problems);
        CheckDigests("spec.quarantine.allow", spec.Quarantine?.Allow, problems);
        return problems.Found;
    }

    private static void CheckDigests(string field, IReadOnlyList<string>? digests, Problems problems, string member = "")
    {
        for (var i = 0; i < (digests?.Count ?? 0); i++)
        {
            var digest = digests![i];
            if (!IsHex64(digest.StartsWith("sha256:", StringComparison.Ordinal) ? digest["sha256:".Length..] : digest))
            {
                problems.Invalid($"{field}[{i}]{member}", "must be 64 hexadecimal digits in lower case, with or without the prefix sha256:");
            }
        }
    }

    private static bool IsHex64(string text) => text.Length == 64 && text.All(char.IsAsciiHexDigitLower);

    private static void CheckSelector(string field, LabelSelector selector, string all, Problems problems)
    {
        if (selector.IsEmpty)
        {
            // What a client dropped because the schema does not know it leaves an empty selector, and nobody meant that.
            problems.Invalid(field, $"is empty: write matchLabels or matchExpressions below it. {all}");
        }

        for (var i = 0; i < (selector.MatchExpressions?.Count ?? 0); i++)
        {
            var expression = selector.MatchExpressions![i];
            var at = $"{field}.matchExpressions[{i}]";
            if (expression.Key.Length == 0)
            {
                problems.Invalid($"{at}.key", "must name a label");
            }

            var hasValues = expression.Values is { Count: > 0 };
            var wantsValues = expression.Operator is LabelOperator.In or LabelOperator.NotIn;
            if (hasValues != wantsValues)
            {
                problems.Invalid(
                    $"{at}.values", wantsValues ? $"must not be empty with {expression.Operator}" : $"must be empty with {expression.Operator}");
            }
        }
    }

    /// <summary>What was found wrong so far.</summary>
    private sealed class Problems
    {
        private List<FieldProblem>? _found;

        public IReadOnlyList<FieldProblem> Found => _found ?? (IReadOnlyList<FieldProblem>)[];

        public void Invalid(string field, string message) => (_found ??= []).Add(new(field, Reasons.Invalid, message));
    }
}
