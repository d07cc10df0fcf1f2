using System.Globalization;
using System.Reflection;
using System.Text;
using Ostler.Api.Meta;
using Ostler.CrdGenerator.Schema;

namespace Ostler.CrdGenerator.Output;

/// <summary>Every reason as Markdown, with meaning and action, from the comments of <see cref="Reasons"/>.</summary>
internal static class ReasonReference
{
    private const string Preamble = """
        # Reasons

        Generated from `Reasons` in `src/Ostler.Api/Meta` by `make manifests`; do not edit.

        Conditions, `status.blocked`, `status.inFlight`, Events, metrics and notifications give one of these reasons. Programs
        may rely on a reason. The message beside it has names, numbers and the output of tools and servers.
        [Troubleshooting](troubleshooting.md) starts from the symptom.


        """;

    public static string Of()
    {
        var documentation = XmlDocumentation.Of(typeof(Reasons).Assembly);
        var reasons = typeof(Reasons).GetFields(BindingFlags.Public | BindingFlags.Static)
            .Where(field => field.IsLiteral)
            .Select(field => (Word: (string)field.GetRawConstantValue()!, So: SummaryOf(field), ToDo: documentation.RemarksOf(field)))
            .OrderBy(reason => reason.Word, StringComparer.Ordinal)
            .ToArray();

        var text = new StringBuilder(Preamble.ReplaceLineEndings("\n"));
        text.Append("## Action needed\n\n| reason | meaning | action |\n|---|---|---|\n");
        foreach (var reason in reasons.Where(reason => reason.ToDo.Length > 0))
        {
            text.Append(CultureInfo.InvariantCulture, $"| `{reason.Word}` | {Cell(reason.So)} | {Cell(reason.ToDo)} |\n");
        }

        text.Append("\n## No action needed\n\nNothing is wrong, or the rollout continues on its own.\n\n| reason | meaning |\n|---|---|\n");
        foreach (var reason in reasons.Where(reason => reason.ToDo.Length == 0))
        {
            text.Append(CultureInfo.InvariantCulture, $"| `{reason.Word}` | {Cell(reason.So)} |\n");
        }

        return text.ToString();

        string SummaryOf(FieldInfo field) => documentation.Of(field) is { Length: > 0 } summary
            ? summary
            : throw new InvalidOperationException($"{nameof(Reasons)}.{field.Name} has no summary: write its meaning, and the action as remarks.");
    }

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);
}
