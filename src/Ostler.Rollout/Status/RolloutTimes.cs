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
        return new(started, null, Estimate(snapshot, plan, target, started, sameTarget ? previous!.EstimatedCompletion : null));
    }

    private static DateTimeOffset? Estimate(
        RolloutSnapshot snapshot, RolloutPlan plan, NodeImage target, DateTimeOffset started, DateTimeOffset? former)
    {
        // Nodes that cannot go on have no end that could be guessed.
        var remaining = plan.Nodes.Count(v => v is { Selected: true, Blocked: false, Tally: NodeTally.Updating or NodeTally.Staged or NodeTally.Pending });
        var moved = snapshot.Nodes.Count(n => n.OS is { Spec: { Goal: Goal.Observe, Image: { } image } } os
            && image.Digest == target.Digest && os.Status?.Booted?.Digest == target.Digest);
        var elapsed = snapshot.Now - started;
        if (plan.Gate is not null || remaining == 0 || moved == 0 || elapsed < TimeSpan.FromMinutes(1))
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
