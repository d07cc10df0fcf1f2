using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Status;
using Ostler.Rollout.Tests.Support;

namespace Ostler.Rollout.Tests.Failures;

/// <summary>A tree that a node cannot fetch: the agent tries, then the planner, and only then it is a failure.</summary>
public class StagingAttemptsTests
{
    public static TheoryData<string, NodeError, double, bool> Tries => new()
    {
        { "once", Error(Reasons.PullFailed, 1), 20, false },
        { "four times", Error(Reasons.PullFailed, 4), 20, false },
        { "five times", Error(Reasons.PullFailed, 5), 20, true },
        { "on a full disk, five times", Error(Reasons.DiskFull, 5), 20, true },
        { "once, and the time of the attempt is over", Error(Reasons.PullFailed, 1), 0, true },
        { "because the agent refuses the image", Error(Reasons.Invalid, 1), 20, true },
        { "because the host is of another kind", Error(Reasons.HostNotSupported, 50), -1, false },
    };

    [Theory]
    [MemberData(nameof(Tries))]
    public void An_attempt_is_taken_back_when_it_failed(string what, NodeError error, double deadline, bool over)
    {
        Assert.NotEmpty(what);
        var plan = RolloutPlanner.Plan(Given.Snapshot(Failing(error, deadline: deadline)));

        Assert.True(plan.Verdict().Blocked);
        if (!over)
        {
            Assert.Empty(plan.Actions);
            return;
        }

        Assert.Equal((Goal.Observe, 1L, null), (plan.Written().Goal, plan.Written().Attempt, plan.Written().Failure));
        Assert.Equal((Reasons.StagingFailed, 1, Given.In(5)), (plan.Written().Backoff!.Reason, plan.Written().Backoff!.Count, plan.Written().Backoff!.Until));
        Assert.Contains($"attempt 1 of 3): {error.Reason}: no route", plan.Verdict().Message, StringComparison.Ordinal);
        Assert.False(plan.Verdict().NeedsPerson);
    }

    [Theory]
    [InlineData(1, 10)]
    [InlineData(2, 20)]
    [InlineData(3, 40)]
    [InlineData(4, 60)]
    public void Each_attempt_waits_longer(int before, double minutes)
    {
        var plan = RolloutPlanner.Plan(Given.Snapshot(Failing(Error(Reasons.PullFailed, 5), before)).With(s => s with { Rollout = s.Rollout with { StagingAttempts = 9 } }));

        Assert.Equal((before + 1, Given.In(minutes)), (plan.Written().Backoff!.Count, plan.Written().Backoff!.Until));
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(2, 1)]
    [InlineData(3, 2)]
    public void The_last_attempt_is_a_failure(int allowed, int before)
    {
        var plan = RolloutPlanner.Plan(
            Given.Snapshot(Failing(Error(Reasons.PullFailed, 5), before)).With(s => s with { Rollout = s.Rollout with { StagingAttempts = allowed } }));

        var written = plan.Written();
        Assert.Equal((Goal.Observe, null), (written.Goal, written.Backoff));
        Assert.Equal((Trees.New, 1L, Reasons.StagingFailed, Given.Now), (written.Failure!.Digest, written.Failure.Attempt, written.Failure.Reason, written.Failure.At));
        Assert.Equal((NodeStep.Failed, NodeTally.Failed, true), (plan.Verdict().Step, plan.Verdict().Tally, plan.Verdict().NeedsPerson));
        Assert.Equal("ApplySpec", plan.Kinds());
        Assert.True(plan.Of()[0].IsWarning);
    }

    [Theory]
    [InlineData(Reasons.DrainTimedOut, false)]
    [InlineData(Reasons.FinalizationNeverRan, false)]
    [InlineData(Reasons.StagingFailed, true)]
    public void Other_troubles_and_other_trees_are_not_counted(string reason, bool ofAnotherTree)
    {
        var node = Failing(Error(Reasons.PullFailed, 5))
            .Spec(s => s with { Backoff = Backoff(2) with { Digest = ofAnotherTree ? Trees.Newer : Trees.New, Reason = reason } });

        Assert.Equal(1, RolloutPlanner.Plan(Given.Snapshot(node)).Written().Backoff!.Count);
    }

    [Fact]
    public void While_it_backs_off_it_is_not_staged_and_then_it_is()
    {
        var node = Given.Idle("n1").Spec(s => s with { Policy = Given.Policy, Attempt = 1, Backoff = Backoff(1) with { Until = Given.In(5) } });

        var waiting = RolloutPlanner.Plan(Given.Snapshot(node));
        Assert.Equal((Reasons.BackingOff, Given.In(5)), (waiting.Verdict().Reason, waiting.NextWakeUp));
        Assert.Empty(waiting.Actions);

        var staged = RolloutPlanner.Plan(Given.Snapshot(node).At(Given.In(5))).Written();
        Assert.Equal((Goal.Stage, 2L, 1), (staged.Goal, staged.Attempt, staged.Backoff!.Count));
    }

