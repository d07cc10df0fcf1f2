using Ostler.Api.NodeOSes;
using Ostler.Api.Shared;

namespace Ostler.Simulation.Hosts;

/// <summary>What takes time on a host.</summary>
public enum HostWork
{
    /// <summary>Fetching an image and staging it.</summary>
    Staging,

    /// <summary>A round of the host's checks.</summary>
    Checks,
}

/// <summary>
/// One step of an agent's pass over its host. The agent may die after any of them: whoever runs the pass then asks for no further step.
/// What was written on the host by then stays.
/// </summary>
public abstract record HostStep
{
    private HostStep()
    {
    }

    /// <summary>The agent wrote something on the host that outlives it.</summary>
    public sealed record Writes(string What) : HostStep;

    /// <summary>The status has news: it is to be stored, and <see cref="AgentPass.OS"/> to be set to what is stored.</summary>
    public sealed record Reports(NodeOSStatus Status) : HostStep;

    /// <summary>
    /// The agent asks the API server itself whether the order still stands: <see cref="AgentPass.OS"/> is to be set to the answer.
    /// </summary>
    public sealed record Confirms : HostStep;

    /// <summary>The next step comes after the work. The pass is given up when the order changes meanwhile.</summary>
    /// <param name="Work">What takes time.</param>
    /// <param name="Meanwhile">To be stored as by <see cref="Reports"/> if it takes longer than a moment; null: there is no news.</param>
    public sealed record Takes(HostWork Work, NodeOSStatus? Meanwhile) : HostStep;

    /// <summary>The host goes down on its agent's order: the last step.</summary>
    public sealed record GoesDown(Goal Goal, RebootKind Method) : HostStep;

    /// <summary>The last step.</summary>
    /// <param name="Again">After which time the agent makes another pass although nothing changed; null: not before something does.</param>
    public sealed record Ends(TimeSpan? Again) : HostStep;
}
