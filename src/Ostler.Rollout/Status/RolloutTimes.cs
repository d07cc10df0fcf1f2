using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;

namespace Ostler.Rollout.Status;

/// <summary>When a rollout began, when it was complete, when it will be.</summary>
internal readonly record struct RolloutTimes(DateTimeOffset? StartedAt, DateTimeOffset? CompletedAt, DateTimeOffset? EstimatedCompletion)
{
    public static RolloutTimes Of(RolloutSnapshot snapshot, RolloutPlan plan, NodeCounts counts, bool estimates)
    {
        var previous = snapshot.Policy.PreviousStatus;
        if (plan.Target is not { } target)
        {
            return new(previous?.StartedAt, previous?.CompletedAt, null);
        }

        var now = snapshot.Now.TruncateToSeconds();
        var sameTarget = previous?.Target?.Digest == target.Digest;
        if (counts.Updated == counts.Total)
        {
            return new(sameTarget ? previous!.StartedAt : null, counts.Total == 0 ? null : (sameTarget ? previous!.CompletedAt : null) ?? now, null);
        }

        // A node that joins a complete rollout begins another one: its duration is not that of the first and the pause after it.
        var started = sameTarget && previous!.CompletedAt is null ? previous.StartedAt ?? now : now;
        return new(started, null, estimates ? CompletionEstimate.Of(snapshot, plan, sameTarget ? previous!.EstimatedCompletion : null) : null);
    }
}