    [Theory]
    [InlineData(0, true)]
    [InlineData(1, false)]
    public void It_counts_against_maxFailures_as_any_failure_does(int allowed, bool halted)
    {
        var snapshot = Given.Snapshot(Failed("n1"), Given.Idle("n2")).With(s => s with { Rollback = s.Rollback with { MaxFailures = IntOrPercent.Count(allowed) } });

        var plan = RolloutPlanner.Plan(snapshot);

        Assert.Equal((1, halted), (plan.Failures.Failed, plan.Failures.Halted));
        Assert.Equal(halted ? [] : ["n2"], plan.StagedNow());
        Assert.Equal((NodeStep.Failed, NodeTally.Failed, Reasons.StagingFailed), (plan.Verdict().Step, plan.Verdict().Tally, plan.Verdict().Reason));

        // What could not be fetched ran nowhere: no OSImage has it quarantined.
        Assert.Null(RolloutStatus.Compute(snapshot, plan).FailedDigests);
    }

    [Fact]
    public void A_node_that_somebody_cordoned_beside_that_is_not_said_to_keep_a_slot()
    {
        var snapshot = Given.Snapshot(Failed("n1") with { Unschedulable = true }, Given.Staged("n2"))
            .With(s => s with { Rollback = s.Rollback with { MaxFailures = IntOrPercent.Count(1) } });

        var ready = RolloutStatus.Compute(snapshot, RolloutPlanner.Plan(snapshot)).Conditions.Find(ConditionTypes.Ready)!;

        Assert.Contains("n1 (cordoned)", ready.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("keeps its slot", ready.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_person_who_asks_for_another_try_gets_all_attempts_again()
    {
        var plan = RolloutPlanner.Plan(Given.Snapshot(Failed("n1")).With(s => s with { Rollout = s.Rollout with { RetryFailuresBefore = Given.Now } }));

        Assert.Equal((Goal.Stage, 2L, null), (plan.Written().Goal, plan.Written().Attempt, plan.Written().Backoff));
    }

    [Theory]
    [InlineData(RollbackScope.Policy)]
    [InlineData(RollbackScope.Wave)]
    public void Nobody_who_runs_the_tree_goes_back_because_others_could_not_fetch_it(RollbackScope scope)
    {
        var snapshot = Given.Snapshot(Failed("n1"), Given.Upgraded("n2")).With(s => s with { Rollback = s.Rollback with { Scope = scope } });

        var plan = RolloutPlanner.Plan(snapshot);

        Assert.True(plan.Failures.Halted);
        Assert.Null(plan.TakingBack);
        Assert.Empty(plan.Granted());
        var recorded = snapshot with
        {
            Nodes = [Given.Upgraded("n2")],
            Policy = snapshot.Policy with { PreviousStatus = new() { FailedDigests = [new() { Digest = Trees.New, Reason = Reasons.StagingFailed, At = Given.Ago(5) }] } },
        };
        Assert.Empty(RolloutPlanner.Plan(recorded).Granted());
    }

    [Fact]
    public void Another_node_may_fetch_meanwhile()
    {
        var plan = RolloutPlanner.Plan(
            Given.Snapshot(Failing(Error(Reasons.PullFailed, 2)), Given.Idle("n2")).With(s => s with { Rollout = s.Rollout with { StageAhead = IntOrPercent.Count(1) } }));

        Assert.Equal(["n2"], plan.StagedNow());
    }

    private static NodeError Error(string reason, int count) => new() { Reason = reason, Message = "no route", At = Given.Ago(1), Count = count };

    private static NodeBackoff Backoff(int count) => new() { Digest = Trees.New, Reason = Reasons.StagingFailed, Count = count, Until = Given.Ago(1) };

    private static NodeFacts Failing(NodeError error, int before = 0, double deadline = 20) => Given.Staging("n1")
        .Spec(s => s with { Backoff = before == 0 ? null : Backoff(before), Deadlines = new() { Staged = Given.In(deadline) } })
        .Status(s => s with { LastError = error });

    private static NodeFacts Failed(string name) => Given.Idle(name).Spec(s =>
        s with { Policy = Given.Policy, Attempt = 1, Failure = Given.Failure(5) with { Reason = Reasons.StagingFailed, Evidence = null } });
}
