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
    /// <summary>The earliest failure with evidence against the image; null: there is none.</summary>
    public (string Node, NodeFailure Failure)? Proof { get; init; }

    /// <summary>
    /// Whether there is, or was, evidence against the image: it booted on a node and was not healthy, or a host proved that it cannot
    /// boot it. Without it
    /// the rollout halts, but the image is not quarantined and no healthy node goes back.
    /// </summary>
    public bool IsImageToBlame { get; init; }

    public static FailureBudget None { get; } = new(0, 0, false, null, null);
}
