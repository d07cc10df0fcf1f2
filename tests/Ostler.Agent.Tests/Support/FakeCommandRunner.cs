using Ostler.Agent.Host;

namespace Ostler.Agent.Tests.Support;

/// <summary>Answers commands by their full command line. What is not in the table fails the test.</summary>
internal sealed class FakeCommandRunner : ICommandRunner
{
    private readonly Dictionary<string, CommandResult> _answers = [];

    /// <summary>What was run, in order.</summary>
    public List<string> Ran { get; } = [];

    public List<HostCommand> Commands { get; } = [];

    public FakeCommandRunner On(string commandLine, string stdout = "", int exitCode = 0, string stderr = "", bool timedOut = false)
    {
        _answers[commandLine] = new CommandResult(exitCode, stdout, stderr) { TimedOut = timedOut };
        return this;
    }

    public Task<CommandResult> RunAsync(HostCommand command, CancellationToken cancellationToken)
    {
        Ran.Add(command.ToString());
        Commands.Add(command);
        return _answers.TryGetValue(command.ToString(), out var answer)
            ? Task.FromResult(answer)
            : throw new InvalidOperationException($"The test has no answer to: {command}");
    }
}
