using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using Ostler.Cli.Output;

namespace Ostler.Cli.Commands;

/// <summary>Says what is wrong with a command line, in one line, and what was probably meant.</summary>
internal static class ParseErrors
{
    /// <summary>Null when there is nothing wrong with it.</summary>
    public static string? Of(ParseResult result)
    {
        var path = CommandPath(result.CommandResult);
        if (MistypedOption(result) is { } option)
        {
            return $"unknown option '{option}' for '{path}'.{DidYouMean(option, OptionsOf(result))} See: {path} --help";
        }

        if (result.Action is not ParseErrorAction)
        {
            return null;
        }

        var command = result.CommandResult.Command;
        var wrong = result.UnmatchedTokens switch
        {
            [var word, ..] when command.Subcommands.Count > 0 =>
                $"unknown command '{word}' for '{path}'.{DidYouMean(word, Visible(command).Select(c => c.Name))}",
            [var word, ..] => $"unexpected argument '{word}' for '{path}'.",
            _ when command.Subcommands.Count > 0 && result.Errors.Count == 1 =>
                $"'{path}' needs one of these commands: {string.Join(", ", Visible(command).Select(c => c.Name))}.",
            _ => string.Join(" ", result.Errors.Select(e => e.Message).Distinct()),
        };
        return $"{wrong} See: {path} --help";
    }

    /// <summary>That a command has no such subcommand.</summary>
    public static string UnknownCommand(Command parent, string path, string word) =>
        $"unknown command '{word}' for '{path}'.{DidYouMean(word, Visible(parent).Select(c => c.Name))} See: {path} --help";

    /// <summary>The command as it is typed, from <c>kubectl ostler</c> on.</summary>
    public static string CommandPath(CommandResult command)
    {
        var names = new List<string>();
        for (SymbolResult? at = command; at is CommandResult one; at = at.Parent)
        {
            names.Insert(0, one.Command is RootCommand ? "kubectl ostler" : one.Command.Name);
        }

        return string.Join(' ', names);
    }

    /// <summary>The commands that help lists.</summary>
    public static IEnumerable<Command> Visible(Command parent) => parent.Subcommands.Where(c => !c.Hidden);

    // The parser takes an option that it does not know for the name of a policy where a name may stand. What follows -- is a name, whatever
    // it looks like.
    private static string? MistypedOption(ParseResult result)
    {
        if (!result.CommandResult.Command.TreatUnmatchedTokensAsErrors)
        {
            return null;
        }

        var taken = result.CommandResult.Children.OfType<ArgumentResult>().SelectMany(a => a.Tokens).Select(t => t.Value);
        var ahead = result.Tokens.TakeWhile(t => t.Type != TokenType.DoubleDash).Select(t => t.Value).ToHashSet(StringComparer.Ordinal);
        return taken.Concat(result.UnmatchedTokens).FirstOrDefault(t => t is ['-', _, ..] and not "--" && ahead.Contains(t));
    }

    private static IEnumerable<string> OptionsOf(ParseResult result)
    {
        for (SymbolResult? at = result.CommandResult; at is CommandResult command; at = at.Parent)
        {
            foreach (var option in command.Command.Options.Where(o => !o.Hidden && (command == result.CommandResult || o.Recursive)))
            {
                yield return option.Name;
                foreach (var alias in option.Aliases)
                {
                    yield return alias;
                }
            }
        }
    }

    private static string DidYouMean(string word, IEnumerable<string> known) =>
        Suggestion.Closest(word.Split('=')[0], known) is { } meant ? $" Did you mean '{meant}'?" : "";
}
