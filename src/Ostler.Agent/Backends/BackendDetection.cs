using Ostler.Agent.Backends.Bootc;
using Ostler.Agent.Backends.Ostree;
using Ostler.Agent.Backends.RpmOstree;
using Ostler.Agent.Host;
using Ostler.Api.Meta;

namespace Ostler.Agent.Backends;

/// <summary>Finds out how the host is updated. Asked anew in every pass: the booted tree may bring another version of the tool.</summary>
/// <remarks>
/// <para>
/// bootc first: a host that it manages nearly always has rpm-ostree and ostree installed too, both answer, and both would lay down a tree that bootc no longer knows how to update.
/// That bootc is installed says little, so it is asked whether what runs is its own: of a host with layered packages it says no, and such a host is rpm-ostree's.
/// </para>
/// <para>Then rpm-ostree: plain ostree would drop layered packages, and the image reference that the running tree came from.</para>
/// </remarks>
internal sealed class BackendDetection(ICommandRunner runner, HostFiles files, StagingUnit unit)
{
    /// <param name="wanted">The tool that the node's label names; null: find out.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <exception cref="HostToolException">HostNotSupported: nothing that this agent can drive updates the host, or not the tool that was named. Invalid: there is no such tool.</exception>
    public async Task<IHostBackend> DetectAsync(string? wanted, CancellationToken cancellationToken)
    {
        if (wanted is not (null or BackendNames.Bootc or BackendNames.RpmOstree or BackendNames.Ostree))
        {
            throw new HostToolException(
                Reasons.Invalid, $"The node's label {NodeMarks.BackendLabel} is \"{wanted}\": set it to bootc, rpm-ostree or ostree, or remove it to let the agent find out.");
        }

        if (files.WhyUnreadable() is { } why)
        {
            throw new HostToolException(
                Reasons.HostNotSupported, $"The host cannot be looked at: {why.TrimEnd('.')}. In a container the agent needs hostPID and to be privileged. Nothing is done to the host.");
        }

        if (!files.Exists("/run/ostree-booted"))
        {
            throw new HostToolException(
                Reasons.HostNotSupported, "The host was not booted from an OSTree deployment: /run/ostree-booted is not there. Nothing is done to it.");
        }

        var ostree = await OstreeAsync(cancellationToken);
        return wanted switch
        {
            BackendNames.Bootc => await BootcAsync(ostree, required: true, cancellationToken),
            BackendNames.RpmOstree => await RpmOstreeAsync(ostree, required: true, cancellationToken),
            BackendNames.Ostree => null,
            _ => await BootcAsync(ostree, required: false, cancellationToken) ?? await RpmOstreeAsync(ostree, required: false, cancellationToken),
        } ?? new OstreeBackend(ostree);
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

    /// <summary>A bootc that does not answer is no reason to go on with another tool: what runs may be its own.</summary>
    private async Task<IHostBackend?> BootcAsync(OstreeTools ostree, bool required, CancellationToken cancellationToken)
    {
        if (!files.Exists(BootcCommands.Program))
        {
            return required ? throw NotHere(BackendNames.Bootc, "it is not installed") : null;
        }

        var host = await new BootcStatus(new BootcCommands(runner, unit), unit, files).ReadAsync(cancellationToken);
        if (host.WhyNotManaged is { } why)
        {
            return required ? throw NotHere(BackendNames.Bootc, why) : null;
        }

        return new BootcBackend(await VersionAsync(new HostCommand("bootc", "--version"), cancellationToken), runner, files, ostree);
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
            throw new HostToolException(Reasons.HostNotSupported, $"{command} does not answer: {HostToolException.Trim(result.Stderr)}");
        }

        return OstreeVersion.Parse(result.Stdout)?.ToString() ?? HostToolException.Trim(result.Stdout).Split(' ')[^1];
    }

    private static HostToolException NotHere(string tool, string why) => new(
        Reasons.HostNotSupported, $"The node's label {NodeMarks.BackendLabel} says {tool}, but {tool} does not update this host: {why}. Correct the label, or remove it.");
}
