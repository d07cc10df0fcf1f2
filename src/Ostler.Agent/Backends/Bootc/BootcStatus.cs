using Ostler.Agent.Host;
using Ostler.Api.Meta;

namespace Ostler.Agent.Backends.Bootc;

/// <summary><c>bootc status</c>.</summary>
/// <remarks>
/// It takes the sysroot's lock and waits for whoever has it; versions before 1.12.1 say so on standard output, before the JSON. That may be
/// a staging of ours, for as long as a download takes; meanwhile what bootc said before it is what the host has.
/// </remarks>
internal sealed class BootcStatus(BootcCommands bootc, StagingUnit unit, HostFiles files)
{
    /// <summary>In /run: it must not outlive the boot.</summary>
    private const string Before = "/run/ostler/bootc-status.json";

    public static readonly HostCommand Command = new("bootc", "status", "--json", "--format-version=1");

    /// <summary>For versions before 0.1.15: they have no choice of formats, or know no format 1.</summary>
    public static readonly HostCommand OldCommand = new("bootc", "status", "--json");

    /// <exception cref="HostToolException">The tool failed, what it printed cannot be read, or somebody else keeps it waiting
    /// (TransactionInProgress).</exception>
    public async Task<BootcHost> ReadAsync(CancellationToken cancellationToken) =>
        await unit.IsRunningAsync(cancellationToken) && files.Read(Before) is { } before && BootcStatusJson.Parse(before) is { } kept ? kept : Parse(await AskAsync(cancellationToken));

    /// <summary>Keeps what is so now for the time of a staging.</summary>
    public async Task RememberAsync(CancellationToken cancellationToken)
    {
        if (!await unit.IsRunningAsync(cancellationToken))
        {
            files.Write(Before, await AskAsync(cancellationToken));
        }
    }

    private async Task<string> AskAsync(CancellationToken cancellationToken)
    {
        var result = await bootc.TryAsync(Command, cancellationToken);
        if (result is { Succeeded: false, TimedOut: false } && ToolErrorText.Any(result.Stderr + result.Stdout, "--format-version", "format version"))
        {
            return await bootc.RunAsync(OldCommand, cancellationToken);
        }

        return result.Succeeded ? result.Stdout : throw BootcCommands.Failure(Command, result);
    }

    private static BootcHost Parse(string output) => BootcStatusJson.Parse(output)
        ?? throw new HostToolException(Reasons.HostToolFailed, $"bootc status printed no JSON that this agent can read: {HostToolException.Head(output)}") { IsUnusable = true };
}
