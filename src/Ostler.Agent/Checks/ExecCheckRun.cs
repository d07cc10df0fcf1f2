using System.Globalization;
using Ostler.Agent.Host;
using Ostler.Api.Meta;
using Ostler.Api.Shared;
using Ostler.Rollout.Health;

namespace Ostler.Agent.Checks;

/// <summary>Runs a command of the policy on the host.</summary>
internal static class ExecCheckRun
{
    /// <summary>What shells, and nsenter, end with when there is no such program.</summary>
    private const int NoSuchProgram = 127;

    public static async Task<CheckFinding> FindAsync(ICommandRunner runner, ExecCheck check, Duration timeout, CancellationToken cancellationToken)
    {
        if (check.Command is not [['/', ..], ..])
        {
            return CheckFinding.Error("the command is not given by its absolute path");
        }

        var command = new HostCommand(check.Command[0], [.. check.Command.Skip(1)]) { Timeout = timeout };
        var result = await runner.RunAsync(command, cancellationToken);
        if (result.Succeeded)
        {
            return CheckFinding.Pass();
        }

        var words = HostToolException.Trim(result.Stderr.Trim().Length > 0 ? result.Stderr : result.Stdout);
        var said = words.Length > 0 ? $": {words}" : "";
        return result.TimedOut ? CheckFinding.Error($"took longer than {timeout}{said}")
            : result.ExitCode == NoSuchProgram ? CheckFinding.Missing($"the program does not exist on the host (exit code 127){said}")
            : CheckFinding.No(string.Create(CultureInfo.InvariantCulture, $"exited with code {result.ExitCode}{said}"));
    }
}
