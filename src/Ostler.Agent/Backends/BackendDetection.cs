using Ostler.Agent.Backends.Bootc;
using Ostler.Agent.Backends.Ostree;
using Ostler.Agent.Backends.RpmOstree;
using Ostler.Agent.Host;
using Ostler.Api.Meta;
using Ostler.Rollout.Hosts.Facts;

namespace Ostler.Agent.Backends;

/// <summary>Finds out how the host is updated. Asked anew in every pass: the booted tree may bring another version of the tool.</summary>
/// <remarks>
/// <para>
/// bootc first: a host that it manages nearly always has rpm-ostree and ostree installed too, both answer, and both would lay down a tree
/// that bootc no longer knows how to update. That bootc is installed says little, so it is asked whether what runs is its own: of a host
/// with layered packages it says no, and such a host is rpm-ostree's.
/// </para>
/// <para>Then rpm-ostree: plain ostree would drop layered packages, and the image reference that the running tree came from.</para>
/// </remarks>
internal sealed class BackendDetection(ICommandRunner runner, HostFiles files, StagingUnit unit)
{
    /// <param name="wanted">The tool that the node's label names; null: find out.</param>
    /// <param name="boot">The present boot. All tools read what is booted from ostree, which may not know of the latest soft reboot
    /// yet.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="HostToolException">HostNotSupported: nothing that this agent can drive updates the host, or not the tool that was
    /// named. Invalid: there is no such tool.</exception>
    public async Task<IHostBackend> DetectAsync(string? wanted, HostBoot boot, CancellationToken cancellationToken)
    {
        if (wanted is not (null or BackendNames.Bootc or BackendNames.RpmOstree or BackendNames.Ostree))
        {
            throw new HostToolException(
                Reasons.Invalid, $"The node's label {NodeMarks.BackendLabel} is \"{wanted}\": set it to bootc, rpm-ostree or ostree, or remove it so that the agent detects the tool.");
        }

        HostSupport.CheckOstree(files);
        var ostree = await OstreeAsync(cancellationToken);
        await new OstreeBootComplete(runner, files).EnsureAsync(boot, cancellationToken);
        return wanted switch
        {
            BackendNames.Bootc => await BootcAsync(ostree, required: true, cancellationToken),
            BackendNames.RpmOstree => await RpmOstreeAsync(ostree, required: true, cancellationToken),
            BackendNames.Ostree => null,
            _ => await FindAsync(ostree, cancellationToken),
        } ?? new OstreeBackend(ostree);
    }

    /// <summary>
    /// The first tool that manages the host. One that this agent cannot drive at all is passed over for the next that manages the host as
    /// well; one that fails today may do so no longer tomorrow, and what runs may be its own.
    /// </summary>
    /// <returns>Null: plain ostree.</returns>
    private async Task<IHostBackend?> FindAsync(OstreeTools ostree, CancellationToken cancellationToken)
    {
        HostToolException? unusable = null;
        foreach (var find in (Func<OstreeTools, bool, CancellationToken, Task<IHostBackend?>>[])[BootcAsync, RpmOstreeAsync])
        {
            try
            {
                if (await find(ostree, false, cancellationToken) is { } backend)
                {
                    return backend;
                }
            }
            catch (HostToolException failure) when (failure.IsUnusable)
            {
                unusable = failure;
            }
        }

        // Only what follows a branch is plain ostree's: it would drop layered packages, and the image reference of a container.
        return unusable is null || (await ostree.Status.ReadAsync(cancellationToken)).Booted?.Reference is { Length: > 0 }
            ? null
            : throw new HostToolException(
                unusable.Reason,
                $"{unusable.Message.TrimEnd('.')}. If another tool updates this host, set the node's label {NodeMarks.BackendLabel} to it (bootc, rpm-ostree or ostree).");
    }

    private async Task<OstreeTools> OstreeAsync(CancellationToken cancellationToken)
    {
        var command = new HostCommand("ostree", "--version");
        var result = await runner.RunAsync(command, cancellationToken);
        return result.Succeeded && OstreeVersion.Parse(result.Stdout) is { } version
            ? new OstreeTools(version, runner, files, unit)
            : throw new HostToolException(
                Reasons.HostNotSupported, $"The host runs an OSTree deployment, but {command} does not answer: {HostToolException.Trim(result.Stderr)}");
    }

    private async Task<IHostBackend?> BootcAsync(OstreeTools ostree, bool required, CancellationToken cancellationToken)
    {
        if (!files.Exists(BootcCommands.Program))
        {
            return required ? throw NotHere(BackendNames.Bootc, "it is not installed") : null;
        }

        var version = await VersionAsync(new HostCommand("bootc", "--version"), cancellationToken);
        var host = await ReadBootcAsync(version, cancellationToken);
        if (host.WhyNotManaged is { } why)
        {
            return required ? throw NotHere(BackendNames.Bootc, why) : null;
        }

        return new BootcBackend(version, runner, files, ostree);
    }

    /// <summary>Names the version of one that cannot be driven: that is mostly why.</summary>
    private async Task<BootcHost> ReadBootcAsync(string version, CancellationToken cancellationToken)
    {
        try
        {
            return await new BootcStatus(new BootcCommands(runner, unit), unit, files).ReadAsync(cancellationToken);
        }
        catch (HostToolException failure) when (failure.IsUnusable)
        {
            throw new HostToolException(failure.Reason, $"bootc {version} cannot be used: {failure.Message}") { IsUnusable = true };
        }
    }

    private async Task<IHostBackend?> RpmOstreeAsync(OstreeTools ostree, bool required, CancellationToken cancellationToken) =>
        files.Exists(RpmOstreeCommands.Program)
            ? new RpmOstreeBackend(await VersionAsync(new HostCommand("rpm-ostree", "--version"), cancellationToken), runner, ostree)
            : required ? throw NotHere(BackendNames.RpmOstree, "it is not installed") : null;

    /// <summary><c>bootc 1.1.2</c> in a line, or a line <c>Version: '2024.6'</c>; what is neither is shown as it is.</summary>
    private async Task<string> VersionAsync(HostCommand command, CancellationToken cancellationToken)
    {
        var result = await runner.RunAsync(command, cancellationToken);
        if (!result.Succeeded)
        {
            throw new HostToolException(Reasons.HostNotSupported, $"{command} does not answer: {HostToolException.Trim(result.Stderr)}") { IsUnusable = !result.TimedOut };
        }

        return OstreeVersion.Parse(result.Stdout)?.ToString() ?? HostToolException.Trim(result.Stdout).Split(' ')[^1];
    }

    private static HostToolException NotHere(string tool, string why) => new(
        Reasons.HostNotSupported, $"The node's label {NodeMarks.BackendLabel} says {tool}, but {tool} does not update this host: {why}. Correct the label, or remove it.");
}
