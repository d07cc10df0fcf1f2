namespace Ostler.Rollout.Snapshot;

/// <summary>
/// How long the controller has seen the cluster without a break. What happened while nobody could report is not held against images.
/// </summary>
/// <param name="Since">When it could reach the API server again, or began to lead.</param>
/// <param name="LostAt">When it had last reached it before; null: it began to lead, and nothing is known of the time before.</param>
public sealed record ControllerSight(DateTimeOffset Since, DateTimeOffset? LostAt)
{
    /// <summary>
    /// Whether the time was in doubt before (<see cref="Text.ClusterTime.Doubt"/>): moments that were written by another clock may all seem
    /// to be long ago.
    /// </summary>
    public bool ClockWasInDoubt { get; init; }
}
