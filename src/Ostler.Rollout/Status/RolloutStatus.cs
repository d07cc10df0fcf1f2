using Ostler.Api;

namespace Ostler.Rollout;

/// <summary>The report of a rollout, from what was seen and decided. Pure.</summary>
public static class RolloutStatus
{
    /// <param name="snapshot">What was seen.</param>
    /// <param name="plan">What was decided on it.</param>
    /// <param name="evictions">What the evictions of this very pass gave; newer than those that the snapshot carries.</param>
    public static UpgradePolicyStatus Compute(
        RolloutSnapshot snapshot, RolloutPlan plan, IReadOnlyList<EvictionResult>? evictions = null) => new();
}
