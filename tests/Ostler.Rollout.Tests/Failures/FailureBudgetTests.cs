using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Status;
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

    [Theory]
    [InlineData(FailureEvidence.Booted, true)]
    [InlineData(FailureEvidence.DidNotBoot, true)]
    [InlineData(null, false)]
    public void A_digest_is_recorded_as_failed_and_taken_back_only_with_evidence_against_it(FailureEvidence? evidence, bool blamed)
    {
        var snapshot = Given.Snapshot(Given.RolledBack("n1").Spec(s => s with { Failure = s.Failure! with { Evidence = evidence } }),
            Given.Upgraded("n2"))
            .With(s => s with { Rollback = new() { Scope = RollbackScope.Policy } });

        var plan = RolloutPlanner.Plan(snapshot);

        Assert.Equal((true, blamed), (plan.Failures.Halted, plan.Failures.IsImageToBlame));
        Assert.Equal(blamed ? ["n2"] : [], plan.Granted());
        Assert.Equal(blamed ? [Trees.New] : null, RolloutStatus.Compute(snapshot, plan).FailedDigests?.Select(d => d.Digest));
        Assert.Contains(blamed ? "Release a fixed image" : "fix the nodes", RolloutPlanner.Plan(
            snapshot.With(s => s with { Rollback = new() })).Gate!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_record_of_a_digest_names_the_first_failure_with_evidence()
    {
        var snapshot = Given.Snapshot(
            Given.RolledBack("n1", 40).Spec(s => s with
            {
                Failure = s.Failure! with
                {
                    Reason = Reasons.StagingFailed,
                    Evidence = null
                }
            }), Given.RolledBack("n2", 20))
            .With(s => s with { Rollback = new() { MaxFailures = IntOrPercent.Count(1) } });

        var failed = Assert.Single(RolloutStatus.Compute(snapshot, RolloutPlanner.Plan(snapshot)).FailedDigests!);

        Assert.Equal((Reasons.HostCheckFailed, true), (failed.Reason, failed.Message!.StartsWith("n2", StringComparison.Ordinal)));
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
    [InlineData(30, 1)]
    [InlineData(31, 1)]
    public void Failures_of_before_the_policy_was_created_are_not_its_own(double createdMinutesAgo, int expected)
    {
        var snapshot = Given.Snapshot(Given.RolledBack("n1", 30));

        var plan = RolloutPlanner.Plan(snapshot with { Policy = snapshot.Policy with { CreatedAt = Given.Ago(createdMinutesAgo) } });

        Assert.Equal((expected, expected > 0), (plan.Failures.Failed, plan.Failures.Halted));
    }

    [Fact]
    public void A_new_policy_is_held_by_the_quarantine_of_what_a_deleted_one_failed_with_and_is_not_halted()
    {
        var snapshot = Given.Snapshot(Given.RolledBack("n1", 30), Given.Staged("n2"));
        var image = Given.Image();
        image = image with
        {
            Status = image.Status! with
            {
                Quarantined =
            [new() { Digest = image.Status!.Resolved!.Digest, Reason = Reasons.HostCheckFailed, Policy = "deleted",
            Since = Given.Ago(30) }]
            }
        };

        var plan = RolloutPlanner.Plan(snapshot with { Policy = snapshot.Policy with { CreatedAt = Given.Ago(5) }, Image = image });

        Assert.False(plan.Failures.Halted);
        Assert.Equal(Reasons.ImageQuarantined, plan.Gate?.Reason);
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
