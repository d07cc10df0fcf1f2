using Ostler.Simulation.Hosts;

namespace Ostler.Testing.Agents;

/// <summary>
/// How long a simulated node takes for what a real one does, and who hears of it. What goes wrong is the host's: <see
/// cref="SimulatedHost.Faults"/>.
/// </summary>
public sealed record ApiAgentsOptions
{
    /// <summary>How long fetching and staging an image takes. Default: 0.5 s.</summary>
    public TimeSpan StageTime { get; init; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How long a round of the host's checks takes. Default: no time.</summary>
    public TimeSpan CheckTime { get; init; } = TimeSpan.Zero;

    /// <summary>From the order to reboot to the agent's first report. Default: 2 s.</summary>
    public TimeSpan RebootTime { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>Called when a machine goes down and when it is up again in a new boot, so that its kubelet can follow.</summary>
    public Func<SimulatedHost, bool, CancellationToken, Task> PowerChanged { get; init; } = (_, _, _) => Task.CompletedTask;

    /// <summary>Called at each API write that an agent makes, with the node's name.</summary>
    public Action<string> Wrote { get; init; } = _ => { };
}
