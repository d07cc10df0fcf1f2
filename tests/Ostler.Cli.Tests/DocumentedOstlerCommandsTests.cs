using System.CommandLine;
using System.CommandLine.Invocation;
using System.Text.RegularExpressions;
using Ostler.Cli.Commands;
using Ostler.Testing.Documentation;

namespace Ostler.Cli.Tests;

/// <summary>What the documentation says of kubectl ostler. The other commands are run by tests of the chart.</summary>
public sealed partial class DocumentedOstlerCommandsTests
{
    private static readonly RootCommand Root = OstlerCommand.Create(new() { Out = TextWriter.Null, Error = TextWriter.Null });

    [Fact]
    public void The_command_line_takes_every_command()
    {
        var commands = CommandChecks.All(CommandCheck.Ostler);

        Assert.InRange(commands.Count, 8, 100);
        Assert.All(commands, command =>
        {
            string[] words = [.. command.Words.Skip(2)];
            var isName = command.IsInText && Find(words) is not null;
            Assert.True(isName || Root.Parse(words).Action is not ParseErrorAction, command.ToString());
        });
    }

    /// <summary>
    /// Advice names a command without the policy that it is about: neither the table of reasons nor a message knows that.
    /// </summary>
    [Fact]
    public void Every_command_that_a_reason_advises_is_there()
    {
        var reasons = File.ReadAllText(Path.Combine(Documents.Root, "config", "docs", "reasons.md"));
        var advised = Advice().Matches(reasons).Select(match => match.Groups[1].Value.Split(' ')).ToArray();

        Assert.InRange(advised.Length, 5, 200);
        Assert.All(advised, words => Assert.True(Find(words) is not null, $"kubectl ostler {string.Join(' ', words)}"));
    }

    /// <summary>The command of that name.</summary>
    private static Command? Find(IEnumerable<string> words) =>
        words.Aggregate((Command?)Root, (parent, word) => parent?.Subcommands.SingleOrDefault(c => c.Name == word));

    [GeneratedRegex("kubectl ostler (quarantine [a-z]+|[a-z]+)")]
    private static partial Regex Advice();
}
