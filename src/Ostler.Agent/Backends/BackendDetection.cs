using Ostler.Agent.Backends.Ostree;
using Ostler.Agent.Host;
using Ostler.Api;

namespace Ostler.Agent.Backends;

/// <summary>Finds out how the host is updated. Asked anew in every pass: the booted tree may bring another version of the tool.</summary>
internal sealed class BackendDetection(ICommandRunner runner, HostFiles files)
{
    /// <exception cref="HostToolException">HostNotSupported: nothing that this agent can drive updates the host.</exception>
    public async Task<IHostBackend> DetectAsync(CancellationToken ct)
    {
        if (!files.Exists("/run/ostree-booted"))
        {
            throw new HostToolException(
                Reasons.HostNotSupported, "The host was not booted from an OSTree deployment: /run/ostree-booted is not there. Nothing is done to it.");
        }

        var command = new HostCommand("ostree", "--version");
        var result = await runner.RunAsync(command, ct);
        return result.Succeeded && OstreeVersion.Parse(result.Stdout) is { } version
            ? new OstreeBackend(version, runner, files)
            : throw new HostToolException(
                Reasons.HostNotSupported, $"The host runs an OSTree deployment, but {command} does not answer: {HostToolException.Trim(result.Stderr)}");
    }
}
