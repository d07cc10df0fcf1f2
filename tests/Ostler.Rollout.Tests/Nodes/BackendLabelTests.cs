using Ostler.Api.Meta;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Tests.Support;

namespace Ostler.Rollout.Tests.Nodes;

/// <summary>The label that names the host's tool, which the plan copies to where the agent may read it.</summary>
public class BackendLabelTests
{
    public static TheoryData<string, NodeFacts> Bound => new()
    {
        { "updated", Given.Upgraded("n1") },
        { "staged", Given.Staged("n1") },
        { "rebooting", Given.Booting("n1") },
        { "rolling back", Given.RollingBack("n1") },
        { "failed", Given.Held("n1") },
    };

    [Theory]
    [MemberData(nameof(Bound))]
    public void A_label_that_changes_is_followed_in_every_state_and_nothing_else_is_written(string what, NodeFacts node)
    {
        _ = what;
        var plan = RolloutPlanner.Plan(Given.Snapshot(Labelled(node)).With(s => s with { Paused = true, Rollback = s.Rollback with { Automatic = false } }));

        Assert.Equal(node.OS!.Spec with { Backend = "bootc" }, plan.Written());
        Assert.Empty(RolloutPlanner.Plan(Given.Snapshot(Labelled(node).Spec(s => s with { Backend = "bootc" })).With(s => s with { Paused = true, Rollback = s.Rollback with { Automatic = false } })).Of().OfType<NodeAction.ApplySpec>());
    }

    [Fact]
    public void A_label_that_goes_is_followed_too() =>
        Assert.Null(RolloutPlanner.Plan(Given.Snapshot(Given.Booting("n1").Spec(s => s with { Backend = "bootc" }))).Written().Backend);

    [Fact]
    public void What_the_label_says_goes_along_with_every_other_write()
    {
        Assert.Equal("bootc", RolloutPlanner.Plan(Given.Snapshot(Labelled(Given.Idle("n1")))).Written().Backend);
        Assert.Equal("bootc", RolloutPlanner.Plan(Given.Snapshot(Labelled(Given.Cordoned("n1")))).Written().Backend);

        // Bound to the policy, and to be staged: one write, not two of which the second conflicts.
        Assert.Equal("bootc", RolloutPlanner.Plan(Given.Snapshot(Labelled(Given.Idle("n1")).Spec(s => s with { Policy = "edge" }))).Written().Backend);
    }

    [Fact]
    public void A_NodeOS_that_is_no_policys_is_left_to_its_own_reconciler() =>
        Assert.Empty(RolloutPlanner.Plan(Given.Snapshot(Labelled(Given.Updated("n1").Spec(s => s with { Policy = null })))).Of());

    private static NodeFacts Labelled(NodeFacts node) => node.Label(NodeMarks.BackendLabel, "bootc");
}
