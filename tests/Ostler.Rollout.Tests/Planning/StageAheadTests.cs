using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Tests.Support;

namespace Ostler.Rollout.Tests.Planning;

public class StageAheadTests
{
    [Theory]
    [InlineData("25%", 1, false, 2)]
    [InlineData("25%", 5, false, 5)]
    [InlineData("0", 1, false, 1)]
    [InlineData("0", 1, true, 0)]
    [InlineData("3", 1, true, 3)]
    [InlineData("1%", 1, true, 1)]
    [InlineData("100%", 1, false, 8)]
    public void So_many_of_eight_nodes_fetch_at_once(string stageAhead, int slots, bool paused, int expected)
    {
        Assert.True(IntOrPercent.TryParse(stageAhead, out var value));

        var plan = RolloutPlanner.Plan(Given.Snapshot([.. Enumerable.Range(1, 8).Select(i => Given.Idle($"n{i}"))]).With(s => s with
        {
            Paused = paused,
            Rollout = s.Rollout with { StageAhead = value, MaxUnavailable = IntOrPercent.Count(slots) },
        }));

        Assert.Equal(expected, plan.StagedNow().Count);
    }

    [Fact]
    public void With_stageAhead_0_nothing_is_fetched_while_every_slot_is_taken_or_just_granted()
    {
        static UpgradePolicySpec None(UpgradePolicySpec s) => s with { Rollout = s.Rollout with { StageAhead = IntOrPercent.Count(0) } };

        Assert.Empty(RolloutPlanner.Plan(Given.Snapshot(Given.Idle("n1"), Given.Booting("n2")).With(None)).StagedNow());
        Assert.Empty(RolloutPlanner.Plan(Given.Snapshot(Given.Idle("n1"), Given.Staged("n2")).With(None)).StagedNow());
        Assert.Equal(["n1"], RolloutPlanner.Plan(Given.Snapshot(Given.Idle("n1"), Given.Updated("n2")).With(None)).StagedNow());
    }

    [Theory]
    [InlineData("one that fetches", false)]
    [InlineData("one that has it", true)]
    [InlineData("one whose fetching fails", true)]
    [InlineData("one that takes too long", true)]
    [InlineData("one that is not Ready", true)]
    public void Beside_so_many_another_may_fetch(string which, bool expected)
    {
        var other = which switch
        {
            "one that fetches" => Given.Staging("n2"),
            "one that has it" => Given.Staged("n2") with { Unschedulable = true },
            "one whose fetching fails" => Given.Staging("n2").Error(Reasons.PullFailed, NodeStep.Staging),
            "one that takes too long" => Given.Staging("n2").Spec(s => s with { Deadlines = new() { Staged = Given.Now } }),
            _ => Given.Staging("n2") with { Ready = false },
        };

        var plan = RolloutPlanner.Plan(Given.Snapshot(Given.Idle("n1"), other).With(s => s with { Rollout = s.Rollout with { StageAhead = IntOrPercent.Count(1) } }));

        Assert.Equal(expected ? ["n1"] : [], plan.StagedNow());
    }

    [Fact]
    public void A_node_that_is_staged_gets_image_attempt_and_a_deadline_and_keeps_its_record()
    {
        var node = Given.RolledBack("n1").Spec(s => s with { Attempt = 4, Failure = Given.Failure(30, Trees.Newer) });

        var spec = RolloutPlanner.Plan(Given.Snapshot(node)).Written();

        Assert.Equal(
            new NodeOSSpec
            {
                Policy = Given.Policy,
                Image = Trees.Image(Trees.New),
                Goal = Goal.Stage,
                Attempt = 5,
                Deadlines = new() { Staged = Given.In(30) },
                Watchdog = Duration.FromMinutes(12),
                Failure = Given.Failure(30, Trees.Newer),
            },
            spec);
    }

    [Fact]
    public void An_agent_that_never_takes_up_the_order_to_stage_is_named()
    {
        var node = Given.Staging("n1").Spec(s => s with { Attempt = 2, Deadlines = new() { Staged = Given.Ago(1) } });

        Assert.Equal(Reasons.AgentSilent, RolloutPlanner.Plan(Given.Snapshot(node)).Verdict().Reason);
    }

    [Fact]
    public void When_the_target_changes_nodes_fetch_the_new_one_within_the_same_limit()
    {
        var snapshot = Given.Snapshot(Given.Staged("n1"), Given.Staged("n2"), Given.Staging("n3"))
            .With(s => s with { Rollout = s.Rollout with { StageAhead = IntOrPercent.Count(2) } }) with
        { Image = Given.Image(Trees.Newer) };

        var plan = RolloutPlanner.Plan(snapshot);

        Assert.Equal(["n1", "n2"], plan.StagedNow());
        Assert.Equal((Trees.Newer, 2L), (plan.Written().Image!.Digest, plan.Written().Attempt));
        Assert.Empty(plan.Granted());
    }

    public static TheoryData<string> NotReallyStaged => ["another tree", "another attempt", "no condition", "an older generation"];

    [Theory]
    [MemberData(nameof(NotReallyStaged))]
    public void A_node_that_reports_staged_of(string what)
    {
        var staged = Given.Staged("n1");
        var node = what switch
        {
            "another tree" => staged.Status(s => s with { Staged = Given.Tree(Trees.Newer) }),
            "another attempt" => staged.Status(s => s with { Attempt = 0 }),
            "no condition" => staged.Status(s => s with { Conditions = [Given.Condition(ConditionTypes.Staged, ConditionStatus.False)] }),
            _ => staged with { OS = staged.OS! with { Generation = 2 } },
        };

        Assert.Empty(RolloutPlanner.Plan(Given.Snapshot(node)).Granted());
    }

    [Fact]
    public void A_node_that_turns_out_to_run_the_target_is_taken_as_it_is()
    {
        var plan = RolloutPlanner.Plan(Given.Snapshot(Given.Staging("n1").Status(s => s with { Booted = Given.Tree(Trees.New) })));

        Assert.Equal(Goal.Observe, plan.Written().Goal);
        Assert.Equal(NodeTally.Updated, plan.Verdict().Tally);
    }
}
