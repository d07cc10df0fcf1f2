using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Status;
using Ostler.Rollout.Tests.Support;

namespace Ostler.Rollout.Tests.Nodes;

public class RecoveringTests
{
    private static readonly DisplacedWorkload Web = new() { Kind = "Deployment", Namespace = "apps", Name = "web", Available = 3 };

    [Fact]
    public void Before_the_first_eviction_the_workloads_of_the_pods_are_asked_for()
    {
        var plan = RolloutPlanner.Plan(Given.Snapshot(Given.Cordoned("n1", Given.Pod("web-1")) with { Workloads = null }));

        Assert.Empty(plan.Actions);
        var question = Assert.IsType<Probe.Workloads>(Assert.Single(plan.Probes));
        Assert.Equal((Given.Now, "web-1"), (question.DueAt, Assert.Single(question.Of).Name));
    }

    [Fact]
    public void What_was_available_is_written_down_before_anything_is_evicted()
    {
        var plan = RolloutPlanner.Plan(Given.Snapshot(Draining(
            new("StatefulSet", "apps", "db", 3, 2), new("Deployment", "apps", "web", 4, 3), new("Deployment", "apps", "down", 2, 0), new("Deployment", "apps", "off", 0, 0))));

        Assert.Equal("ApplySpec EvictPod", plan.Kinds());
        Assert.Equal(Goal.Stage, plan.Written().Goal);
        Assert.Equal(
            [new() { Kind = "StatefulSet", Namespace = "apps", Name = "db", Available = 2 }, Web], plan.Written().Displaced!);
    }

    [Fact]
    public void So_it_is_before_pods_that_could_not_be_evicted_are_deleted_by_force()
    {
        var node = Draining(new WorkloadState("Deployment", "apps", "web", 4, 3)) with
        {
            Pods = [Given.Pod("web-1") with { HasEmptyDir = true }],
            CordonedAt = Given.Ago(31),
        };
        RolloutPlan Plan(NodeFacts n) => RolloutPlanner.Plan(
            Given.Snapshot(n).With(s => s with { Drain = new() { OnTimeout = DrainTimeoutAction.Force, DeleteEmptyDirData = false } }));

        Assert.Equal("ApplySpec DeletePod", Plan(node).Kinds());
        Assert.Equal([Web], Plan(node).Written().Displaced!);
        Assert.Empty(Plan(node with { Workloads = null }).Actions);
        Assert.Single(Plan(node with { Workloads = null }).Probes);
    }

    [Fact]
    public void It_is_written_down_once()
    {
        var plan = RolloutPlanner.Plan(Given.Snapshot(Draining(new WorkloadState("Deployment", "apps", "web", 4, 1)).Spec(s => s with { Displaced = [Web] })));

        Assert.Equal("EvictPod", plan.Kinds());
    }

    [Fact]
    public void No_more_than_fifty_are_written_down()
    {
        var plan = RolloutPlanner.Plan(Given.Snapshot(Draining([.. Enumerable.Range(0, 60).Select(i => new WorkloadState("Deployment", "apps", $"w{i:00}", 1, 1))])));

        Assert.Equal(50, plan.Written().Displaced!.Count);
        Assert.Equal("w49", plan.Written().Displaced![^1].Name);
    }

    [Theory]
    [InlineData(1, 2.0, "")]
    [InlineData(2, 2.0, "")]
    [InlineData(3, 0.0, "EvictPod")]
    public void A_drain_does_not_fail_for_want_of_a_record(int failures, double askedInSeconds, string kinds)
    {
        var plan = RolloutPlanner.Plan(Given.Snapshot(Draining() with { Workloads = new() { At = Given.Ago(0.05), Error = "forbidden", Failures = failures } }));

        Assert.Equal(kinds, plan.Kinds());
        Assert.All(plan.Probes, q => Assert.Equal(Given.Now.AddSeconds(askedInSeconds), q.DueAt));
    }

    [Fact]
    public void An_answer_of_before_the_slot_is_none() =>
        Assert.Empty(RolloutPlanner.Plan(Given.Snapshot(Draining() with { Workloads = new() { At = Given.Ago(11) } })).Actions);

    [Theory]
    [InlineData("booting")]
    [InlineData("rolling back")]
    [InlineData("held")]
    public void The_record_goes_with_the_node(string way)
    {
        var node = way switch
        {
            "booting" => Given.Cordoned("n1"),
            "rolling back" => Given.Booted("n1").Error(Reasons.HostCheckFailed, NodeStep.Failed),
            _ => Given.Booted("n1").Error(Reasons.HostCheckFailed, NodeStep.Failed),
        };
        var plan = RolloutPlanner.Plan(Given.Snapshot(node.Spec(s => s with { Displaced = [Web] })).With(s => s with { Rollback = new() { Automatic = way != "held" } }));

        Assert.Equal(way switch { "booting" => Goal.Boot, "rolling back" => Goal.Rollback, _ => Goal.Observe }, plan.Written().Goal);
        Assert.Equal([Web], plan.Written().Displaced!);
    }

