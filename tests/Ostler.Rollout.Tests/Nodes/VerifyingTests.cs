using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Tests.Support;

namespace Ostler.Rollout.Tests.Nodes;

public class VerifyingTests
{
    public static TheoryData<string, string, string> NotHealthy => new()
    {
        // what is wrong, what it waits for, what it is called at the deadline
        { "no host checks yet", Reasons.WaitingForHostChecks, Reasons.HealthTimedOut },
        { "host checks unknown", Reasons.WaitingForHostChecks, Reasons.HealthTimedOut },
        { "a host check fails", Reasons.WaitingForHostChecks, Reasons.HostCheckFailed },
        { "kubelet of the former boot", Reasons.WaitingForNodeReady, Reasons.NodeNotReadyAfterBoot },
        { "node not Ready", Reasons.WaitingForNodeReady, Reasons.NodeNotReadyAfterBoot },
        { "heartbeat from before the boot", Reasons.WaitingForNodeReady, Reasons.NodeNotReadyAfterBoot },
    };

    [Theory]
    [MemberData(nameof(NotHealthy))]
    public void A_node_is_not_healthy_with(string what, string reason, string failure)
    {
        var waiting = RolloutPlanner.Plan(Given.Snapshot(Unhealthy(what)));
        Assert.Empty(waiting.Actions);
        Assert.Equal((NodeStep.Verifying, reason), (waiting.Verdict().Step, waiting.Verdict().Reason));

        // Soaking is over as soon as a check stops passing.
        var lost = RolloutPlanner.Plan(Given.Snapshot(Unhealthy(what).Spec(s => s with { HealthySince = Given.Ago(10) })));
        Assert.Null(Assert.IsType<NodeAction.ApplySpec>(Assert.Single(lost.Of())).Spec.HealthySince);
        Assert.Equal(Goal.Boot, lost.Written().Goal);

        var failed = RolloutPlanner.Plan(Given.Snapshot(Unhealthy(what).Spec(s => s with { Deadlines = new() { Reboot = Given.Ago(5), Healthy = Given.Now } })));
        Assert.Equal((Goal.Rollback, failure), (failed.Written().Goal, failed.Written().Failure!.Reason));
    }

    [Fact]
    public void When_all_checks_pass_the_soak_begins()
    {
        var plan = RolloutPlanner.Plan(Given.Snapshot(Given.Healthy("n1")));

        Assert.Equal(Given.Healthy("n1").OS!.Spec with { HealthySince = Given.Now }, plan.Written());
        Assert.Equal((NodeStep.Soaking, Given.Now.AddSeconds(30)), (plan.Verdict().Step, plan.NextWakeUp));
    }

    [Fact]
    public void A_new_generation_that_only_records_the_soak_does_not_make_the_report_stale()
    {
        var node = Given.Soaking("n1", 5);

        Assert.Empty(RolloutPlanner.Plan(Given.Snapshot(node with { OS = node.OS! with { Generation = 2 } })).Actions);
    }

    [Theory]
    [InlineData(29.9, "")]
    [InlineData(30, "Uncordon ApplySpec")]
    public void A_node_is_updated_when_the_soak_is_over(double seconds, string kinds)
    {
        var plan = RolloutPlanner.Plan(Given.Snapshot(Given.Soaking("n1", seconds)));

        Assert.Equal(kinds, plan.Kinds());
        if (kinds.Length > 0)
        {
            Assert.Equal(
                new NodeOSSpec
                {
                    Policy = Given.Policy,
                    Image = Trees.Image(Trees.New),
                    Goal = Goal.Observe,
                    Attempt = 1,
                    LastUpgrade = new()
                    {
                        GrantedAt = Given.Ago(10),
                        BootRequestedAt = Given.Ago(5),
                        HealthySince = Given.Now.AddSeconds(-seconds),
                        CompletedAt = Given.Now,
                        Previous = new() { Digest = Trees.Old, Version = "41" },
                    },
                },
                plan.Written());
            Assert.Equal((NodeStep.Updated, NodeTally.Updated), (plan.Verdict().Step, plan.Verdict().Tally));
        }
    }

    [Fact]
    public void Without_a_soak_a_healthy_node_is_updated_at_once() =>
        Assert.Equal(
            "Uncordon ApplySpec",
            RolloutPlanner.Plan(Given.Snapshot(Given.Healthy("n1")).With(s => s with { Rollout = s.Rollout with { Soak = Duration.Zero } })).Kinds());

    [Fact]
    public void A_soak_that_seems_to_begin_in_the_future_begins_now() =>
        Assert.Equal(Given.Now, RolloutPlanner.Plan(Given.Snapshot(Given.Soaking("n1", -600))).Written().HealthySince);

    [Fact]
    public void A_crash_between_the_uncordon_and_its_record_leaves_only_the_record_to_write()
    {
        var node = Given.Soaking("n1", 60) with { Unschedulable = false, CordonedBy = null, CordonedAt = null };

        Assert.Equal("ApplySpec", RolloutPlanner.Plan(Given.Snapshot(node)).Kinds());
        Assert.Equal(Goal.Observe, RolloutPlanner.Plan(Given.Snapshot(node with { Ready = false })).Written().Goal);
    }

