using Ostler.Api.NodeOSes;

namespace Ostler.Rollout.Plan;

/// <summary>How many nodes failed on the target, and how many may.</summary>
/// <param name="Failed">Failures that count.</param>
/// <param name="Allowed">maxFailures of the selection.</param>
/// <param name="Halted">Whether no further node is touched.</param>
/// <param name="First">The earliest of them, which the message names.</param>
/// <param name="LastAt">When the latest happened.</param>
public sealed record FailureBudget(int Failed, int Allowed, bool Halted, (string Node, NodeFailure Failure)? First, DateTimeOffset? LastAt)
{
    /// <summary>
    /// Whether the target failed on a node that ran it. A tree that could not be fetched says nothing about the nodes that run it: none goes back for that.
    /// </summary>
    public bool TreeRan { get; init; }

    public static FailureBudget None { get; } = new(0, 0, false, null, null);
}
