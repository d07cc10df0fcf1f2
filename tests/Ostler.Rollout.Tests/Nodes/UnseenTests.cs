using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Tests.Support;

namespace Ostler.Rollout.Tests.Nodes;

/// <summary>What passed while the controller could not see the cluster is held against no image.</summary>
public class UnseenTests
{
    [Theory]
    [InlineData(-1, null, true)]
    [InlineData(-4, null, false)]
    [InlineData(-1, -30, true)]
    [InlineData(-9, -30, true)]
    [InlineData(-11, -30, false)]
    [InlineData(-25, null, false)]
    public void A_health_deadline_that_passed_unseen_gets_time_for_reports(int since, int? lost, bool waits)
    {
        var node = Given.Booted("n1").Spec(s => s with
        {
            BootRequestedAt = Given.Ago(20),
            Deadlines = new() { Reboot = Given.Ago(9), Healthy = Given.Ago(2) }
        })
            .Status(s => s with { Timings = new() { BootedAt = Given.Ago(19) } });

        var plan = RolloutPlanner.Plan(Given.Snapshot(node) with { Sight = Seen(since, lost) });

        Assert.Equal(waits, plan.Actions.Count == 0);
        Assert.Equal(waits ? NodeStep.Verifying : NodeStep.RollingBack, plan.Verdict().Step);
    }

    [Fact]
    public void An_order_of_the_leaders_first_second_was_seen_from_its_start()
    {
        var node = Given.Booted("n1").Spec(s => s with
        {
            BootRequestedAt = Given.Ago(1),
            Deadlines = new() { Reboot = Given.In(14), Healthy = Given.Ago(0.2) }
        })
            .Status(s => s with { Timings = new() { BootedAt = Given.Ago(0.5) } });

        var plan = RolloutPlanner.Plan(Given.Snapshot(node) with { Sight = new(Given.Ago(1).AddMilliseconds(600), null) });

        Assert.Equal(NodeStep.RollingBack, plan.Verdict().Step);
    }

    [Theory]
    [InlineData(-1, null, true)]
    [InlineData(-4, null, false)]
    [InlineData(-1, -30, true)]
    [InlineData(-16, -30, false)]
    public void So_does_the_deadline_of_a_reboot(int since, int? lost, bool waits)
    {
        var node = (Given.Booting("n1") with { Ready = false }).Spec(s =>
            s with { BootRequestedAt = Given.Ago(20), Deadlines = new() { Reboot = Given.Ago(2), Healthy = Given.In(5) } });

        Assert.Equal(waits, RolloutPlanner.Plan(Given.Snapshot(node) with { Sight = Seen(since, lost) }).Actions.Count == 0);
    }

    [Theory]
    [InlineData(Reasons.WatchdogExpired, -1, -4, true)]
    [InlineData(Reasons.WatchdogExpired, -1, null, false)]
    [InlineData(Reasons.WatchdogExpired, -6, -9, false)]
    [InlineData(Reasons.ApiUnreachable, -60, null, true)]
    [InlineData(Reasons.BootFellBack, -1, -4, false)]
    public void A_host_that_went_back_because_nobody_could_be_told_lost_a_boot(string reason, int since, int? lost, bool isLost)
    {
        var node = Given.Booted("n1", Trees.Old).Error(reason, NodeStep.RolledBack);

        var plan = RolloutPlanner.Plan(Given.Snapshot(node) with { Sight = Seen(since, lost) });

        Assert.Equal(isLost ? "ApplySpec Uncordon" : "ApplySpec", plan.Kinds());
        Assert.Equal(isLost ? Reasons.ApiUnreachable : null, plan.Written().Backoff?.Reason);
        Assert.Equal(isLost, plan.Written().Failure is null);
    }

    [Fact]
    public void The_third_such_boot_in_a_row_fails_the_node_and_blames_no_image()
    {
        var node = Given.Booted("n1", Trees.Old).Error(Reasons.ApiUnreachable, NodeStep.RolledBack)
            .Spec(s => s with
            {
                Backoff = new()
                {
                    Digest = Trees.New,
                    Until = Given.Ago(30),
                    Count = 2,
                    Reason = Reasons.ApiUnreachable
                }
            });

        var failure = RolloutPlanner.Plan(Given.Snapshot(node)).Written().Failure!;

        Assert.Equal((Reasons.ApiUnreachable, null), (failure.Reason, failure.Evidence));
    }

    /// <summary>The order is cut to whole seconds as the boot is: the same clock never shows a boot before its order.</summary>
    [Fact]
    public void A_boot_in_the_second_of_its_order_is_after_it()
    {
        var ordered = Given.Now.AddMinutes(-11).AddMilliseconds(900);
        var node = Given.Booted("n1").Spec(s => s with
        {
            BootRequestedAt = ordered.TruncateToSeconds(),
            Deadlines = new() { Reboot = Given.In(4), Healthy = Given.In(14) }
        })
            .Status(s => s with { Timings = new() { BootedAt = ordered.AddMilliseconds(50).TruncateToSeconds() } });

        Assert.Equal(NodeStep.RollingBack, RolloutPlanner.Plan(Given.Snapshot(node)).Verdict().Step);
    }

    private static ControllerSight Seen(int since, int? lost) => new(Given.In(since), lost is { } at ? Given.In(at) : null);
}
