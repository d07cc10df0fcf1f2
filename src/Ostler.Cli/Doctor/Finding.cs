using Ostler.Cli.Output;
using Ostler.Rollout.Text;

namespace Ostler.Cli.Doctor;

/// <summary>How bad something is.</summary>
internal enum Severity
{
    /// <summary>Looked at and found well.</summary>
    Fine,

    /// <summary>Worth knowing, and possibly meant so.</summary>
    Note,

    /// <summary>Rollouts go on, but not everywhere or not for ever.</summary>
    Warning,

    /// <summary>Something does not work before a person acts.</summary>
    Broken,
}

/// <summary>What was found.</summary>
/// <param name="Severity">How bad it is.</param>
/// <param name="Subject">What it is about, as in <c>UpgradePolicy edge</c>.</param>
/// <param name="Message">What is so.</param>
/// <param name="Remedy">What to do; null when there is nothing to do.</param>
internal sealed record Finding(Severity Severity, string Subject, string Message, string? Remedy = null);

/// <summary>Findings as people read them, and as an exit code.</summary>
internal static class FindingText
{
    public static IEnumerable<Line> Lines(IReadOnlyList<Finding> findings)
    {
        foreach (var finding in findings)
        {
            var (word, tone) = finding.Severity switch
            {
                Severity.Broken => ("BROKEN ", Tone.Bad),
                Severity.Warning => ("WARNING", Tone.Attention),
                Severity.Note => ("NOTE   ", Tone.Plain),
                _ => ("OK     ", Tone.Good),
            };
            yield return new($"{word} {finding.Subject}: {finding.Message}", tone);
            if (finding.Remedy is { } remedy)
            {
                yield return new($"        -> {remedy}");
            }
        }

        var (broken, warnings) = (findings.Count(f => f.Severity == Severity.Broken), findings.Count(f => f.Severity == Severity.Warning));
        yield return broken + warnings == 0 ? new("Nothing to do.", Tone.Good) : new($"{broken} broken, {MessageText.Count(warnings, "warning")}.", broken > 0 ? Tone.Bad : Tone.Attention);
    }

    /// <summary>0 nothing, 1 warnings, 2 something is broken.</summary>
    public static int ExitCodeOf(IReadOnlyList<Finding> findings) =>
        findings.Any(f => f.Severity == Severity.Broken) ? 2 : findings.Any(f => f.Severity == Severity.Warning) ? 1 : 0;

    /// <summary>The first few names and how many more there are.</summary>
    public static string Names(IEnumerable<string> names, int most = 5) => MessageText.List([.. names.Order(StringComparer.Ordinal)], most);
}
