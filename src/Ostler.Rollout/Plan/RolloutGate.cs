namespace Ostler.Rollout.Plan;

/// <summary>Why no new slot is granted.</summary>
public sealed record RolloutGate(string Reason, string Message)
{
    /// <summary>
    /// Whether nodes may still be staged (as while paused): the rollout is held back, and nothing is wrong when all nodes are updated.
    /// </summary>
    public bool StagingAllowed { get; init; }

    /// <summary>Whether a node that holds a slot and was not yet told to boot gives it back.</summary>
    public bool ReleasesSlots { get; init; }

    /// <summary>Whether nodes that have staged, or are staging, are told to stop.</summary>
    public bool WithdrawsStaging { get; init; }

    /// <summary>When it opens by time alone; null: not by time.</summary>
    public DateTimeOffset? OpensAt { get; init; }

    /// <summary>Whether only a person can open it.</summary>
    public bool NeedsPerson { get; init; }
}
