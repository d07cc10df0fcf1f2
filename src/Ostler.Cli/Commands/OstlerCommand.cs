using System.CommandLine;
using System.CommandLine.Help;
using Ostler.Cli.Hosting;

namespace Ostler.Cli.Commands;

/// <summary>The command line as a whole: <c>kubectl ostler …</c>, or <c>ostler …</c>.</summary>
internal static class OstlerCommand
{
    private const string Description = """
        Watch and control OS upgrades of Kubernetes nodes. Every change is an edit of a declared field: --dry-run prints it.

        Exit codes:
          0  Done.
          1  The API server rejected the request, is unreachable, or has no such object.
          2  Invalid arguments or input file.
          3  status: a policy is not Ready or is halted. plan: the rollout would not complete.
        doctor exits with 0 (nothing found), 1 (warnings) or 2 (something is broken).
        """;

    public static RootCommand Create(CliEnvironment environment)
    {
        var cluster = new ClusterOptions();
        var root = new RootCommand(Description) { cluster.Kubeconfig, cluster.Context };
        // Without -? and /h, which no shell of ours completes.
        root.Options.Remove(root.Options.OfType<HelpOption>().Single());
        root.Add(new HelpOption("--help", "-h") { Description = "Show help", Action = new HelpPage(environment) });
        var commands = new CommandRunner(environment, cluster);
        root.Add(StatusCommand.Create(commands));
        root.Add(NodesCommand.Create(commands));
        root.Add(HistoryCommand.Create(commands));
        root.Add(DiffCommand.Create(commands));
        root.Add(PlanCommand.Create(commands));
        foreach (var command in EditCommands.Create(commands))
        {
            root.Add(command);
        }

        root.Add(DoctorCommand.Create(commands));
        root.Add(HostCommand.Create(commands));
        root.Add(CompletionCommand.Create(commands));
        root.Add(HelpCommand.Create(commands, root));
        root.Add(VersionCommand.Create(commands));
        return root;
    }

    /// <summary>Runs a command line and returns the exit code.</summary>
    public static async Task<int> RunAsync(IReadOnlyList<string> arguments, CliEnvironment environment, CancellationToken cancellationToken)
    {
        var result = Create(environment).Parse(arguments.Count == 0 ? ["--help"] : arguments);
        // One line: the list of all options would scroll away what is wrong.
        if (ParseErrors.Of(result) is { } wrong)
        {
            environment.Error.WriteLine($"error: {wrong}");
            return ExitCode.Usage;
        }

        return await result.InvokeAsync(new() { Output = environment.Out, Error = environment.Error, EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null }, cancellationToken);
    }
}
