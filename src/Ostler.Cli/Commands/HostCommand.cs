using System.CommandLine;

namespace Ostler.Cli.Commands;

/// <summary><c>host</c>: where to find what it would do.</summary>
internal static class HostCommand
{
    // The backends that know a host are the agent's, and a second copy of them here would go its own way.
    private const string Where = "A host is looked at with the agent's program, on that host: ostler-agent host status, and changed by host stage, apply and rollback (see ostler-agent host --help). "
        + "From the cluster: kubectl -n ostler-system exec POD -- /usr/bin/ostler-agent host status, in the agent's pod on the node.";

    public static Command Create(CommandRunner commands)
    {
        var command = commands.With(new Command("host", "Says how to look at a host itself, stage and boot a tree there, and take it back, when the cluster is away"), (_, _) => throw CommandException.Usage(Where));
        command.TreatUnmatchedTokensAsErrors = false;
        return command;
    }
}
