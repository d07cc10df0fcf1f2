using System.CommandLine;
using System.Diagnostics;
using Ostler.Cli.Hosting;

namespace Ostler.Cli.Commands;

/// <summary><c>host …</c>: the agent's own <c>ostler-agent host …</c>, on a host that has it.</summary>
internal static class HostCommand
{
    private const string Program = "ostler-agent";

    private const string Where = "There is no ostler-agent here, which knows how to look at a host and to change it. On a node that was upgraded it is /var/lib/ostler/bin/ostler-agent while a tree is on trial; "
        + "podman container runlabel INSTALL with the agent's image puts it there for good. "
        + "From the cluster: kubectl -n ostler-system exec POD -- /usr/bin/ostler-agent host status, in the agent's pod on the node.";

    public static Command Create(CommandRunner commands)
    {
        var command = commands.With(
            new Command("host", "On a host itself, when the cluster is away: status, stage TREE, apply, confirm, rollback, as ostler-agent host does"),
            (arguments, _) => RunAsync(commands.Environment.AgentFolders, arguments.UnmatchedTokens));
        command.TreatUnmatchedTokensAsErrors = false;
        return command;
    }

    // The backends that know a host are the agent's, and a second copy of them here would go its own way.
    private static async Task<int> RunAsync(IReadOnlyList<string> folders, IReadOnlyList<string> words)
    {
        var program = folders.Select(folder => Path.Combine(folder, Program)).FirstOrDefault(File.Exists) ?? throw CommandException.Usage(Where);
        // It has this terminal: it asks before it reboots. An interrupt reaches it as it reaches this program, which waits for what it says to that.
        using var agent = Process.Start(new ProcessStartInfo(program, ["host", .. words])) ?? throw new CommandException($"{program} could not be started.");
        await agent.WaitForExitAsync(CancellationToken.None);
        return agent.ExitCode;
    }
}
