using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Slots;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Status;
using Ostler.Rollout.Tests.Support;

namespace Ostler.Rollout.Tests.Status;

/// <summary>When a rollout will be complete. A node takes ten minutes, as two that are through have shown.</summary>
public class CompletionEstimateTests
{
    private static readonly NodeFacts[] Through = [Took(Given.Updated("n1"), 8), Took(Given.Updated("n2"), 12)];

    [Fact]
    public void It_rests_on_what_nodes_took_and_is_not_made_anew_at_every_pass()
    {
        // n3 has its ten minutes behind it, three others are to come.
        NodeFacts[] nodes = [.. Through, Given.Booting("n3"), Given.Staged("n4"), Given.Idle("n5"), Given.Idle("n6")];

        var first = Next(nodes, 0);
        Assert.Equal(Given.In(30), first.EstimatedCompletion);
        Assert.Equal(Given.In(30), Next(nodes, 1, first).EstimatedCompletion);
        Assert.Equal(Given.In(40), Next(nodes, 10, first).EstimatedCompletion);
    }

    public static TheoryData<string, Func<UpgradePolicySpec, UpgradePolicySpec>, double?> Paces => new()
    {
        // what, the policy, minutes from now for four nodes
        { "one after the other", s => s, 40 },
        { "two at once", s => s with { Rollout = s.Rollout with { MaxUnavailable = IntOrPercent.Count(2) } }, 20 },
        { "in a window that is long enough", s => s with { Windows = [Window("0 12 * * *", 60)] }, 40 },
        { "in two windows", s => s with { Windows = [Window("0 12,14 * * *", 30)] }, 120 + 10 },
        { "with a freeze between", s => s with { Freezes = [new() { From = Given.In(20), To = Given.In(100) }] }, 100 + 20 },
        { "outside of its window", s => s with { Windows = [Window("0 13 * * *", 60)] }, 60 + 40 },
        { "in waves that soak", s => Waves(s, new WaveSpec { Name = "a", Nodes = IntOrPercent.Count(4), Soak = Duration.FromMinutes(60) }), 40 + 60 },
        { "in a last wave, for whose soak nobody waits", s => Waves(s, new WaveSpec { Name = "a", Nodes = IntOrPercent.Percent(100), Soak = Duration.FromMinutes(60) }), 40 },
        { "before an approval", s => Waves(s, new() { Name = "a", Nodes = IntOrPercent.Count(4) }, new() { Name = "b", Nodes = IntOrPercent.Count(9), Approval = WaveApproval.Manual }), null },
        { "while paused", s => s with { Paused = true }, null },
        { "while it depends on another", s => s with { DependsOn = ["gone"] }, null },
    };

    [Theory]
    [MemberData(nameof(Paces))]
    public void It_respects_the_pace(string what, Func<UpgradePolicySpec, UpgradePolicySpec> change, double? minutes)
    {
        Assert.NotEmpty(what);

        var status = Next([.. Through, Given.Idle("n3"), Given.Idle("n4"), Given.Idle("n5"), Given.Idle("n6")], 0, change: change);

        Assert.Equal(minutes is { } m ? Given.In(m) : null, status.EstimatedCompletion);
    }

    public static TheoryData<string, NodeFacts[], TopologySpec, double?> Domains => new()
    {
        // what, the nodes that are left, the topology, minutes from now with two slots
        { "as many zones at once as there are", [In("n3", "a"), In("n4", "a"), In("n5", "a"), In("n6", "b")], new() { MaxDomainsAtOnce = 2 }, 20 },
        { "one zone after the other, the last node of each by itself", [In("n3", "a"), In("n4", "a"), In("n5", "a"), In("n6", "b")], new(), 30 },
        { "nodes without a zone one after the other", [Given.Idle("n3"), Given.Idle("n4"), Given.Idle("n5")], new(), 30 },
        { "the zone of the node in flight first", [Begun("n3", 4).Label(GrantOrder.ZoneLabel, "b"), In("n4", "a"), In("n5", "b")], new(), 10 + 10 },
        { "never, while a node that failed holds the only zone", [Given.Held("n3").Label(GrantOrder.ZoneLabel, "b"), In("n4", "a")], new(), null },
        { "beside the zone that a node that failed holds", [Given.Held("n3").Label(GrantOrder.ZoneLabel, "b"), In("n4", "a"), In("n5", "a")], new() { MaxDomainsAtOnce = 2 }, 20 },
    };