    [Fact]
    public void A_node_that_a_human_cordoned_in_the_meantime_ends_cordoned()
    {
        var node = Given.Soaking("n1", 60) with { CordonedBy = null, CordonedAt = null };

        Assert.Equal("ApplySpec", RolloutPlanner.Plan(Given.Snapshot(node)).Kinds());
    }

    public static TheoryData<string, double?, bool> HealthDeadlines => new()
    {
        // The order was given five minutes ago, checks may take ten minutes from the boot, and 20 minutes from now is the last moment.
        { "booted eleven minutes ago by a clock that is behind: as if it were not known", -11, false },
        { "booted now", 0, false },
        { "booted in an hour by a clock that is ahead: counted from now", 60, false },
        { "boot time unknown", null, false },
    };

    [Theory]
    [MemberData(nameof(HealthDeadlines))]
    public void The_nodes_clock_is_not_trusted_beyond_the_order_and_the_present(string label, double? bootedAt, bool fails)
    {
        _ = label;
        var node = Given.Booted("n1").Status(s => s with { Timings = new() { BootedAt = bootedAt is { } minutes ? Given.In(minutes) : null } });

        Assert.Equal(fails, RolloutPlanner.Plan(Given.Snapshot(node)).Actions.Count > 0);
    }

    [Theory]
    [InlineData(-12, -9.9, false)]
    [InlineData(-12, -10, true)]
    [InlineData(-8, -60, false)]
    [InlineData(-10, -60, false)]
    public void Health_must_come_within_its_timeout_of_the_boot(double orderedAt, double bootedAt, bool fails)
    {
        var node = Given.Booted("n1")
            .Spec(s => s with { BootRequestedAt = Given.In(orderedAt), Deadlines = new() { Reboot = Given.In(5), Healthy = Given.In(15) } })
            .Status(s => s with { Timings = new() { BootedAt = Given.In(bootedAt) } });

        Assert.Equal(fails, RolloutPlanner.Plan(Given.Snapshot(node)).Actions.Count > 0);
    }

    [Theory]
    [InlineData(-1, false)]
    [InlineData(0, true)]
    public void Health_must_come_by_the_declared_deadline_whatever_the_boot_time(double sinceDeadline, bool fails)
    {
        var node = Given.Booted("n1")
            .Spec(s => s with { BootRequestedAt = Given.Ago(25), Deadlines = new() { Reboot = Given.Ago(10), Healthy = Given.In(-sinceDeadline) } })
            .Status(s => s with { Timings = null });

        Assert.Equal(fails, RolloutPlanner.Plan(Given.Snapshot(node)).Actions.Count > 0);
    }

    [Fact]
    public void A_healthy_node_that_is_seen_only_after_its_deadline_is_not_rolled_back()
    {
        var node = Given.Healthy("n1").Spec(s => s with { Deadlines = new() { Reboot = Given.Ago(60), Healthy = Given.Ago(50) } });

        Assert.Equal(NodeStep.Soaking, RolloutPlanner.Plan(Given.Snapshot(node)).Verdict().Step);
    }

    [Fact]
    public void A_check_that_fails_after_the_deadline_is_the_last()
    {
        var node = Given.Soaking("n1", 5).Host(ConditionStatus.False, "edge.service is failed")
            .Spec(s => s with { Deadlines = new() { Reboot = Given.Ago(60), Healthy = Given.Ago(1) } });

        var failure = RolloutPlanner.Plan(Given.Snapshot(node)).Written().Failure!;

        Assert.Equal(Reasons.HostCheckFailed, failure.Reason);
        Assert.Contains("edge.service is failed", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_node_whose_target_changed_while_it_booted_ends_updated_and_is_then_staged_again()
    {
        var snapshot = Given.Snapshot(Given.Soaking("n1", 60)) with { Image = Given.Image(Trees.Newer) };

        var plan = RolloutPlanner.Plan(snapshot);

        Assert.Equal("Uncordon ApplySpec", plan.Kinds());
        Assert.Equal(NodeTally.Pending, plan.Verdict().Tally);
        Assert.Equal(["n1"], RolloutPlanner.Plan(Given.Snapshot(Given.Updated("n1")) with { Image = Given.Image(Trees.Newer) }).StagedNow());
    }

    private static NodeFacts Unhealthy(string what) => what switch
    {
        "no host checks yet" => Given.Booted("n1"),
        "host checks unknown" => Given.Booted("n1").Host(ConditionStatus.Unknown),
        "a host check fails" => Given.Booted("n1").Host(ConditionStatus.False, "edge.service is failed"),
        "kubelet of the former boot" => Given.Healthy("n1") with { BootID = "n1-boot-1" },
        "node not Ready" => Given.Healthy("n1") with { Ready = false },
        _ => Given.Healthy("n1") with { ReadyHeartbeat = Given.Ago(2.1) },
    };
}
