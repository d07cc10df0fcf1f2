using System.CommandLine;
using Ostler.Cli.Hosting;

namespace Ostler.Cli.Commands;

/// <summary><c>help [command…]</c>: the same as <c>--help</c> behind the command.</summary>
internal static class HelpCommand
{
    public static Command Create(CommandRunner commands, RootCommand root)
    {
        var words = new Argument<string[]>("command")
        {
            Arity = ArgumentArity.ZeroOrMore,
            Description = "The command. Default: a list of all commands"
        };
        words.CompletionSources.Add(_ => ParseErrors.Visible(root).Select(c => new System.CommandLine.Completions.CompletionItem(c.Name)));
        return commands.With(new Command("help", "Show the help of a command") { words }, (arguments, _) =>
        {
            var (command, path) = ((Command)root, "kubectl ostler");
            string[] names = [.. arguments.GetValue(words) ?? []];
            foreach (var name in names)
            {
                command = ParseErrors.Visible(command).FirstOrDefault(c => c.Name == name) is { } found
                    ? found
                    : throw CommandException.Usage(ParseErrors.UnknownCommand(command, path, name));
                path += $" {name}";
            }

            return Task.FromResult(root.Parse([.. names, "--help"]).Invoke());
        });
    }
}
