using Ostler.Rollout.Planner;
using Ostler.Rollout.Tests.Support;

namespace Ostler.Rollout.Tests.Planning;

/// <summary>Which pods are watched; which checks run is held with the health checks.</summary>
public class WatchesTests
{
    [Fact]
    public void Pods_are_watched_on_the_nodes_that_hold_a_slot_and_on_no_others()
    {
        var plan = RolloutPlanner.Plan(Given.Snapshot(
            Given.Cordoned("n1"), Given.Booting("n2"), Given.Staged("n3"), Given.Updated("n4"), Given.Idle("n5") with { CordonedBy = "another", Unschedulable = true }));

        Assert.Equal(["n1", "n2"], plan.Watches.Pods);
    }

    [Fact]
    public void A_policy_that_is_gone_watches_the_slots_that_it_still_holds()
    {
        var snapshot = Given.Snapshot(Given.Cordoned("n1"));

        Assert.Equal(["n1"], RolloutPlanner.Plan(snapshot with { Policy = snapshot.Policy with { Spec = null } }).Watches.Pods);
    }
}
