using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Tests.Support;

namespace Ostler.Rollout.Tests.Nodes;

/// <summary>A NodeOS that is deleted takes no verification with it.</summary>
public class LostRecordTests
{
    [Fact]
    public void A_node_that_holds_a_slot_and_runs_the_target_is_verified_when_its_NodeOS_was_deleted()
    {
        var plan = RolloutPlanner.Plan(Given.Snapshot(Recreated("n1", Trees.New)));

        Assert.Equal("ApplySpec", plan.Kinds());
        var spec = plan.Written();
        Assert.Equal((Goal.Boot, 1L, Trees.New, Trees.Old, PreviousOS.LostBootID),
            (spec.Goal, spec.Attempt, spec.Image!.Digest, spec.Previous!.Digest, spec.Previous.BootID));
        Assert.Equal(Given.In(10), spec.Deadlines!.Healthy);
        Assert.Equal(NodeStep.Verifying, plan.Verdict().Step);
    }

    [Theory]
    [InlineData(false, Goal.Rollback)]
    [InlineData(true, Goal.Boot)]
    public void What_was_lost_is_decided_by_the_checks_as_ever(bool healthy, Goal goal)
    {
        var verifying = RolloutPlanner.Plan(Given.Snapshot(Recreated("n1", Trees.New))).Written();
        var node = Recreated("n1", Trees.New).Spec(_ => verifying).Status(s => s with { Attempt = 1, Step = NodeStep.Verifying })
            .Host(healthy ? ConditionStatus.True : ConditionStatus.False);

        var plan = RolloutPlanner.Plan(Given.Snapshot(node).At(healthy ? Given.Now : Given.In(11)));

        Assert.Equal(goal, plan.Written().Goal);
        Assert.Equal(healthy, plan.Written().HealthySince is not null);
    }

    [Fact]
    public void Until_the_agent_reports_the_node_stays_cordoned()
    {
        var node = Recreated("n1", Trees.New);

        var plan = RolloutPlanner.Plan(Given.Snapshot(node with { OS = node.OS! with { Status = null } }));

        Assert.Empty(plan.Actions);
        Assert.Equal((Reasons.RecordLost, true), (plan.Verdict().Reason, plan.Verdict().Blocked));
    }

    [Fact]
    public void A_node_without_a_way_back_is_left_to_a_person()
    {
        var plan = RolloutPlanner.Plan(Given.Snapshot(Recreated("n1", Trees.New).Status(s => s with { Rollback = null })));

        Assert.Empty(plan.Actions);
        Assert.Equal((Reasons.RecordLost, true), (plan.Verdict().Reason, plan.Verdict().NeedsPerson));
    }

    [Fact]
    public void A_node_that_runs_its_previous_tree_is_released() =>
        Assert.Equal("Uncordon", RolloutPlanner.Plan(Given.Snapshot(Recreated("n1", Trees.Old))).Kinds());

    [Fact]
    public void A_slot_whose_NodeOS_is_gone_waits_for_the_new_one_and_is_then_given_back()
    {
        NodeFacts[] gone = [Given.Cordoned("n1") with { OS = null }, Given.Cordoned("n2") with { OS = new() }];
        Assert.Empty(RolloutPlanner.Plan(Given.Snapshot(gone)).Actions);
        Assert.Equal("Uncordon", RolloutPlanner.Plan(Given.Snapshot(Given.Cordoned("n1").Spec(_ => new()))).Kinds());
    }

    [Fact]
    public void A_NodeOS_that_is_being_deleted_gets_no_slot_and_loses_one_before_the_boot()
    {
        var plan = RolloutPlanner.Plan(Given.Snapshot(Deleting(Given.Staged("n1")), Deleting(Given.Cordoned("n2")), Given.Staged("n3"),
            Deleting(Given.Soaking("n4", 60)))
            .With(s => s with { Rollout = s.Rollout with { MaxUnavailable = IntOrPercent.Count(4) } }));

        Assert.Equal(["n3"], plan.Granted());
        Assert.Equal("ApplySpec Uncordon", plan.Kinds("n2"));
        Assert.Equal("Uncordon ApplySpec", plan.Kinds("n4"));
    }

    private static NodeFacts Deleting(NodeFacts node) => node with { OS = node.OS! with { Deleting = true } };

    private static NodeFacts Recreated(string name, string runs) => (Given.Booted(name, runs) with { Preflight = null }).Spec(_ => new())
        .Status(s => s with { Attempt = 0, Step = NodeStep.Idle, Rollback = Given.Tree(runs == Trees.Old ? Trees.New : Trees.Old) });
}
