using System.Globalization;
using Ostler.Agent.Host;
using Ostler.Api;

namespace Ostler.Agent.Checks;

/// <summary>Runs a command of the policy on the host.</summary>
internal static class ExecCheckRun
{
    /// <summary>What is wrong, or null.</summary>
    public static async Task<string?> FailureAsync(ICommandRunner runner, ExecCheck check, CancellationToken ct)
    {
        if (check.Command is not [['/', ..], ..])
        {
            return "the command is not given by its absolute path";
        }

        var command = new HostCommand(check.Command[0], [.. check.Command.Skip(1)]) { Timeout = check.Timeout };
        var result = await runner.RunAsync(command, ct);
        if (result.Succeeded)
        {
            return null;
        }

        var words = HostToolException.Trim(result.Stderr.Trim().Length > 0 ? result.Stderr : result.Stdout);
        var end = result.TimedOut
            ? $"took longer than {check.Timeout}"
            : string.Create(CultureInfo.InvariantCulture, $"ended with exit code {result.ExitCode}");
        return words.Length > 0 ? $"{end}: {words}" : end;
    }
}
