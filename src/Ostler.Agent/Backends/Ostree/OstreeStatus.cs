using Ostler.Agent.Host;
using Ostler.Api.Meta;
using Ostler.Rollout.Hosts.Facts;

namespace Ostler.Agent.Backends.Ostree;

/// <summary><c>ostree admin status</c>.</summary>
internal sealed class OstreeStatus(OstreeCommands ostree, OstreeVersion version, HostFiles files)
{
    /// <summary>
    /// The lock's file. The whole lock before 2023.8; since then a leftover one still locks, although no status shows it.
    /// </summary>
    public const string LockFile = "/run/ostree/staged-deployment-locked";

    private static readonly HostCommand Json = new("ostree", "admin", "status", "--json");
    private static readonly HostCommand Plain = new("ostree", "admin", "status");

    private static readonly (Func<OstreeVersion, bool> HasOption, HostCommand Command)[] Commands =
    [
        (v => v.HasJsonStatus, Json), (v => v.HasSkipSignatures, new HostCommand("ostree", "admin", "status", "--skip-signatures")), (_ => true, Plain),
    ];

    private const string UnsignedCommit = "GPG verification enabled, but no signatures found";

    /// <exception cref="HostToolException">The tool failed, or what it printed cannot be read.</exception>
    public async Task<HostDeployments> ReadAsync(CancellationToken cancellationToken)
    {
        var command = Commands.First(c => c.HasOption(version)).Command;
        var result = await ostree.TryAsync(command, cancellationToken);
        if (!result.Succeeded && !result.TimedOut && command != Plain && ToolErrorText.Any(result.Stderr, ToolErrorText.CommandLine))
        {
            // The version promised more than the tool has.
            command = Plain;
            result = await ostree.TryAsync(command, cancellationToken);
        }

        if (!result.Succeeded && !IsCutShortBySignature(result))
        {
            throw OstreeErrors.From(command, result);
        }

        var deployments = command == Json ? OstreeStatusJson.Parse(result.Stdout) : OstreeStatusText.Parse(result.Stdout);
        if (deployments is null)
        {
            throw new HostToolException(Reasons.HostToolFailed, $"{command} printed no list that this agent can read: {HostToolException.Head(result.Stdout)}");
        }

        return files.Exists(LockFile)
            ? new HostDeployments([.. deployments.Select(d => d.Staged ? d with { Locked = true } : d)])
            : new HostDeployments(deployments);
    }

    /// <summary>
    /// Before 2024.1 the list ends, with exit code 1, at the first deployment whose remote asks for a signature that it lacks. What was
    /// printed up to there is right, and an agent that saw nothing at all would be worse off.
    /// </summary>
    private bool IsCutShortBySignature(CommandResult result) =>
        !version.HasSkipSignatures && !result.TimedOut && result.Stderr.Contains(UnsignedCommit, StringComparison.Ordinal);
}
