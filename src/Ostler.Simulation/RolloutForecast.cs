using Ostler.Api.NodeOSes;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Plan;

namespace Ostler.Simulation;

/// <summary>
/// How a rollout over a described fleet would go. One possible course of many: durations and failures were drawn by <see cref="Seed"/>.
/// </summary>
public sealed record RolloutForecast
{
    /// <summary>The policy's name.</summary>
    public required string Policy { get; init; }

    /// <summary>The tree that the nodes are moved to.</summary>
    public required TargetImage Target { get; init; }

    public required ulong Seed { get; init; }

    /// <summary>When the rollout begins.</summary>
    public required DateTimeOffset StartedAt { get; init; }

    /// <summary>When every node is updated; null: that does not happen, and <see cref="Reason"/> says why.</summary>
    public DateTimeOffset? CompletedAt { get; init; }

    /// <summary>
    /// From the start until it is complete, or until the last step of a node; the horizon, if something would still happen after it.
    /// </summary>
    public required TimeSpan Total { get; init; }

    /// <summary>How it ends: the reason of the policy's condition Ready.</summary>
    public required string Reason { get; init; }

    /// <summary>How it ends, for people, and what to do.</summary>
    public required string Message { get; init; }

    /// <summary>Why it halts, when too many nodes fail; null: it does not.</summary>
    public string? Halted { get; init; }

    /// <summary>How many nodes are where in the end.</summary>
    public required NodeCounts Counts { get; init; }

    /// <summary>The selected nodes by name.</summary>
    public required IReadOnlyList<NodeForecast> Nodes { get; init; }

    /// <summary>The waves in their order; empty when none are declared.</summary>
    public required IReadOnlyList<WaveForecast> Waves { get; init; }

    /// <summary>The openings in which nodes got slots; empty without windows and freezes.</summary>
    public required IReadOnlyList<WindowForecast> Windows { get; init; }

    /// <summary>How many nodes are out of service, each time that changes.</summary>
    public required IReadOnlyList<SlotUse> Slots { get; init; }

    /// <summary>The nodes that fail, in the order in which they do.</summary>
    public required IReadOnlyList<FailureForecast> Failures { get; init; }

    /// <summary>What was taken for granted because nothing of it was described, for people.</summary>
    public required IReadOnlyList<string> Assumptions { get; init; }

    /// <summary>No moment is more precise than this.</summary>
    public required TimeSpan Resolution { get; init; }
}

/// <summary>One node's way.</summary>
/// <param name="Node">Its name.</param>
/// <param name="Steps">In order, without gaps.</param>
/// <param name="Tally">Where it is in the end.</param>
/// <param name="Reason">Why.</param>
/// <param name="Message">Why, for people.</param>
public sealed record NodeForecast(string Node, IReadOnlyList<StepForecast> Steps, NodeTally Tally, string Reason, string Message);

/// <summary>A step of a node.</summary>
/// <param name="Step">Which.</param>
/// <param name="From">When it begins.</param>
/// <param name="To">When the next one does; null: it lasts.</param>
public sealed record StepForecast(NodeStep Step, DateTimeOffset From, DateTimeOffset? To);

/// <summary>A wave.</summary>
/// <param name="Name">Its name; <c>rest</c> for the nodes of no wave.</param>
/// <param name="Total">Its nodes.</param>
/// <param name="Updated">Those updated in the end.</param>
/// <param name="Failed">Those that failed or went back.</param>
public sealed record WaveForecast(string Name, int Total, int Updated, int Failed)
{
    /// <summary>When its first node gets a slot; null: none does.</summary>
    public DateTimeOffset? StartedAt { get; init; }

    /// <summary>When it is complete; null: it never is.</summary>
    public DateTimeOffset? CompletedAt { get; init; }

    /// <summary>When its soak is over and the next wave may begin.</summary>
    public DateTimeOffset? SoakedAt { get; init; }
}

/// <summary>An opening in which nodes got slots.</summary>
/// <param name="From">When it opens, or the start of the rollout if that is later.</param>
/// <param name="To">When it closes; the end of time when nothing closes it.</param>
/// <param name="Granted">How many slots are granted in it.</param>
public sealed record WindowForecast(DateTimeOffset From, DateTimeOffset To, int Granted);

/// <summary>Nodes out of service from a moment on.</summary>
/// <param name="At">The moment.</param>
/// <param name="InFlight">Hold a slot.</param>
/// <param name="Unavailable">Count against the limit, those in flight among them.</param>
/// <param name="Limit">spec.rollout.maxUnavailable of the selection.</param>
public sealed record SlotUse(DateTimeOffset At, int InFlight, int Unavailable, int Limit);

/// <summary>A node that fails.</summary>
/// <param name="Node">Its name.</param>
/// <param name="At">When that is known.</param>
/// <param name="Reason">Why.</param>
/// <param name="Message">Why, for people, and what becomes of it.</param>
public sealed record FailureForecast(string Node, DateTimeOffset At, string Reason, string Message);
