using System.CommandLine;
using System.Diagnostics;
using Ostler.Cli.Hosting;

namespace Ostler.Cli.Commands;

/// <summary><c>host …</c>: the agent's own <c>ostler-agent host …</c>, on a host that has it.</summary>
internal static class HostCommand
{
    private const string Program = "ostler-agent";

    private const string Where = "ostler-agent, which inspects and changes the host, is not installed here. During an upgrade it is at /var/lib/ostler/bin/ostler-agent. "
        + "To install it, run podman container runlabel INSTALL with the agent's image. "
        + "From the cluster, run kubectl -n ostler-system exec POD -- /usr/bin/ostler-agent host status in the agent's pod on that node.";

    public static Command Create(CommandRunner commands)
    {
        var command = commands.With(
            new Command("host", "On a host, if the cluster is unreachable: status, stage TREE, apply, confirm, rollback, as ostler-agent host"),
            (arguments, _) => RunAsync(commands.Environment.AgentFolders, arguments.UnmatchedTokens));
        command.TreatUnmatchedTokensAsErrors = false;
        return command;
    }

    // The backends that know a host are the agent's, and a second copy of them here would go its own way.
    private static async Task<int> RunAsync(IReadOnlyList<string> folders, IReadOnlyList<string> words)
    {
        var program = folders.Select(folder => Path.Combine(folder, Program)).FirstOrDefault(File.Exists) ?? throw CommandException.Usage(Where);
        // It has this terminal: it asks before it reboots. An interrupt reaches it as it reaches this program, which waits for what it says
        // to that.
        using var agent = Process.Start(new ProcessStartInfo(program, ["host", .. words])) ?? throw new CommandException($"{program} could not be started.");
        await agent.WaitForExitAsync(CancellationToken.None);
        return agent.ExitCode;
    }
}
