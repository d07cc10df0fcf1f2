using Ostler.Api.UpgradePolicies;

namespace Ostler.Rollout.Slots;

/// <summary>How many nodes may fetch the target at once: a registry, and the storage behind the workloads, must bear it.</summary>
internal static class StageAhead
{
    /// <summary>
    /// How many may be staging. At least as many as there are free slots, or a policy with stageAhead 0 would never begin; while paused,
    /// outside of windows and between waves no slot is waiting, so stageAhead alone counts.
    /// </summary>
    /// <param name="spec">The policy.</param>
    /// <param name="total">How many nodes it selects.</param>
    /// <param name="freeSlots">How many slots nobody could take in this pass, though somebody might.</param>
    public static int Allowed(UpgradePolicySpec spec, int total, int freeSlots)
    {
        var ahead = spec.Rollout.StageAhead;
        // 25% of three nodes rounds down to none; whoever writes a percentage means some.
        var allowed = ahead.IsPercent && ahead.Value > 0 ? Math.Max(1, ahead.Of(total)) : ahead.Of(total);
        return Math.Max(allowed, freeSlots);
    }
}
