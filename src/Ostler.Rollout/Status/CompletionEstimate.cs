using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Text;
using Ostler.Rollout.Windows;

namespace Ostler.Rollout.Status;

/// <summary>
/// When the rollout will be complete: each node as long as the mean, as many at once as may be, wave after wave, in the windows, domain
/// after domain.
/// </summary>
/// <remarks>A guess, and no more: drains that hang and nodes that fail are not in it.</remarks>
internal static class CompletionEstimate
{
    /// <summary>Null when nothing was measured, when nothing is left that can go, or when a person must act first.</summary>
    public static DateTimeOffset? Of(RolloutSnapshot snapshot, RolloutPlan plan, DateTimeOffset? former)
    {
        var spec = snapshot.Policy.Spec;
        var mean = plan.Measured?.Node?.Average.Value ?? TimeSpan.Zero;
        if (spec is null || mean <= TimeSpan.Zero || plan.Gate is { } gate && (gate.NeedsPerson || gate.Reason != plan.Window.Reason))
        {
            return null;
        }

        var calendar = MaintenanceCalendar.Of(spec);
        var slots = Math.Max(1, plan.Availability.Limit - plan.Nodes.Count(v => v is { Selected: true, Unavailable: true, InFlight: false }));
        var schedule = new SlotSchedule(
            spec.Rollout.Topology, calendar, snapshot.Now, mean, ExpectedDuration.Of(spec.Rollout, calendar, plan.Measured!.Node).Value, slots);
        if (!Waves(snapshot, plan, spec, mean, schedule) || schedule.Now <= snapshot.Now)
        {
            return null;
        }

        // A guess that is still good is not made anew: each other one would be a write.
        var estimate = schedule.Now.TruncateToSeconds();
        var tolerance = TimeSpan.FromSeconds(Math.Max(60, (schedule.Now - snapshot.Now).TotalSeconds / 10));
        return former is { } guess && guess > snapshot.Now && (guess - estimate).Duration() < tolerance ? guess : estimate;
    }

    private static bool IsHeld(WaveProgress wave) => wave.Reason == Reasons.WaveBelowThreshold || wave is { Approved: false, CanGo: > 0 }
        || (!wave.Open && (wave.NeedsPerson || GateRules.IsWaiting(wave.Reason)));

    // False: some of it waits for a person, or for what has no end that could be guessed.
    private static bool Waves(RolloutSnapshot snapshot, RolloutPlan plan, UpgradePolicySpec spec, TimeSpan mean, SlotSchedule schedule)
    {
        var waiting = new List<NodeFacts>[Math.Max(1, plan.Waves.Count)];
        var control = false;
        var last = -1;
        for (var i = 0; i < plan.Nodes.Count; i++)
        {
            var (verdict, node) = (plan.Nodes[i], plan.Known[i].Facts);
            var goes = verdict is { Blocked: false, Tally: NodeTally.Updating or NodeTally.Staged or NodeTally.Pending };
            var wave = plan.Waves.Count == 0 ? 0 : Math.Max(0, plan.WaveOf[i]);
            if (goes && verdict.InFlight)
            {
                var granted = node.CordonedAt ?? node.OS?.Spec.GrantedAt ?? node.OS?.Spec.LastUpgrade?.GrantedAt ?? snapshot.Now;
                var behind = snapshot.Now - granted;
                schedule.Begun(node, behind < mean ? mean - behind : TimeSpan.Zero);
                last = Math.Max(last, wave);
            }
            else if (plan.Known[i].InFlight)
            {
                schedule.Stays(node);
            }
            else if (goes && verdict.Selected)
            {
                (waiting[wave] ??= []).Add(node);
                control = control || node.IsControlPlane;
                last = Math.Max(last, wave);
            }
        }

        if (control && IsShort(snapshot, plan))
        {
            return false;
        }

        for (var i = 0; i <= last; i++)
        {
            waiting[i]?.ForEach(schedule.Wants);
            var wave = plan.Waves.Count == 0 ? null : plan.Waves[i];
            if (wave is not null && IsHeld(wave))
            {
                return false;
            }

            // Who joins a wave that is through goes beside the next one.
            if (wave is { Passed: true } && i < last)
            {
                continue;
            }

            if (!schedule.Run())
            {
                return false;
            }

            // Nobody waits for the soak of the last.
            if (wave is not null && i < last)
            {
                schedule.Wait(wave.SoakedAt ?? schedule.Now.After(i < spec.Rollout.Waves!.Count ? spec.Rollout.Waves[i].Soak : TimeSpan.Zero));
            }
        }

        return true;
    }

    // Another node of the control plane is out of service, and will be until somebody else is done with it.
    private static bool IsShort(RolloutSnapshot snapshot, RolloutPlan plan)
    {
        var ours = plan.Nodes.Where(v => v.InFlight && !v.Blocked).Select(v => v.Node).ToHashSet(StringComparer.Ordinal);
        return snapshot.ControlPlane.Any(n => !n.InService && !ours.Contains(n.Name))
            || plan.Known.Select(n => n.Facts).Any(n => n.IsControlPlane && (!n.Ready || n.Unschedulable) && !ours.Contains(n.Name));
    }
}
