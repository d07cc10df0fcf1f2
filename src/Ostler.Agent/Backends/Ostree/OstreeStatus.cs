using Ostler.Agent.Host;
using Ostler.Api.Meta;
using Ostler.Rollout.Hosts.Facts;

namespace Ostler.Agent.Backends.Ostree;

/// <summary><c>ostree admin status</c>.</summary>
internal sealed class OstreeStatus(OstreeCommands ostree, OstreeVersion version, HostFiles files)
{
    /// <summary>The lock's file. The whole lock before 2023.8; since then a leftover one still locks, although no status shows it.</summary>
    public const string LockFile = "/run/ostree/staged-deployment-locked";

    private const string UnsignedCommit = "GPG verification enabled, but no signatures found";

    /// <exception cref="HostToolException">The tool failed, or what it printed cannot be read.</exception>
    public async Task<HostDeployments> ReadAsync(CancellationToken cancellationToken)
    {
        var command = version.HasJsonStatus ? new HostCommand("ostree", "admin", "status", "--json")
            : version.HasSkipSignatures ? new HostCommand("ostree", "admin", "status", "--skip-signatures")
            : new HostCommand("ostree", "admin", "status");
        var result = await ostree.TryAsync(command, cancellationToken);
        if (!result.Succeeded && !IsCutShortBySignature(result))
        {
            throw OstreeErrors.From(command, result);
        }

        var deployments = version.HasJsonStatus ? OstreeStatusJson.Parse(result.Stdout) : OstreeStatusText.Parse(result.Stdout);
        if (deployments is null)
        {
            throw new HostToolException(Reasons.HostToolFailed, $"{command} printed what this agent cannot read: {HostToolException.Trim(result.Stdout)}");
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
