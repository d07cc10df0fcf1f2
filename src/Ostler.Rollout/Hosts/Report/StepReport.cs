using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;

namespace Ostler.Rollout.Hosts.Report;

/// <summary>What a pass has to say beyond the plain facts of the host.</summary>
public sealed record StepReport(NodeStep Step, string Reason, string Message)
{
    /// <summary>Whether the condition Ready holds: the node is where the present goal wants it, as far as the agent is concerned.</summary>
    public bool Ready { get; init; }

    /// <summary>The condition Staged; null leaves it out.</summary>
    public ConditionReport? Staged { get; init; }

    /// <summary>The condition HostHealthy; null leaves it out.</summary>
    public ConditionReport? HostHealthy { get; init; }

    /// <summary>What went wrong, by reason; null clears the last error.</summary>
    public ErrorReport? Error { get; init; }

    /// <summary>
    /// A step of the attempt that is reached with this report; stamped with the present time unless it was reached before.
    /// </summary>
    public Milestone Milestone { get; init; }

    /// <summary>How the host is told to reboot; null: it is not, and what was said of the attempt before stays.</summary>
    public NodeReboot? Reboot { get; init; }

    /// <summary>When what led to the milestone began; null: just now.</summary>
    public DateTimeOffset? Since { get; init; }
}

/// <summary>The steps of an attempt whose times status.timings has.</summary>
public enum Milestone
{
    None,
    StagingStarted,
    Staged,
    RebootRequested,
    Healthy,
}

public sealed record ConditionReport(ConditionStatus Status, string Reason, string Message);

/// <param name="Reason">Why, in one word.</param>
/// <param name="Message">Why, for people.</param>
/// <param name="IsNew">It happened again just now, so it counts; false: it is still the same one.</param>
public sealed record ErrorReport(string Reason, string Message, bool IsNew);
