using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Tests.Support;

namespace Ostler.Rollout.Tests.Failures;

public class FailureBudgetTests
{
    [Theory]
    [InlineData("0", 0, false)]
    [InlineData("0", 1, true)]
    [InlineData("1", 1, false)]
    [InlineData("1", 2, true)]
    [InlineData("25%", 2, false)]
    [InlineData("25%", 3, true)]
    [InlineData("100%", 3, false)]
    public void Of_ten_nodes_so_many_may_fail(string maxFailures, int failed, bool halted)
    {
        Assert.True(IntOrPercent.TryParse(maxFailures, out var allowed));

        var plan = RolloutPlanner.Plan(Fleet(failed).With(s => s with { Rollback = new() { MaxFailures = allowed } }));

        Assert.Equal((failed, halted), (plan.Failures.Failed, plan.Failures.Halted));
        Assert.Equal(halted ? 0 : 1, plan.Granted().Count);
    }

    [Fact]
    public void A_halt_names_the_first_node_that_failed_and_what_to_do()
    {
        var plan = RolloutPlanner.Plan(Given.Snapshot(Given.RolledBack("n1", 5), Given.RolledBack("n2", 9), Given.Staged("n3")));

        Assert.Equal("n2", plan.Failures.First!.Value.Node);
        Assert.Contains("2 nodes failed", plan.Gate!.Message, StringComparison.Ordinal);
        Assert.Contains("n2: HostCheckFailed", plan.Gate.Message, StringComparison.Ordinal);
        Assert.Contains("kubectl ostler retry", plan.Gate.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_node_that_is_still_going_back_counts_already() =>
        Assert.Equal(Reasons.TooManyFailures, RolloutPlanner.Plan(Given.Snapshot(Given.RollingBack("n1"), Given.Staged("n2"))).Gate?.Reason);

    [Fact]
    public void Another_tree_clears_the_halt_and_the_failed_nodes_get_it_too()
    {
        var plan = RolloutPlanner.Plan(Given.Snapshot(Given.RolledBack("n1"), Given.Updated("n2"))
            .With(s => s with { Rollout = s.Rollout with { StageAhead = IntOrPercent.Count(2) } }) with
        { Image = Given.Image(Trees.Newer) });

        Assert.Null(plan.Gate);
        Assert.Equal(["n2", "n1"], plan.StagedNow());
    }

    [Theory]
    [InlineData(29, 0)]
    [InlineData(30, 0)]
    [InlineData(31, 1)]
    public void Failures_up_to_the_moment_of_a_retry_do_not_count(double retryMinutesAgo, int expected)
    {
        var plan = RolloutPlanner.Plan(Given.Snapshot(Given.RolledBack("n1", 30)).With(s => s with
        {
            Rollout = s.Rollout with { RetryFailuresBefore = Given.Ago(retryMinutesAgo) },
        }));

        Assert.Equal(expected, plan.Failures.Failed);
        Assert.Equal(expected == 0 ? ["n1"] : [], plan.StagedNow());
    }

    [Fact]
    public void A_node_that_failed_is_not_tried_again_although_the_rollout_goes_on()
    {
        var plan = RolloutPlanner.Plan(Given.Snapshot(Given.RolledBack("n1"), Given.Idle("n2"), Given.Idle("n3")).With(s => s with
        {
            Rollback = new() { MaxFailures = IntOrPercent.Count(1) },
            Rollout = s.Rollout with { StageAhead = IntOrPercent.Count(3) },
        }));

        Assert.Equal(["n2", "n3"], plan.StagedNow());
        Assert.Equal((NodeStep.RolledBack, true), (plan.Verdict().Step, plan.Verdict().NeedsPerson));
    }

    [Fact]
    public void A_recorded_halt_outlives_the_replacement_of_the_node_that_failed_until_it_is_retried_or_allowed()
    {
        var snapshot = Given.Snapshot(Given.Staged("n1"));
        snapshot = snapshot with
        {
            Policy = snapshot.Policy with { PreviousStatus = new() { FailedDigests = [new() { Digest = Trees.New, Reason = "x", At = Given.Ago(30) }] } },
        };

        Assert.Equal(Reasons.TooManyFailures, RolloutPlanner.Plan(snapshot).Gate?.Reason);
        Assert.Equal(["n1"], RolloutPlanner.Plan(snapshot.With(s => s with { Rollout = s.Rollout with { RetryFailuresBefore = Given.Ago(30) } })).Granted());
        Assert.Equal(
            ["n1"], RolloutPlanner.Plan(snapshot with { Image = Given.Image(spec: Trees.ImageSpec with { Quarantine = new() { Allow = [Trees.New] } }) }).Granted());
    }

    private static RolloutSnapshot Fleet(int failed) => Given.Snapshot(
        [.. Enumerable.Range(0, 10).Select(i => i < failed ? Given.RolledBack($"n{i}") : Given.Staged($"n{i}"))]);
}