    [Fact]
    public void A_node_that_is_through_keeps_its_slot_until_its_workloads_are_available_again()
    {
        var plan = RolloutPlanner.Plan(Given.Snapshot(Soaked(Now(2)), Given.Staged("n2")));

        Assert.Equal("Uncordon ApplySpec", plan.Kinds());
        Assert.Equal((Goal.Observe, Given.In(10)), (plan.Written().Goal, plan.Written().Deadlines!.Recovered));
        Assert.Equal([Web], plan.Written().Displaced!);
        Assert.Equal((NodeStep.Soaking, Reasons.WaitingForWorkloads, NodeTally.Updating), (plan.Verdict().Step, plan.Verdict().Reason, plan.Verdict().Tally));
        Assert.Empty(plan.Granted());
    }

    [Theory]
    [InlineData("available again", 3, 4, true)]
    [InlineData("scaled down meanwhile", 2, 2, true)]
    [InlineData("deleted meanwhile", 0, null, true)]
    [InlineData("one is missing", 2, 4, false)]
    public void A_node_whose_workloads_are_available_when_the_soak_is_over_is_through_at_once(string what, int available, int? replicas, bool through)
    {
        Assert.NotEmpty(what);
        var plan = RolloutPlanner.Plan(Given.Snapshot(Soaked(Now(available, replicas))));

        Assert.Equal(through, plan.Written().Displaced is null);
        Assert.Equal(through ? NodeTally.Updated : NodeTally.Updating, plan.Verdict().Tally);
    }

    [Fact]
    public void They_are_asked_for_during_the_soak()
    {
        var plan = RolloutPlanner.Plan(Given.Snapshot(Given.Soaking("n1", 5).Spec(s => s with { Displaced = [Web] })));

        Assert.Equal([Web], Assert.IsType<Probe.Workloads>(Assert.Single(plan.Probes)).Named);
    }

    [Fact]
    public void A_look_from_before_the_boot_proves_nothing() =>
        Assert.NotNull(RolloutPlanner.Plan(Given.Snapshot(Soaked(Now(3) with { At = Given.Ago(3) }))).Written().Displaced);

    [Fact]
    public void While_it_recovers_it_is_in_flight_and_unavailable()
    {
        var plan = RolloutPlanner.Plan(Given.Snapshot(Recovering(5, Now(2)), Given.Staged("n2")));

        Assert.Empty(plan.Actions);
        Assert.True(plan.Verdict() is { InFlight: true, Unavailable: true, Blocked: false, Reason: Reasons.WaitingForWorkloads });
        Assert.Contains("Deployment apps/web (2 of 3 available)", plan.Verdict().Message, StringComparison.Ordinal);
        Assert.Equal(Given.In(5), plan.NextWakeUp);
        Assert.Equal(1, plan.Availability.Unavailable);
        Assert.Equal(Given.Ago(0.1).AddSeconds(5), Assert.Single(plan.Probes).DueAt);
    }

    [Fact]
    public void As_soon_as_they_are_available_the_slot_goes_on()
    {
        var plan = RolloutPlanner.Plan(Given.Snapshot(Recovering(5, Now(3))));

        Assert.Equal((null, null, Goal.Observe), (plan.Written().Displaced, plan.Written().Deadlines, plan.Written().Goal));
        Assert.Equal((NodeTally.Updated, Reasons.Updated), (plan.Verdict().Tally, plan.Of()[0].Reason));
    }

    [Fact]
    public void When_they_are_late_no_further_node_is_taken_and_a_person_is_told_what_to_do()
    {
        var snapshot = Given.Snapshot(Recovering(0, Now(2)), Given.Staged("n2")).With(s => s with { Rollout = s.Rollout with { MaxUnavailable = IntOrPercent.Count(2) } });

        var plan = RolloutPlanner.Plan(snapshot);

        Assert.Empty(plan.Actions);
        Assert.True(plan.Verdict() is { Blocked: true, NeedsPerson: true, InFlight: false, Tally: NodeTally.Updated, Reason: Reasons.WorkloadsNotRecovered });
        Assert.Equal((Reasons.WorkloadsNotRecovered, true), (plan.Gate!.Reason, plan.Gate.StagingAllowed));
        Assert.Equal(Given.Ago(0.1).AddSeconds(30), Assert.Single(plan.Probes).DueAt);
        var status = RolloutStatus.Compute(snapshot, plan);
        Assert.Equal(Reasons.WorkloadsNotRecovered, status.Conditions.Find(ConditionTypes.Stalled)!.Reason);
        Assert.Contains("kubectl ostler retry", status.Conditions.Find(ConditionTypes.Ready)!.Message, StringComparison.Ordinal);
        Assert.Contains("Deployment apps/web (2 of 3 available)", Assert.Single(status.Blocked!).Message, StringComparison.Ordinal);
    }

