namespace Ostler.Rollout.Plan;

/// <summary>How many nodes of the selection may be unavailable at once, and how many are.</summary>
public sealed record AvailabilityBudget(int Total, int Limit, int Unavailable)
{
    /// <summary>How many slots may be granted now.</summary>
    public int Free => Math.Max(0, Limit - Unavailable);
}
