using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Ostler.Cli.Hosting;
using Ostler.Cli.Output;

namespace Ostler.Cli.Commands;

/// <summary>What <c>--help</c> prints: as kubectl does, the description, examples, the commands in groups, options and usage.</summary>
internal sealed class HelpPage(CliEnvironment environment) : SynchronousCommandLineAction
{
    // Of what is no terminal: what a line of the documentation holds.
    private const int DefaultWidth = 100;

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        var command = parseResult.CommandResult.Command;
        foreach (var line in Lines(command, ParseErrors.CommandPath(parseResult.CommandResult), new Printer(environment).Width
            ?? DefaultWidth))
        {
            environment.Out.WriteLine(line);
        }

        environment.Out.Flush();
        return ExitCode.Ok;
    }

    /// <summary>The page, wrapped to a width.</summary>
    public static IEnumerable<string> Lines(Command command, string path, int width)
    {
        foreach (var line in (command.Description ?? "").Split('\n').SelectMany(l => TextWrap.Lines(l.TrimEnd('\r'), width, hang: 0)))
        {
            yield return line;
        }

        if (HelpExamples.Of(path) is { Count: > 0 } examples)
        {
            yield return "";
            yield return "Examples:";
            foreach (var (says, line) in examples)
            {
                yield return $"  # {says}";
                yield return $"  {line}";
            }
        }

        foreach (var line in Commands(command, width).Concat(Parameters(command, width)))
        {
            yield return line;
        }

        yield return "";
        yield return "Usage:";
        yield return $"  {Usage(command, path)}";
        if (command.Subcommands.Count > 0)
        {
            yield return "";
            yield return $"Use \"{path} COMMAND --help\" for more about a command.";
        }
    }

    private static IEnumerable<string> Commands(Command command, int width)
    {
        var rows = ParseErrors.Visible(command).Select(c => (Group: HelpExamples.GroupOf(command, c), c.Name, Text: c.Description ?? ""))
            .ToArray();
        foreach (var group in rows.GroupBy(r => r.Group))
        {
            foreach (var line in Section(group.Key, [.. group.Select(r => (r.Name, FirstSentence(r.Text)))], width))
            {
                yield return line;
            }
        }
    }

    private static IEnumerable<string> Parameters(Command command, int width) =>
    [
        .. Section("Arguments:", [.. command.Arguments.Where(a => !a.Hidden).Select(a => (Placeholder(a), a.Description ?? ""))], width),
        .. Section("Options:", [.. command.Options.Where(o => !o.Recursive && o is not HelpOption and not VersionOption).Select(Row)],
            width),
        .. Section("Options of every command:", [.. Recursive(command).Select(Row)], width),
    ];

    private static IEnumerable<string> Section(string title, IReadOnlyList<(string Name, string Text)> rows, int width)
    {
        if (rows.Count == 0)
        {
            yield break;
        }

        yield return "";
        yield return title;
        var column = rows.Max(r => r.Name.Length) + 5;
        foreach (var line in rows.SelectMany(r => TextWrap.Lines($"  {r.Name}".PadRight(column) + r.Text, width, column)))
        {
            yield return line;
        }
    }

    private static IEnumerable<Option> Recursive(Command command)
    {
        for (var at = command; at is not null; at = at.Parents.OfType<Command>().FirstOrDefault())
        {
            foreach (var option in at.Options.Where(o => !o.Hidden && (o.Recursive || o is HelpOption)))
            {
                yield return option;
            }
        }
    }

    private static (string Name, string Text) Row(Option option)
    {
        var letter = option.Aliases.Append(option.Name).FirstOrDefault(n => n.Length == 2);
        var word = option.Aliases.Append(option.Name).First(n => n.Length > 2);
        var value = option.HelpName is { Length: > 0 } name ? $" {name}" : "";
        return ($"{(letter is null ? "    " : $"{letter}, ")}{word}{value}", (option.Description ?? "")
            + (option.Required ? " (required)" : ""));
    }

    private static string Usage(Command command, string path) => string.Join(' ', (string[])
    [
        path,
        .. command.Subcommands.Count > 0 ? (string[])["COMMAND"] : [],
        .. command.Arguments.Where(a => !a.Hidden).Select(a => a.Arity.MinimumNumberOfValues == 0 ? $"[{Placeholder(a)}]" : Placeholder(a)),
        .. command.Options.Where(o => o.Required).Select(o => $"{o.Aliases.Append(o.Name).MinBy(n => n.Length)} {o.HelpName}"),
        "[options]",
    ]);

    private static string Placeholder(Argument argument) => argument.Name.ToUpperInvariant();

    private static string FirstSentence(string text)
    {
        var line = text.Split('\n')[0].TrimEnd('\r');
        return line.IndexOf(". ", StringComparison.Ordinal) is >= 0 and var end ? line[..end] : line;
    }
}
