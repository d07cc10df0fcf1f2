namespace Ostler.Testing.Agents;

/// <summary>How long a simulated node takes for what a real one does, and what goes wrong.</summary>
public sealed record SimulatedAgentOptions
{
    /// <summary>To fetch a tree and lay it down.</summary>
    public TimeSpan StageTime { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>From the order to reboot to the agent's first report.</summary>
    public TimeSpan RebootTime { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Trees (by digest) whose host checks never pass.</summary>
    public IReadOnlySet<string> UnhealthyDigests { get; init; } = new HashSet<string>();

    /// <summary>Nodes whose host checks never pass, whatever they boot.</summary>
    public IReadOnlySet<string> UnhealthyNodes { get; init; } = new HashSet<string>();

    /// <summary>Called when a machine goes down and when it is up again in a new boot, so that its kubelet can follow.</summary>
    public Func<SimulatedHost, bool, CancellationToken, Task> PowerChanged { get; init; } = (_, _, _) => Task.CompletedTask;

    /// <summary>Called at each API write that an agent makes.</summary>
    public Action<string> Wrote { get; init; } = _ => { };
}
