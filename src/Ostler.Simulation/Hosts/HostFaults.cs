namespace Ostler.Simulation.Hosts;

/// <summary>What goes wrong on one host. Default: nothing.</summary>
public sealed class HostFaults
{
    /// <summary>The next ordered boots go like this, one after the other; then they work.</summary>
    public Queue<SimulatedBoot> NextBoots { get; } = new();

    /// <summary>Every ordered boot into one of these images, by digest, goes like this; before <see cref="NextBoots"/>.</summary>
    public IReadOnlyDictionary<string, SimulatedBoot> BadImages { get; init; } = new Dictionary<string, SimulatedBoot>();

    /// <summary>How many of the next attempts to stage an image fail.</summary>
    public int StagingFailures { get; set; }

    /// <summary>The agent does nothing.</summary>
    public bool AgentIsAway { get; set; }

    /// <summary>The host's checks fail, whatever it runs.</summary>
    public bool IsNeverHealthy { get; init; }

    /// <summary>After how many of the next boots that undo it the drift is there again.</summary>
    public int DriftsAgain { get; set; }

    /// <summary>After how many of the next ordered boots a user boots another image.</summary>
    public int ForeignAgain { get; set; }
}
