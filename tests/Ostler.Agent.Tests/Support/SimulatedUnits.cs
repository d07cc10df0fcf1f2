using Ostler.Agent.Host;

namespace Ostler.Agent.Tests.Support;

/// <summary>
/// The transient unit of a simulated host: what it is told to run is run at once, by whatever answers all other commands.
/// </summary>
internal sealed class SimulatedUnits
{
    private CommandResult? _ended;

    /// <summary>What systemd says of soft reboots; one that does not count them says nothing.</summary>
    /// <remarks>Null: another program is the host's first process.</remarks>
    public string? Systemd { get; set; } = "UserspaceTimestampMonotonic=1500000\n";

    /// <summary>A staging that an agent has begun goes on and on.</summary>
    public bool Staging { get; set; }

    /// <summary>The whole command lines that started a unit.</summary>
    public List<string> Started { get; } = [];

    /// <summary>The answer to a command that is about the unit; null for every other command.</summary>
    public async Task<CommandResult?> TryRunAsync(HostCommand command, Func<HostCommand, CancellationToken, Task<CommandResult>> run, CancellationToken cancellationToken)
    {
        switch (command.Program, command.Arguments)
        {
            case ("systemd-run", var words):
                Started.Add(command.ToString());
                var program = Array.IndexOf(words, "--") + 1;
                _ended = await run(new HostCommand(words[program], words[(program + 1)..]), cancellationToken);
                return new CommandResult(0, "", "");
            case ("systemctl", ["show", _, StagingUnit.Name]) when Staging:
                return new CommandResult(0, "ActiveState=activating\nResult=success\n", "");
            case ("systemctl", ["show", _, StagingUnit.Name]):
                return new CommandResult(0, _ended is { Succeeded: false } failed ? $"ActiveState=failed\nResult=exit-code\nExecMainStatus={failed.ExitCode}\nInvocationID=i1\n" : "ActiveState=inactive\nResult=success\n", "");
            case ("systemctl", ["show", "--property=SoftRebootsCount,UserspaceTimestampMonotonic"]):
                return Systemd is { } properties
                    ? new CommandResult(0, properties, "")
                    : new CommandResult(1, "", "System has not been booted with systemd as init system (PID 1). Can't operate.\n");
            case ("systemctl", ["reset-failed", StagingUnit.Name]):
                _ended = null;
                return new CommandResult(0, "", "");
            case ("journalctl", ["--sync"]):
                return new CommandResult(0, "", "");
            case ("journalctl", [.., "_SYSTEMD_INVOCATION_ID=i1"]):
                return new CommandResult(0, _ended?.Stderr ?? "", "");
            default:
                return null;
        }
    }
}
