using System.Globalization;
using System.Reflection;
using System.Text;
using Ostler.Api.Meta;
using Ostler.CrdGenerator.Schema;

namespace Ostler.CrdGenerator.Output;

/// <summary>Every word for "why" as Markdown: what is so, and what there is to do, from the comments of <see cref="Reasons"/>.</summary>
internal static class ReasonReference
{
    private const string Preamble = """
        # Reasons

        Generated from `Reasons` in `src/Ostler.Api/Meta` by `make manifests`; do not edit.

        The word under `REASON` in `kubectl get`, in conditions, `status.blocked` and `status.inFlight`, Events, metrics and notifications is always one of these, and a
        program may rely on it. The message beside it is for people: it has names, numbers and what a tool or a server said.
        [troubleshooting.md](troubleshooting.md) begins with what you see.


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
        text.Append("## With something to do\n\n| reason | what is so | what to do |\n|---|---|---|\n");
        foreach (var reason in reasons.Where(reason => reason.ToDo.Length > 0))
        {
            text.Append(CultureInfo.InvariantCulture, $"| `{reason.Word}` | {Cell(reason.So)} | {Cell(reason.ToDo)} |\n");
        }

        text.Append("\n## With nothing to do\n\nIt is well, under way, or goes on by itself.\n\n| reason | what is so |\n|---|---|\n");
        foreach (var reason in reasons.Where(reason => reason.ToDo.Length == 0))
        {
            text.Append(CultureInfo.InvariantCulture, $"| `{reason.Word}` | {Cell(reason.So)} |\n");
        }

        return text.ToString();

        string SummaryOf(FieldInfo field) => documentation.Of(field) is { Length: > 0 } summary
            ? summary
            : throw new InvalidOperationException($"{nameof(Reasons)}.{field.Name} has no summary: write what is so, and as remarks what there is to do.");
    }

    private static string Cell(string text) => text.Replace("|", "\\|", StringComparison.Ordinal);
}