    [Theory]
    [MemberData(nameof(Domains))]
    public void It_disrupts_no_more_zones_at_once_than_may_be(string what, NodeFacts[] left, TopologySpec topology, double? minutes)
    {
        Assert.NotEmpty(what);

        var status = Next([.. Through, .. left], 0, change: s => s with
        {
            Rollout = s.Rollout with { MaxUnavailable = IntOrPercent.Count(2), Topology = topology },
            Rollback = new() { MaxFailures = IntOrPercent.Count(3), Automatic = false },
        });

        Assert.Equal(minutes is { } m ? Given.In(m) : null, status.EstimatedCompletion);
    }

    [Fact]
    public void Nodes_of_the_control_plane_go_one_after_the_other_and_others_beside_them()
    {
        Assert.Equal(Given.In(10), WithThreeSlots(Given.Idle("n3"), Given.Idle("n4"), Given.Idle("n5")));
        Assert.Equal(Given.In(30), WithThreeSlots(Server("n3"), Server("n4"), Server("n5")));
        Assert.Equal(Given.In(20), WithThreeSlots(Server("n3"), Server("n4"), Given.Idle("n5"), Given.Idle("n6"), Given.Idle("n7"), Given.Idle("n8")));
        // The one in flight has six of its ten minutes before it.
        Assert.Equal(Given.In(16), WithThreeSlots(Begun("n3", 4).Label(NodeMarks.ControlPlaneLabel, ""), Server("n4")));
    }

    [Fact]
    public void There_is_none_for_a_control_plane_that_somebody_else_keeps_short()
    {
        Assert.Null(WithThreeSlots(Server("n3"), Server("n4") with { Unschedulable = true }));
        Assert.Equal(Given.In(10), WithThreeSlots(Given.Idle("n3"), Server("n4") with { Unschedulable = true }));
    }

    [Fact]
    public void A_node_in_flight_has_its_slot_until_it_is_through()
    {
        Assert.Equal(Given.In(6 + 10), Next([.. Through, Begun("n3", 4), Given.Idle("n4")], 0).EstimatedCompletion);
    }

    [Fact]
    public void A_node_that_would_not_be_through_before_its_window_closes_waits_for_the_next()
    {
        // Three fit in 35 minutes.
        var status = Next(
            [.. Through, Given.Idle("n3"), Given.Idle("n4"), Given.Idle("n5"), Given.Idle("n6")], 0, change: s => s with { Windows = [Window("0 12,14 * * *", 35)] });

        Assert.Equal(Given.In(120 + 10), status.EstimatedCompletion);
    }

    [Fact]
    public void A_wave_whose_soak_outlasts_the_window_sends_the_next_one_to_the_next_window()
    {
        var status = Next(
            [.. Through, Given.Idle("n3"), Given.Idle("n4"), Given.Idle("n5")], 0,
            change: s => Waves(s with { Windows = [Window("0 12 * * *", 60)] }, new WaveSpec { Name = "a", Nodes = IntOrPercent.Count(4), Soak = Duration.FromMinutes(50) }));

        Assert.Equal(Given.In((24 * 60) + 10), status.EstimatedCompletion);
    }

    [Fact]
    public void A_freeze_that_begins_before_the_next_node_is_through_holds_it_back()
    {
        var status = Next([.. Through, Given.Idle("n3"), Given.Idle("n4")], 0, change: s => s with { Freezes = [new() { From = Given.In(15), To = Given.In(100) }] });

        Assert.Equal(Given.In(110), status.EstimatedCompletion);
    }

    [Fact]
    public void There_is_none_without_a_measurement_and_none_for_nodes_that_cannot_go()
    {
        Assert.Null(Next([Given.Updated("n1"), Given.Idle("n2")], 0).EstimatedCompletion);
        Assert.Null(Next([.. Through, Given.Idle("n3") with { Unschedulable = true }], 0).EstimatedCompletion);
    }

