using Ostler.Api;

namespace Ostler.Rollout;

/// <summary>When the rollout will be complete: what nodes took on the mean, as many at once as may be, wave after wave, in the windows.</summary>
/// <remarks>A guess, and no more: drains that hang, nodes that fail and the limits of topology are not in it.</remarks>
internal static class CompletionEstimate
{
    /// <summary>How many windows are looked into the future.</summary>
    private const int MostOpenings = 60;

    /// <summary>Null when nothing was measured, when nothing is left that can go, or when a person must act first.</summary>
    public static DateTimeOffset? Of(RolloutSnapshot snapshot, RolloutPlan plan, DateTimeOffset? former)
    {
        var spec = snapshot.Policy.Spec;
        var mean = MeasuredSteps.Of(snapshot, plan.Trees)?.Node?.Average.Value ?? TimeSpan.Zero;
        if (spec is null || mean <= TimeSpan.Zero || plan.Gate is { } gate && (gate.NeedsPerson || gate.Reason != plan.Window.Reason))
        {
            return null;
        }

        var at = snapshot.Now;
        var slots = Math.Max(1, plan.Availability.Limit - plan.Nodes.Count(v => v is { Selected: true, Unavailable: true, InFlight: false }));
        var calendar = new MaintenanceCalendar(spec.Windows, spec.Freezes);
        foreach (var (work, soak) in Phases(snapshot, plan, spec, mean))
        {
            if (work is not { } span || Work(calendar, at, span / slots, mean) is not { } done)
            {
                return null;
            }

            at = done.After(soak);
        }

        if (at <= snapshot.Now)
        {
            return null;
        }

        // A guess that is still good is not made anew: each other one would be a write.
        var estimate = at.TruncateToSeconds();
        var tolerance = TimeSpan.FromSeconds(Math.Max(60, (at - snapshot.Now).TotalSeconds / 10));
        return former is { } guess && guess > snapshot.Now && (guess - estimate).Duration() < tolerance ? guess : estimate;
    }

    // What each wave has still to do, and how long it soaks then; null: it waits for a person. Nobody waits for the soak of the last.
    private static List<(TimeSpan? Work, TimeSpan Soak)> Phases(RolloutSnapshot snapshot, RolloutPlan plan, UpgradePolicySpec spec, TimeSpan mean)
    {
        if (plan.Waves.Count == 0)
        {
            return [(Left(snapshot, plan.Nodes, mean), TimeSpan.Zero)];
        }

        var phases = new List<(TimeSpan? Work, TimeSpan Soak)>();
        var last = plan.Waves.ToList().FindLastIndex(w => w.CanGo + w.InFlight > 0);
        for (var i = 0; i <= last; i++)
        {
            var wave = plan.Waves[i];
            if (!wave.Open && wave.NeedsPerson || wave is { Approved: false, CanGo: > 0 } || wave.Reason == Reasons.WaveBelowThreshold)
            {
                return [(null, default)];
            }

            // Of a wave that has nodes in flight half of their way is taken to be behind them.
            var work = (wave.CanGo * mean) + (wave.InFlight * mean / 2);
            var soak = wave.Passed || i == last ? TimeSpan.Zero : wave.SoakedAt is { } over ? over - snapshot.Now : i < spec.Rollout.Waves!.Count ? spec.Rollout.Waves[i].Soak : TimeSpan.Zero;
            phases.Add((work, soak > TimeSpan.Zero ? soak : TimeSpan.Zero));
        }

        return phases;
    }

    private static TimeSpan Left(RolloutSnapshot snapshot, IReadOnlyList<NodeVerdict> verdicts, TimeSpan mean)
    {
        var left = TimeSpan.Zero;
        var grants = snapshot.Nodes.Where(n => n.CordonedAt is not null).ToDictionary(n => n.Name, n => n.CordonedAt, StringComparer.Ordinal);
        foreach (var verdict in verdicts)
        {
            // Nodes that cannot go on have no end that could be guessed.
            if (verdict is not { Selected: true, Blocked: false, Tally: NodeTally.Updating or NodeTally.Staged or NodeTally.Pending })
            {
                continue;
            }

            var behind = verdict.InFlight && grants.GetValueOrDefault(verdict.Node) is { } granted ? snapshot.Now - granted : TimeSpan.Zero;
            left += behind < mean ? mean - behind : TimeSpan.Zero;
        }

        return left;
    }

    private static DateTimeOffset? Work(MaintenanceCalendar calendar, DateTimeOffset from, TimeSpan span, TimeSpan mean)
    {
        var at = from;
        for (var i = 0; i < MostOpenings && span > TimeSpan.Zero; i++)
        {
            // One whole node at least: what is begun in a window is brought to its end.
            if (calendar.NextOpening(at, TimeSpan.FromTicks(1)) is not { } opening)
            {
                return null;
            }

            var room = opening.Until - opening.From;
            if (room < mean && i > 0)
            {
                at = opening.Until;
                continue;
            }

            var most = room < mean ? mean : room;
            var taken = span < most ? span : most;
            at = opening.From.After(taken);
            span -= taken;
        }

        return span > TimeSpan.Zero ? null : at;
    }
}
