using Ostler.Agent.Host;

namespace Ostler.Agent.Tests.Support;

/// <summary>
/// Answers commands by their beginning, in turn: each call takes the next answer, and the last one stays. What is not in the table fails
/// the test.
/// </summary>
internal sealed class ScriptedRunner : ICommandRunner
{
    private readonly Dictionary<string, Queue<CommandResult>> _answers = [];

    public List<string> Ran { get; } = [];

    /// <summary>Told of each command before it is answered.</summary>
    public Action<string>? Running { get; set; }

    public ScriptedRunner On(string beginning, params string[] stdouts)
    {
        _answers[beginning] = new Queue<CommandResult>((stdouts.Length == 0 ? [""] : stdouts).Select(text => new CommandResult(0, text, "")));
        return this;
    }

    public ScriptedRunner Fail(string beginning, string stderr)
    {
        _answers[beginning] = new Queue<CommandResult>([new CommandResult(1, "", stderr)]);
        return this;
    }

    public Task<CommandResult> RunAsync(HostCommand command, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var line = command.ToString();
        Ran.Add(line);
        Running?.Invoke(line);
        var answers = _answers.Where(a => line.StartsWith(a.Key, StringComparison.Ordinal)).MaxBy(a => a.Key.Length).Value
            ?? throw new InvalidOperationException($"The test has no answer to: {line}");
        return Task.FromResult(answers.Count > 1 ? answers.Dequeue() : answers.Peek());
    }
}
