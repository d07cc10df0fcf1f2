using Ostler.Api;

namespace Ostler.Rollout;

/// <summary>When a rollout began, when it was complete, when it will be.</summary>
internal readonly record struct RolloutTimes(DateTimeOffset? StartedAt, DateTimeOffset? CompletedAt, DateTimeOffset? EstimatedCompletion)
{
    public static RolloutTimes Of(RolloutSnapshot snapshot, RolloutPlan plan, NodeCounts counts)
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
        return new(started, null, Estimate(snapshot, plan, target, counts, started, sameTarget ? previous!.EstimatedCompletion : null));
    }

    private static DateTimeOffset? Estimate(
        RolloutSnapshot snapshot, RolloutPlan plan, NodeImage target, NodeCounts counts, DateTimeOffset started, DateTimeOffset? former)
    {
        var remaining = counts.Updating + counts.Staged + counts.Pending;
        var moved = snapshot.Nodes.Count(n => n.OS is { Spec: { Goal: Goal.Observe, Image: { } image } } os
            && image.Digest == target.Digest && os.Status?.Booted?.Digest == target.Digest);
        var elapsed = snapshot.Now - started;
        if (plan.Gate is not null || remaining == 0 || moved == 0 || elapsed <= TimeSpan.Zero)
        {
            return null;
        }

        var left = elapsed * ((double)remaining / moved);
        var estimate = snapshot.Now.After(left).TruncateToSeconds();
        // A guess that is still good is not made anew: each other one would be a write.
        var tolerance = TimeSpan.FromSeconds(Math.Max(60, left.TotalSeconds / 10));
        return former is { } guess && guess > snapshot.Now && (guess - estimate).Duration() < tolerance ? guess : estimate;
    }
}
