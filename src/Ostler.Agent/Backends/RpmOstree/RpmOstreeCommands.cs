using Ostler.Agent.Host;
using Ostler.Api.Meta;

namespace Ostler.Agent.Backends.RpmOstree;

/// <summary>Runs rpm-ostree on the host and turns its failures into <see cref="HostToolException"/>.</summary>
internal sealed class RpmOstreeCommands(ICommandRunner runner, StagingUnit unit)
{
    public const string Program = "/usr/bin/rpm-ostree";
    private const string Daemon = "rpm-ostreed.service";

    /// <summary>What is said when the daemon did not start in the time that D-Bus gives it, which on a slow disk is too little.</summary>
    private static readonly string[] DaemonWords = ["RegisterClient", "Timeout was reached", "NameHasNoOwner", "startup job failed"];

    private static readonly string[] BusyWords = ["Transaction in progress", "System transaction in progress", "cannot start new transaction"];

    public async Task<string> RunAsync(HostCommand command, CancellationToken cancellationToken)
    {
        var result = await runner.RunAsync(command, cancellationToken);
        if (!result.Succeeded && !result.TimedOut && ToolErrorText.Any(result.Stderr, DaemonWords))
        {
            // systemd has more patience than D-Bus.
            await runner.RunAsync(new HostCommand("systemctl", "start", Daemon) { Timeout = TimeSpan.FromMinutes(5) }, cancellationToken);
            result = await runner.RunAsync(command, cancellationToken);
        }

        return result.Succeeded ? result.Stdout : throw Failure(command, result);
    }

    /// <summary>Runs rpm-ostree apart from the agent's life, and waits for its end.</summary>
    /// <remarks>The work is the daemon's, so the limits of our unit must be the daemon's, too; until the next boot.</remarks>
    public async Task RunDetachedAsync(HostCommand command, CancellationToken cancellationToken)
    {
        await runner.RunAsync(new HostCommand("systemctl", "set-property", "--runtime", Daemon, "CPUWeight=20", "IOWeight=20"), cancellationToken);
        var result = await unit.RunAsync(command, cancellationToken);
        if (!result.Succeeded)
        {
            throw Failure(command, result);
        }
    }

    /// <summary>Ends the transaction that our unit began: stopping the client does not always end the daemon's work.</summary>
    public Task CancelAsync(CancellationToken cancellationToken) => runner.RunAsync(new HostCommand("rpm-ostree", "cancel"), cancellationToken);

    /// <summary>What rpm-ostree's complaint means. All are exit code 1: there are only its words.</summary>
    internal static HostToolException Failure(HostCommand command, CommandResult result)
    {
        var verb = $"rpm-ostree {command.Arguments.FirstOrDefault()}".TrimEnd();
        var text = result.Stderr.Length > 0 ? result.Stderr : result.Stdout;
        var words = HostToolException.Trim(text);
        if (result.TimedOut)
        {
            return new HostToolException(Reasons.HostToolFailed, $"{verb} took longer than {command.Timeout.TotalMinutes:0.#} min and was stopped. {words}".TrimEnd());
        }

        var message = $"{verb}: {(words.Length > 0 ? words : $"exit code {result.ExitCode}")}";
        return text switch
        {
            _ when ToolErrorText.Any(text, BusyWords) => new HostToolException(Reasons.TransactionInProgress, message),
            _ when ToolErrorText.Any(text, "No rollback deployment found") => new HostToolException(Reasons.RollbackImpossible, message),
            _ when ToolErrorText.Any(text, "Installing kernel") && ToolErrorText.Any(text, ToolErrorText.Disk) => new HostToolException(Reasons.BootFull, message),
            _ when ToolErrorText.Any(text, ToolErrorText.Disk) => new HostToolException(Reasons.DiskFull, message),
            _ when verb is "rpm-ostree rebase" or "rpm-ostree deploy" && ToolErrorText.Any(text, ToolErrorText.Signature) => new HostToolException(Reasons.SignatureRefused, message),
            _ when verb is "rpm-ostree rebase" or "rpm-ostree deploy" && ToolErrorText.Any(text, ToolErrorText.Pull) && !ToolErrorText.Any(text, DaemonWords) =>
                new HostToolException(Reasons.PullFailed, message),
            _ => new HostToolException(Reasons.HostToolFailed, message),
        };
    }
}
