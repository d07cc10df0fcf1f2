using Ostler.Rollout.Snapshot;

namespace Ostler.Rollout.Planner;

/// <summary>
/// Decides what to do next about one policy. Pure and total: the same snapshot always gives the same plan, and none throws.
/// </summary>
public static class RolloutPlanner
{
    /// <summary>
    /// The plan: first each node by itself, then the budgets between those that want a slot or want to stage. At most one step of each
    /// node; what follows from it is for the next snapshot to tell.
    /// </summary>
    /// <param name="snapshot">What was seen.</param>
    /// <param name="former">
    /// A former plan of the same policy: what is decided is the same with it and without. It saves time when most nodes have not changed,
    /// their <see cref="NodeFacts"/> being the very same objects.
    /// </param>
    public static RolloutPlan Plan(RolloutSnapshot snapshot, RolloutPlan? former = null)
    {
        var pass = new Pass(ContextAssembly.Assemble(snapshot, former?.Known));
        pass.DecideEachNode(former?.Decided);
        pass.HoldBackLaterWaves();
        pass.DropClosedByGates();
        pass.DropBlockedByPreflight();
        pass.GrantSlots();
        pass.AllowStaging();
        return pass.Assemble();
    }
}
