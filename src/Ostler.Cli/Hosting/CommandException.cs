namespace Ostler.Cli.Hosting;

/// <summary>A command cannot go on, and its message says why and what to do: it is printed as it is, without a stack trace.</summary>
internal sealed class CommandException(string message, int exitCode = ExitCode.Error) : Exception(message)
{
    public int ExitCode { get; } = exitCode;

    /// <summary>What was typed, or a file that it names, is not right.</summary>
    public static CommandException Usage(string message) => new(message, Ostler.Cli.Hosting.ExitCode.Usage);
}
