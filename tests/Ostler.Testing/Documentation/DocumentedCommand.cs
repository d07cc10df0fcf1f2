using System.Text;
using System.Text.RegularExpressions;

namespace Ostler.Testing.Documentation;

/// <summary>
/// A command that a document tells people to run: in a block marked <c>console</c> after a <c>$</c>, or in running text between backticks.
/// </summary>
/// <param name="Document">Path of the document.</param>
/// <param name="Line">Where it begins.</param>
/// <param name="Text">The command, in one line and without its comment.</param>
/// <param name="Output">What the document shows that it prints.</param>
public sealed partial record DocumentedCommand(string Document, int Line, string Text, IReadOnlyList<string> Output)
{
    // What the agent does with the tools of a host is told in the same way, and is no advice to anybody.
    private static readonly string[] Programs = ["kubectl", "helm", "make", "journalctl", "sudo", "ostler-agent", "podman", "docker"];

    /// <summary>Whether it is in running text, where a command may be named without its arguments. In a block it is complete.</summary>
    public bool IsInText { get; init; }

    /// <summary>Of every document, in order.</summary>
    public static IReadOnlyList<DocumentedCommand> All { get; } = [.. Documents.All.SelectMany(document => In(document, Documents.LinesOf(document)))];

    /// <summary>The words that a shell makes of it.</summary>
    public IReadOnlyList<string> Words => Split(Text);

    public override string ToString() => $"{Document}:{Line}: {Text}";

    public static IReadOnlyList<DocumentedCommand> In(string document, IReadOnlyList<string> lines)
    {
        var found = new List<DocumentedCommand>();
        string? fence = null;
        for (var i = 0; i < lines.Count; i++)
        {
            if (lines[i].StartsWith("```", StringComparison.Ordinal))
            {
                fence = fence is null ? lines[i][3..] : null;
            }
            else if (fence is null)
            {
                var at = i + 1;
                found.AddRange(Code().Matches(lines[i]).Select(code => code.Groups[1].Value).Where(IsCommand)
                    .Select(text => new DocumentedCommand(document, at, text, []) { IsInText = true }));
            }
            else if (fence == "console" && lines[i].StartsWith("$ ", StringComparison.Ordinal))
            {
                var (text, at) = (lines[i][2..], i + 1);
                while (text.EndsWith('\\'))
                {
                    text = $"{text[..^1].TrimEnd()} {lines[++i].Trim()}";
                }

                var output = lines.Skip(i + 1).TakeWhile(line => line.Length > 0 && !line.StartsWith("$ ", StringComparison.Ordinal) && !line.StartsWith("```", StringComparison.Ordinal));
                found.Add(new(document, at, Comment().Replace(text, ""), [.. output]));
            }
        }

        return found;
    }

    private static bool IsCommand(string code) => code.Split(' ') is [var program, _, ..] && Programs.Contains(program);

    private static List<string> Split(string text)
    {
        var (words, word) = (new List<string>(), (StringBuilder?)null);
        char? quote = null;
        foreach (var c in text)
        {
            if (c == quote)
            {
                quote = null;
            }
            else if (quote is null && c is '\'' or '"')
            {
                (quote, word) = (c, word ?? new());
            }
            else if (quote is null && c == ' ')
            {
                if (word is not null)
                {
                    words.Add(word.ToString());
                }

                word = null;
            }
            else
            {
                (word ??= new()).Append(c);
            }
        }

        if (word is not null)
        {
            words.Add(word.ToString());
        }

        return quote is null ? words : throw new FormatException($"A quote is not closed: {text}");
    }

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Code();

    [GeneratedRegex(" {2,}#.*$")]
    private static partial Regex Comment();
}
