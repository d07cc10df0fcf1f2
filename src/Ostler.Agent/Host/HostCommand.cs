namespace Ostler.Agent.Host;

/// <summary>A program on the host with its arguments, given one by one: no shell ever sees them.</summary>
/// <param name="Program">A name found in the host's PATH, or an absolute path.</param>
/// <param name="Arguments">The arguments as the program gets them.</param>
internal sealed record HostCommand(string Program, params string[] Arguments)
{
    /// <summary>How long it may run before it is killed. Default: 30 s, enough for every command that only reads.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The whole command line, for messages, logs and tests.</summary>
    public override string ToString() => Arguments.Length == 0 ? Program : $"{Program} {string.Join(' ', Arguments)}";
}

/// <summary>What a program on the host said, and how it ended.</summary>
/// <param name="ExitCode">0 is success; -1 when the program was killed because its time was up.</param>
/// <param name="Stdout">Its standard output, at most <see cref="ProcessCommandRunner.MaxOutput"/> characters.</param>
/// <param name="Stderr">Its standard error, as bounded.</param>
internal sealed record CommandResult(int ExitCode, string Stdout, string Stderr)
{
    /// <summary>The program was killed because its time was up.</summary>
    public bool TimedOut { get; init; }

    public bool Succeeded => ExitCode == 0 && !TimedOut;
}

/// <summary>Runs programs on the host. The only way by which the agent does.</summary>
internal interface ICommandRunner
{
    /// <summary>Runs a program to its end. A failure of the program is a result; only what keeps it from being started throws.</summary>
    /// <exception cref="HostToolException">The program, or the way into the host, does not exist.</exception>
    /// <exception cref="OperationCanceledException">Cancelled: the program and its children were killed.</exception>
    Task<CommandResult> RunAsync(HostCommand command, CancellationToken cancellationToken);
}