    public static TheoryData<string, Func<RolloutSnapshot, RolloutSnapshot>> Ends => new()
    {
        { "a person asks to go on", s => s.With(p => p with { Rollout = p.Rollout with { RetryFailuresBefore = Given.Now } }) },
        { "they are not waited for any more", s => s.With(p => p with { Drain = p.Drain with { WorkloadTimeout = Duration.Zero } }) },
        { "a check says so", s => s.With(p => p with { Health = new() { Checks = [new() { Name = "w", Workloads = new() { Timeout = Duration.Zero } }] } }) },
        { "the node is not selected any more", s => s.With(p => p with { NodeSelector = new() { MatchLabels = new Dictionary<string, string> { ["role"] = "edge" } } }) },
        { "the policy is gone", s => s with { Policy = s.Policy with { Spec = null } } },
    };

    [Theory]
    [MemberData(nameof(Ends))]
    public void A_late_node_is_let_go_when(string what, Func<RolloutSnapshot, RolloutSnapshot> change)
    {
        Assert.NotEmpty(what);
        var plan = RolloutPlanner.Plan(change(Given.Snapshot(Recovering(0, Now(2)))));

        Assert.Equal("ApplySpec", plan.Kinds());
        Assert.Null(plan.Written().Displaced);
        Assert.Null(plan.Written().Deadlines);
    }

    [Fact]
    public void A_check_of_workloads_overrides_the_timeout()
    {
        var snapshot = Given.Snapshot(Soaked(Now(2))).With(s => s with { Health = new() { Checks = [new() { Name = "w", Workloads = new() { Timeout = Duration.FromMinutes(3) } }] } });

        Assert.Equal(Given.In(3), RolloutPlanner.Plan(snapshot).Written().Deadlines!.Recovered);
    }

    [Fact]
    public void A_node_that_went_back_or_was_given_back_waits_for_its_workloads_too()
    {
        var back = RolloutPlanner.Plan(Given.Snapshot(Given.Back("n1").Spec(s => s with { Displaced = [Web] })));
        var released = RolloutPlanner.Plan(Given.Snapshot((Given.Cordoned("n1", Given.Pod("web")) with { CordonedAt = Given.Ago(31) }).Spec(s => s with { Displaced = [Web] })));

        Assert.Equal(("Uncordon ApplySpec", Given.In(10)), (back.Kinds(), back.Written().Deadlines!.Recovered));
        Assert.NotNull(back.Written().Failure);
        Assert.Equal(("ApplySpec Uncordon", Given.In(10)), (released.Kinds(), released.Written().Deadlines!.Recovered));
        Assert.NotNull(released.Written().Backoff);
    }

    [Fact]
    public void What_was_seen_before_the_drain_does_not_make_a_release_a_recovery()
    {
        var node = Given.Cordoned("n1", Given.Pod("web") with { DeletionTimestamp = Given.Now }).Spec(s => s with { Displaced = [Web] }) with { Workloads = Now(3) };

        var plan = RolloutPlanner.Plan(Given.Snapshot(node) with { Image = Given.Image(Trees.Newer) });

        Assert.Equal((Reasons.TargetChanged, Given.In(10)), (plan.Of()[0].Reason, plan.Written().Deadlines!.Recovered));
    }

    [Fact]
    public void Of_a_release_that_a_crash_cut_in_half_the_uncordon_comes_first() =>
        Assert.Equal("Uncordon", RolloutPlanner.Plan(Given.Snapshot(Recovering(5, Now(3)) with { Unschedulable = true, CordonedBy = Given.Policy })).Kinds());

    private static WorkloadFacts Now(int available, int? replicas = 4) =>
        new() { At = Given.Ago(0.1), Workloads = [new("Deployment", "apps", "web", replicas, available)] };

    private static NodeFacts Draining(params WorkloadState[] workloads) =>
        Given.Cordoned("n1", Given.Pod("web-1")) with { Workloads = new() { At = Given.Ago(0.1), Workloads = workloads } };

    private static NodeFacts Soaked(WorkloadFacts workloads) => Given.Soaking("n1", 60).Spec(s => s with { Displaced = [Web] }) with { Workloads = workloads };

    private static NodeFacts Recovering(double until, WorkloadFacts workloads) =>
        Given.Updated("n1").Spec(s => s with { Displaced = [Web], Deadlines = new() { Recovered = Given.In(until) } }) with { Workloads = workloads };
}
