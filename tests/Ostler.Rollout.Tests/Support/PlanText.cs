using Ostler.Rollout.Planner;
using Ostler.Rollout.Status;

namespace Ostler.Rollout.Tests.Support;

/// <summary>All that a plan says, as text: what is in lists is compared, too.</summary>
internal static class PlanText
{
    public static IEnumerable<(string Part, string Text)> Of(RolloutPlan plan)
    {
        yield return ("actions", Join(plan.Actions));
        yield return ("verdicts", Join(plan.Nodes.Select(v => v with { Drain = null })));
        yield return ("questions", Join(plan.Probes.Select(q => (q.GetType().Name, q.Node, q.DueAt))));
        yield return ("waves", Join(plan.Waves));
        yield return ("members of waves", Join(plan.WaveOf));
        var fleet = FleetConsistency.Of(plan);
        yield return ("digests", Join(fleet.Digests));
        yield return ("drifted nodes", Join(fleet.Drifted));
        yield return ("rest", Join<object?>([plan.NextWakeUp, plan.Target, plan.Gate, plan.Failures, plan.TakingBack, plan.Availability, plan.Measured]));
        yield return ("window and conflicts", Join<object?>([plan.Window, .. plan.Conflicts, .. plan.Problems]));
    }

    private static string Join<T>(IEnumerable<T> items) => string.Join(" | ", items);
}
