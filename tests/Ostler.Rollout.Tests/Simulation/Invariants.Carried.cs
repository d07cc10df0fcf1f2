using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Tests.Support;

namespace Ostler.Rollout.Tests.Simulation;

internal sealed partial class Invariants
{
    /// <summary>To write plans down takes longer than to make them.</summary>
    private const int EachOf = 7;

    // What a plan takes over from the former one saves time and must change nothing.
    private void JudgeCarried(RolloutSnapshot snapshot, RolloutPlan plan)
    {
        if (plan.Decided!.Carried == 0)
        {
            return;
        }

        Count("carried");
        if (Seen["carried"] % EachOf != 1)
        {
            return;
        }

        foreach (var (with, without) in PlanText.Of(plan).Zip(PlanText.Of(RolloutPlanner.Plan(snapshot))))
        {
            if (with != without)
            {
                Complain(
                    $"plan: {_simulation.World.Now - _simulation.World.Scenario.Start:hh\\:mm\\:ss} other {with.Part} with a former plan than without: {with.Text} for {without.Text}");
            }
        }
    }
}
