using Ostler.Testing.Hosts;

namespace Ostler.Testing.Tools;

/// <summary>Runs a program of this machine.</summary>
public static class ToolCommand
{
    /// <summary>Runs it to its end, whatever that is. Cancelling kills it and everything it started.</summary>
    public static Task<CommandResult> RunAsync(IReadOnlyList<string> argv, CancellationToken cancellationToken) => HostCommand.RunAsync(argv, cancellationToken);
}
