using Microsoft.Extensions.Time.Testing;
using Ostler.Cli.Commands;

namespace Ostler.Cli.Tests;

/// <summary>Runs a command line as a pipe would, unless told otherwise: no terminal, a clock that stands still.</summary>
internal static class CommandLine
{
    public static readonly DateTimeOffset Now = new(2026, 12, 1, 12, 0, 0, TimeSpan.Zero);

    public static async Task<CommandResult> RunAsync(IEnumerable<string> arguments, TimeProvider? time = null, string input = "", StringWriter? output = null, bool terminal = false, IReadOnlyList<string>? agentFolders = null)
    {
        var (text, error) = (output ?? new StringWriter(), new StringWriter());
        var code = await OstlerCommand.RunAsync(
            [.. arguments], new() { Out = TextWriter.Synchronized(text), Error = TextWriter.Synchronized(error), In = new StringReader(input), Terminal = terminal, Time = time ?? new FakeTimeProvider(Now), AgentFolders = agentFolders ?? [] },
            TestContext.Current.CancellationToken);
        return new(code, text.ToString(), error.ToString());
    }
}

/// <summary>What came of it.</summary>
internal sealed record CommandResult(int Code, string Out, string Error);
