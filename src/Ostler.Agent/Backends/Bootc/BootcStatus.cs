using Ostler.Agent.Host;
using Ostler.Api.Meta;

namespace Ostler.Agent.Backends.Bootc;

/// <summary><c>bootc status</c>.</summary>
/// <remarks>
/// It takes the sysroot's lock and waits, silently, for whoever has it. That may be a staging of ours, for as long as a download takes; meanwhile what bootc said before it
/// is what the host has.
/// </remarks>
internal sealed class BootcStatus(BootcCommands bootc, StagingUnit unit, HostFiles files)
{
    /// <summary>In /run: it must not outlive the boot.</summary>
    private const string Before = "/run/ostler/bootc-status.json";

    public static readonly HostCommand Command = new("bootc", "status", "--json", "--format-version=1");

    /// <exception cref="HostToolException">The tool failed, what it printed cannot be read, or somebody else keeps it waiting (TransactionInProgress).</exception>
    public async Task<BootcHost> ReadAsync(CancellationToken cancellationToken) =>
        await unit.IsRunningAsync(cancellationToken) && files.Read(Before) is { } before ? Parse(before) : Parse(await bootc.RunAsync(Command, cancellationToken));

    /// <summary>Keeps what is so now for the time of a staging.</summary>
    public async Task RememberAsync(CancellationToken cancellationToken)
    {
        if (!await unit.IsRunningAsync(cancellationToken))
        {
            files.Write(Before, await bootc.RunAsync(Command, cancellationToken));
        }
    }

    private static BootcHost Parse(string output) => BootcStatusJson.Parse(output)
        ?? throw new HostToolException(Reasons.HostToolFailed, $"{Command} printed what this agent cannot read: {HostToolException.Trim(output)}");
}