    [Fact]
    public void Steps_are_measured_each_by_one_clock()
    {
        // The node's clock is a year ahead.
        var skewed = Took(Given.Updated("n3"), 20).Status(s => s with
        {
            Timings = new()
            {
                StagingStartedAt = Given.Now.AddDays(365),
                StagedAt = Given.Now.AddDays(365).AddMinutes(3),
                RebootRequestedAt = Given.Now.AddDays(365).AddMinutes(9),
                BootedAt = Given.Now.AddDays(365).AddMinutes(11),
            },
        });

        var durations = Next([.. Through, skewed], 0).Durations!;

        Assert.Equal(("13m20s", "20m", 3), (durations.Node!.Average.ToString(), durations.Node.Max.ToString(), durations.Node.Count));
        Assert.Equal(("2m", 3), (durations.Drain!.Average.ToString(), durations.Drain.Count));
        Assert.Equal(("3m", 1), (durations.Staging!.Average.ToString(), durations.Staging.Count));
        Assert.Equal(("2m", 1), (durations.Reboot!.Average.ToString(), durations.Reboot.Count));
        // Healthy seventeen minutes after the order, of which the reboot took two.
        Assert.Equal("15m", durations.Verify!.Average.ToString());
    }

    /// <summary>Found in a cluster whose verification was said to take four hours.</summary>
    [Theory]
    [InlineData(-240)]
    [InlineData(240)]
    public void A_clock_that_was_set_while_the_node_was_down_gives_neither_a_reboot_nor_a_verification(double minutes)
    {
        var set = Took(Given.Updated("n1"), 20).Status(s => s with { Timings = new() { RebootRequestedAt = Given.Ago(60), BootedAt = Given.Ago(60 - minutes) } });

        var durations = Next([set], 0).Durations!;

        Assert.Null(durations.Reboot);
        Assert.Null(durations.Verify);
        Assert.Equal("20m", durations.Node!.Average.ToString());
    }

    [Fact]
    public void The_figures_of_the_former_rollout_stay_until_there_are_new_ones()
    {
        var former = Next([.. Through], 0);
        var newer = Next([Given.Staged("n1"), Given.Staged("n2")], 5, former);

        Assert.Equal(former.Durations, newer.Durations);
        Assert.Null(Next([Given.Idle("n1")], 0).Durations);
    }

    private static NodeFacts Took(NodeFacts node, double minutes) => node.Spec(s => s with
    {
        LastUpgrade = new()
        {
            GrantedAt = Given.Ago(500),
            BootRequestedAt = Given.Ago(498),
            HealthySince = Given.Ago(500 - minutes + 1),
            CompletedAt = Given.Ago(500 - minutes),
        },
    });

    private static NodeFacts In(string name, string zone) => Given.Idle(name).Label(GrantOrder.ZoneLabel, zone);

    private static NodeFacts Server(string name) => Given.Idle(name).Label(NodeMarks.ControlPlaneLabel, "");

    private static NodeFacts Begun(string name, double minutesAgo) => Given.Booting(name) with { CordonedAt = Given.Ago(minutesAgo) };

    private static DateTimeOffset? WithThreeSlots(params NodeFacts[] left) => Next(
        [.. Through, .. left], 0, change: s => s with { Rollout = s.Rollout with { MaxUnavailable = IntOrPercent.Count(3) } }).EstimatedCompletion;

    private static MaintenanceWindow Window(string schedule, double minutes) => new() { Schedule = schedule, Duration = Duration.FromMinutes(minutes) };

    private static UpgradePolicySpec Waves(UpgradePolicySpec spec, params WaveSpec[] waves) => spec with { Rollout = spec.Rollout with { Waves = waves } };

    private static UpgradePolicyStatus Next(
        NodeFacts[] nodes, double minutes, UpgradePolicyStatus? previous = null, Func<UpgradePolicySpec, UpgradePolicySpec>? change = null)
    {
        var snapshot = Given.Snapshot(nodes).With(change ?? (s => s));
        snapshot = snapshot with { Now = Given.In(minutes), Policy = snapshot.Policy with { PreviousStatus = previous } };
        return RolloutStatus.Compute(snapshot, RolloutPlanner.Plan(snapshot));
    }
}
