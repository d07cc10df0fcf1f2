using System.CommandLine;
using Ostler.Cli.Completion;
using Ostler.Cli.Hosting;

namespace Ostler.Cli.Commands;

/// <summary><c>completion bash|zsh|fish</c>.</summary>
internal static class CompletionCommand
{
    public static Command Create(CommandRunner commands)
    {
        var shell = new Argument<string>("shell") { Description = string.Join(", ", CompletionScript.Shells) };
        shell.CompletionSources.Add([.. CompletionScript.Shells]);
        return commands.With(new Command("completion", "Print the shell completion script") { shell }, async (arguments, _) =>
        {
            await commands.Environment.Out.WriteAsync(CompletionScript.Of(arguments.GetRequiredValue(shell)));
            return ExitCode.Ok;
        });
    }
}
