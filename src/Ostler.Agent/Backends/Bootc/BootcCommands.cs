using Ostler.Agent.Backends.Ostree;
using Ostler.Agent.Host;
using Ostler.Api.Meta;

namespace Ostler.Agent.Backends.Bootc;

/// <summary>Runs bootc on the host and turns its failures into <see cref="HostToolException"/>.</summary>
internal sealed class BootcCommands(ICommandRunner runner, StagingUnit unit)
{
    public const string Program = "/usr/bin/bootc";

    /// <summary>Runs bootc to its end, whatever that is.</summary>
    public Task<CommandResult> TryAsync(HostCommand command, CancellationToken cancellationToken) => runner.RunAsync(command, cancellationToken);

    public async Task<string> RunAsync(HostCommand command, CancellationToken cancellationToken)
    {
        var result = await runner.RunAsync(command, cancellationToken);
        return result.Succeeded ? result.Stdout : throw Failure(command, result);
    }

    public async Task RunDetachedAsync(HostCommand command, CancellationToken cancellationToken)
    {
        var result = await unit.RunAsync(command, cancellationToken);
        if (!result.Succeeded)
        {
            throw Failure(command, result);
        }
    }

    /// <summary>What bootc's complaint means. Its exit codes do not tell: there are only its words.</summary>
    internal static HostToolException Failure(HostCommand command, CommandResult result)
    {
        var verb = $"bootc {command.Arguments.FirstOrDefault()}".TrimEnd();
        var text = result.Stderr.Length > 0 ? result.Stderr : result.Stdout;
        var words = HostToolException.Trim(text);
        if (result.TimedOut)
        {
            // bootc takes the sysroot's lock for every verb, status included, and waits for it without a word.
            return command.Timeout < OstreeCommands.WriteTimeout || text.Contains("Waiting for sysroot lock", StringComparison.Ordinal)
                ? new HostToolException(Reasons.TransactionInProgress, $"{verb} got no answer in {command.Timeout.TotalSeconds:0} s: another program changes the host's deployments.")
                : new HostToolException(Reasons.HostToolFailed, $"{verb} took longer than {command.Timeout.TotalMinutes:0} min and was stopped. {words}".TrimEnd());
        }

        var message = $"{verb}: {(words.Length > 0 ? words : $"exit code {result.ExitCode}")}";
        return text switch
        {
            _ when ToolErrorText.Any(text, "Missing base image ref") => new HostToolException(
                Reasons.HostToolFailed, message + ". The rollback deployment lost its layers, and bootc no longer works. Remove that deployment with ostree admin undeploy."),
            _ when ToolErrorText.Any(text, "Installing kernel") && ToolErrorText.Any(text, ToolErrorText.Disk) => new HostToolException(Reasons.BootFull, message),
            _ when ToolErrorText.Any(text, ToolErrorText.Disk) => new HostToolException(Reasons.DiskFull, message),
            _ when verb == "bootc switch" && ToolErrorText.Any(text, ToolErrorText.Signature) => new HostToolException(Reasons.SignatureRefused, message),
            _ when verb == "bootc switch" && ToolErrorText.Any(text, ToolErrorText.Pull) => new HostToolException(Reasons.PullFailed, message),
            _ => new HostToolException(Reasons.HostToolFailed, message)
            {
                // A program that cannot be executed (126, 127: no such library, another processor) manages no host either.
                IsUnusable = verb == "bootc status" && (result.ExitCode is 126 or 127 || ToolErrorText.Any(text, ToolErrorText.CommandLine)),
            },
        };
    }
}
