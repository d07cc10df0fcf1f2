using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Text.RegularExpressions;
using Ostler.Api.Json;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.Shared;
using Ostler.Api.UpgradePolicies;

namespace Ostler.Cli.Hosting;

/// <summary>What is wrong with a value of an object, without the names of this program's types.</summary>
internal static partial class JsonErrorText
{
    // What a user writes into a policy or an image.
    private static readonly Dictionary<string, string> Enums = new(
        [
            Names<LabelOperator>(), Names<RebootMethod>(), Names<HttpCheckOrigin>(), Names<SampleOperator>(), Names<ConditionOperator>(),
                Names<DrainPreflight>(),
            Names<DrainTimeoutAction>(), Names<UnmanagedPods>(), Names<DrainBehavior>(), Names<NotificationType>(), Names<RolloutEvent>(),
                Names<WaveApproval>(),
            Names<RollbackScope>(), Names<DriftHandling>(), Names<ConditionStatus>(), Names<Goal>(), Names<NodeStep>(), Names<RebootKind>(),
                Names<NotificationState>(),
        ],
        StringComparer.Ordinal);

    /// <summary>A sentence without its full stop, with the field when it is known.</summary>
    public static string Of(JsonException failure)
    {
        var field = Field(failure);
        return field is null ? Reason(failure) : $"{field}: {Reason(failure)}";
    }

    /// <summary>The field, as in <c>spec.rollout.soak</c>; null when it is not known.</summary>
    public static string? Field(JsonException failure) => failure.Path?.TrimStart('$').TrimStart('.') is { Length: > 0 } path ? path : null;

    /// <summary>What is wrong, without the field and without a full stop.</summary>
    /// <param name="failure">What the reader threw.</param>
    /// <param name="root">What was read; null: one of Ostler's objects.</param>
    public static string Reason(JsonException failure, JsonTypeInfo? root = null)
    {
        // Behind it is "Path: … | LineNumber: … | BytePositionInLine: …", of JSON that nobody wrote.
        var end = failure.Message.IndexOf(" Path:", StringComparison.Ordinal);
        var sentence = (end < 0 ? failure.Message : failure.Message[..end]).Trim().TrimEnd('.');
        if (sentence.Contains("could not be converted to", StringComparison.Ordinal))
        {
            // The type that the message names may be that of the object around the value.
            var types = root is null ? (IEnumerable<JsonTypeInfo>)[OstlerJson.Default.UpgradePolicy, OstlerJson.Default.OSImage,
                OstlerJson.Default.NodeOS] : [root];
            var type = types.Select(t => TypeAt(t, Field(failure) ?? "")).FirstOrDefault(t => t is not null);
            return $"the value must be {(type is null ? "of another kind" : Kind(type))}";
        }

        return Missing().Match(sentence) is { Success: true } missing
            ? $"{missing.Groups[1].Value.Replace("'", "", StringComparison.Ordinal)} is required" : sentence;
    }

    private static Type? TypeAt(JsonTypeInfo root, string path)
    {
        var at = root;
        foreach (var step in path.Split('.', StringSplitOptions.RemoveEmptyEntries))
        {
            var name = step.Split('[')[0];
            if (at.Properties.FirstOrDefault(p => p.Name == name) is not { } property)
            {
                return null;
            }

            at = at.Options.GetTypeInfo(property.PropertyType);
            for (var lists = step.Count(c => c == '['); lists > 0 && at.ElementType is { } item; lists--)
            {
                at = at.Options.GetTypeInfo(item);
            }
        }

        return at.Type;
    }

    private static string Kind(Type type) => (Nullable.GetUnderlyingType(type) ?? type) switch
    {
        var t when t == typeof(bool) => "true or false",
        var t when t == typeof(string) => "text (put it in quotation marks)",
        var t when t == typeof(int) || t == typeof(long) => "a whole number",
        var t when t == typeof(double) => "a number",
        var t when t == typeof(DateTimeOffset) => "a time, as in 2026-12-01T22:00:00Z",
        var t when t.Name.Contains("Dictionary", StringComparison.Ordinal) => "a mapping of names to text",
        var t when t.Name.Contains("List", StringComparison.Ordinal) || t.IsArray => "a list",
        var t when Enums.GetValueOrDefault(t.FullName ?? "") is { } names => $"one of {names}",
        _ => "a mapping of fields",
    };

    private static KeyValuePair<string, string> Names<T>() where T : struct, Enum =>
        new(typeof(T).FullName!, string.Join(", ", Enum.GetNames<T>()));

    [GeneratedRegex(@"was missing required properties including: (.+)$")]
    private static partial Regex Missing();
}
