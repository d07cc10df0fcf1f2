using Ostler.Agent.Host;
using Ostler.Api.Meta;

namespace Ostler.Agent.Backends.Ostree;

/// <summary>What ostree's complaints mean.</summary>
/// <remarks>
/// ostree tells all failures by exit code 1: there are only its words. A word that is not known is no harm: the reason is then
/// HostToolFailed and the message has the words all the same.
/// </remarks>
internal static class OstreeErrors
{
    /// <summary>Printed on standard output, at once and every three seconds, while somebody else holds the sysroot's lock.</summary>
    private const string WaitingForLock = "Waiting for sysroot lock";

    /// <summary>The failure of a command, with the tool's own words.</summary>
    public static HostToolException From(HostCommand command, CommandResult result)
    {
        var words = HostToolException.Trim(result.Stderr.Length > 0 ? result.Stderr : result.Stdout);
        if (result.TimedOut)
        {
            return result.Stdout.Contains(WaitingForLock, StringComparison.Ordinal)
                ? new HostToolException(
                    Reasons.TransactionInProgress, $"Another program has changed the host's deployments for {command.Timeout.TotalMinutes:0} min: {Verb(command)} got no lock.")
                : new HostToolException(Reasons.HostToolFailed, $"{Verb(command)} took longer than {command.Timeout.TotalMinutes:0.#} min and was stopped. {words}".TrimEnd());
        }

        return new HostToolException(ReasonOf(command, result.Stderr), $"{Verb(command)}: {(words.Length > 0 ? words : $"exit code {result.ExitCode}")}");
    }

    private static string ReasonOf(HostCommand command, string stderr) => stderr switch
    {
        // Only the kernel's copy goes to /boot; all else is in the repository's file system.
        _ when stderr.Contains("Installing kernel", StringComparison.Ordinal) && ToolErrorText.Any(stderr, ToolErrorText.Disk) => Reasons.BootFull,
        _ when ToolErrorText.Any(stderr, ToolErrorText.Disk) => Reasons.DiskFull,
        _ when Subcommand(command) == "pull" && ToolErrorText.Any(stderr, ToolErrorText.Older) => Reasons.Downgrade,
        _ when Subcommand(command) == "pull" && ToolErrorText.Any(stderr, ToolErrorText.Signature) => Reasons.SignatureRefused,
        _ when Subcommand(command) == "pull" && ToolErrorText.Any(stderr, ToolErrorText.Pull) => Reasons.PullFailed,
        _ => Reasons.HostToolFailed,
    };

    /// <summary>The command without its arguments, as in <c>ostree admin deploy</c>.</summary>
    private static string Verb(HostCommand command) => $"{command.Program} {Subcommand(command)}".TrimEnd();

    private static string Subcommand(HostCommand command)
    {
        var words = command.Arguments.SkipWhile(a => a == OstreeCommands.Repository).TakeWhile(a => !a.StartsWith('-')).ToList();
        return string.Join(' ', words.Take(words is ["admin", ..] ? 2 : 1));
    }
}
