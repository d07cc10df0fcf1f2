using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Tests.Support;

namespace Ostler.Rollout.Tests.Planning;

public class EligibilityTests
{
    public static TheoryData<NodeFacts, string, NodeTally, bool> Unfit => Rows(
        ("no NodeOS", Given.Staged("n1") with { OS = null }, Reasons.AgentMissing, NodeTally.Pending, false),
        ("no report of an agent", Given.Staged("n1") with { OS = new() { Spec = Given.Staged("n1").OS!.Spec } }, Reasons.AgentMissing, NodeTally.Pending, true),
        ("a host that the agent cannot read", Given.Staged("n1").Status(s => s with { Booted = null, Staged = null }), Reasons.HostNotSupported, NodeTally.Pending, true),
        ("a failure on the target", Given.RolledBack("n1"), Reasons.RolledBack, NodeTally.RolledBack, true),
        ("a user's hold", Given.Staged("n1") with { Hold = Given.Hold }, Reasons.Held, NodeTally.Staged, true),
        ("a user's hold on a node that was never staged", Given.Idle("n1") with { Hold = Given.Hold }, Reasons.Held, NodeTally.Pending,
            true),
        ("a user's hold on a node without an agent", Given.Staged("n1") with { OS = null, Hold = Given.Hold }, Reasons.Held,
            NodeTally.Pending, true),
        ("a user's hold on a node that failed", Given.RolledBack("n1") with { Hold = Given.Hold }, Reasons.Held, NodeTally.RolledBack,
            true),
        ("a backoff that is not over", Given.Idle("n1").Spec(s => s with { Backoff = Backoff(Given.In(1)) }), Reasons.BackingOff, NodeTally.Pending, false),
        ("a human's cordon", Given.Staged("n1") with { Unschedulable = true }, Reasons.CordonedByOther, NodeTally.Staged, true),
        ("another policy's cordon", Given.Idle("n1") with { Unschedulable = true, CordonedBy = "other" }, Reasons.CordonedByOther, NodeTally.Pending, true),
        ("a kubelet that is not Ready", Given.Staged("n1") with { Ready = false }, Reasons.NodeNotReady, NodeTally.Staged, false),
        (
            "another policy that has not let go",
            Given.Idle("n1").Spec(s => s with { Policy = "other", Goal = Goal.Boot, Image = Trees.Image(Trees.New) }),
            Reasons.HeldByOtherPolicy, NodeTally.Pending, false));

    [Theory]
    [MemberData(nameof(Unfit))]
    public void A_node_gets_neither_slot_nor_stage_with(NodeFacts node, string reason, NodeTally tally, bool needsPerson)
    {
        var plan = RolloutPlanner.Plan(Given.Snapshot(node, Given.Updated("n2"), Given.Updated("n3")).With(s => s with
        {
            Rollout = s.Rollout with { MaxUnavailable = IntOrPercent.Count(3) },
        }));

        var verdict = plan.Verdict();
        Assert.Empty(plan.Of());
        Assert.Equal((reason, tally, needsPerson, true), (verdict.Reason, verdict.Tally, verdict.NeedsPerson, verdict.Blocked));
        Assert.NotEmpty(verdict.Message);
    }

    [Fact]
    public void A_backoff_for_another_tree_does_not_hold_the_node() =>
        Assert.Equal(["n1"], RolloutPlanner.Plan(Given.Snapshot(
            Given.Idle("n1").Spec(s => s with { Backoff = Backoff(Given.In(30)) with { Digest = Trees.Newer } }))).StagedNow());

    [Fact]
    public void A_backoff_that_is_over_does_not_hold_the_node() =>
        Assert.Equal(["n1"], RolloutPlanner.Plan(Given.Snapshot(Given.Idle("n1").Spec(s => s with { Backoff = Backoff(Given.Now) }))).StagedNow());

    [Fact]
    public void A_node_is_tried_again_when_its_backoff_ends() =>
        Assert.Equal(Given.In(7), RolloutPlanner.Plan(Given.Snapshot(Given.Idle("n1").Spec(s => s with { Backoff = Backoff(Given.In(7)) }))).NextWakeUp);

    [Fact]
    public void A_failure_on_another_tree_does_not_hold_the_node() =>
        Assert.Equal(["n1"], RolloutPlanner.Plan(Given.Snapshot(
            Given.RolledBack("n1").Spec(s => s with { Failure = Given.Failure(30, Trees.Newer) }))).StagedNow());

    [Fact]
    public void A_node_that_runs_the_target_and_was_cordoned_by_a_human_is_left_alone()
    {
        var plan = RolloutPlanner.Plan(Given.Snapshot(Given.Updated("n1") with { Unschedulable = true }));

        Assert.Empty(plan.Actions);
        Assert.Equal(NodeTally.Updated, plan.Verdict().Tally);
        Assert.True(plan.Verdict().Unavailable);
    }

    [Fact]
    public void A_node_that_is_being_deleted_is_left_alone_and_counts_nowhere()
    {
        var plan = RolloutPlanner.Plan(Given.Snapshot(Given.Cordoned("n1", Given.Pod("web")) with { Deleting = true }, Given.Staged("n2")));

        Assert.Empty(plan.Of());
        Assert.Equal(["n2"], plan.Nodes.Select(n => n.Node));
        Assert.Equal(["n2"], plan.Granted());
        Assert.Equal(1, plan.Availability.Total);
    }

    private static NodeBackoff Backoff(DateTimeOffset until) => new() { Digest = Trees.New, Until = until, Reason = Reasons.DrainBlocked, Message = "because" };

    private static TheoryData<NodeFacts, string, NodeTally, bool> Rows(params (string Label, NodeFacts, string, NodeTally, bool)[] rows)
    {
        var data = new TheoryData<NodeFacts, string, NodeTally, bool>();
        foreach (var (label, node, reason, tally, person) in rows)
        {
            data.Add(new TheoryDataRow<NodeFacts, string, NodeTally, bool>(node, reason, tally, person) { Label = label });
        }

        return data;
    }
}
