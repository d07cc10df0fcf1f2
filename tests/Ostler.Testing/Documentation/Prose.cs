using System.Text.RegularExpressions;

namespace Ostler.Testing.Documentation;

/// <summary>A paragraph, a heading, an item of a list or a row of a table, in one line and without code.</summary>
/// <param name="Line">Where it begins.</param>
/// <param name="Text">What a reader reads.</param>
public sealed partial record Prose(int Line, string Text)
{
    /// <summary>The prose of a Markdown document. A phrase that is wrapped over two lines is in one of them.</summary>
    public static IEnumerable<Prose> Of(IReadOnlyList<string> lines)
    {
        var (paragraph, begin) = (new List<string>(), 0);
        foreach (var (number, line) in Written(lines))
        {
            if (paragraph.Count > 0 && (line.Length == 0 || Begins().IsMatch(line)))
            {
                yield return new(begin, Readable(paragraph));
                paragraph.Clear();
            }

            if (line.Length > 0)
            {
                begin = paragraph.Count == 0 ? number : begin;
                paragraph.Add(line);
            }
        }

        if (paragraph.Count > 0)
        {
            yield return new(begin, Readable(paragraph));
        }
    }

    /// <summary>The lines outside of fenced blocks, which are empty here, with their numbers.</summary>
    public static IEnumerable<(int Number, string Line)> Written(IReadOnlyList<string> lines)
    {
        var fenced = false;
        for (var i = 0; i < lines.Count; i++)
        {
            var isFence = lines[i].TrimStart().StartsWith("```", StringComparison.Ordinal);
            yield return (i + 1, fenced || isFence ? "" : lines[i]);
            fenced ^= isFence;
        }
    }

    // Code keeps its place, so that what stands around it does not become one phrase.
    private static string Readable(IEnumerable<string> lines) =>
        Target().Replace(Code().Replace(Comment().Replace(string.Join(' ', lines.Select(line => line.Trim())), " "), "`"), "]");

    [GeneratedRegex(@"^\s*([-*|>#]|\d+\.)")]
    private static partial Regex Begins();

    [GeneratedRegex("`[^`]+`")]
    private static partial Regex Code();

    [GeneratedRegex("<!--.*?-->")]
    private static partial Regex Comment();

    [GeneratedRegex(@"\]\([^)]*\)")]
    private static partial Regex Target();
}
