using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Tests.Support;
using Ostler.Simulation;
using Ostler.Testing;

namespace Ostler.Rollout.Tests.Simulation;

/// <summary>What the real planner would do to a described fleet.</summary>
public class ForecastTests
{
    [Fact]
    public void A_forecast_tells_its_story()
    {
        var forecast = Fleets.Forecast(Small() with { Seed = 3, Failures = new() { Unhealthy = 0.1 } }, Paced);

        Golden.VerifyFile(string.Join('\n', ForecastText.Lines(forecast)), "tests/Ostler.Rollout.Tests/Testdata/forecast/forecast.txt");
    }

    [Fact]
    public void The_same_description_gives_the_same_forecast_and_another_seed_another()
    {
        static IReadOnlyList<string> Of(ulong seed) => ForecastText.Lines(Fleets.Forecast(Small() with { Seed = seed }, Paced));

        Assert.Equal(Of(7), Of(7));
        Assert.NotEqual(Of(7).Skip(1), Of(8).Skip(1));
    }

    [Fact]
    public void A_week_obeys_the_windows_and_maxUnavailable()
    {
        const int Most = 4;
        var fleet = Fleets.Of(Fleets.Edge(120)) with { Horizon = new(TimeSpan.FromDays(7)), Workloads = [new() { Name = "web", Replicas = 60, MinAvailable = 50 }] };

        var forecast = Fleets.Forecast(
            fleet, s => s with { Windows = [Fleets.Nightly(0.75)], Rollout = s.Rollout with { MaxUnavailable = IntOrPercent.Count(Most), NodeDuration = Duration.FromMinutes(10) } });

        Assert.Equal((120, 120), (forecast.Counts.Updated, forecast.Nodes.Count));
        var flights = forecast.Nodes.Select(n => (From: At(n, NodeStep.Cordoned), To: At(n, NodeStep.Updated))).ToArray();
        Assert.All(flights, f => Assert.Equal(22, f.From.Hour));
        Assert.All(flights, f => Assert.InRange(flights.Count(o => o.From <= f.From && f.From < o.To), 1, Most));
        Assert.All(forecast.Slots, s => Assert.InRange(s.Unavailable, 0, Most));

        // Several nights, or nothing would have been held back.
        Assert.InRange(flights.Select(f => f.From.Date).Distinct().Count(), 3, 7);
        Assert.Equal(flights.GroupBy(f => f.From.Date).OrderBy(g => g.Key).Select(g => g.Count()), forecast.Windows.Select(w => w.Granted));
        Assert.All(forecast.Windows, w => Assert.Equal(("22:00", "22:45"), (Clock(w.From), Clock(w.To))));
    }

    [Fact]
    public void The_steps_of_a_node_follow_each_other_without_gaps_and_take_what_is_described()
    {
        var fleet = Fleets.Of(new FleetNodes { Name = "n1" }) with
        {
            Durations = new() { Staging = Exactly(3), Reboot = Exactly(5), Kubelet = new(Duration.Zero, Duration.Zero), HostChecks = new(Duration.Zero, Duration.Zero) },
            Resolution = Duration.FromSeconds(1),
        };

        var steps = Fleets.Forecast(fleet).Nodes.Single().Steps;

        Assert.Equal(NodeStep.Updated, steps[^1].Step);
        Assert.Null(steps[^1].To);
        Assert.All(steps.Zip(steps.Skip(1)), pair => Assert.Equal(pair.First.To, pair.Second.From));
        var slack = TimeSpan.FromSeconds(15);
        Assert.InRange(Took(steps, NodeStep.Staging), TimeSpan.FromMinutes(3) - slack, TimeSpan.FromMinutes(3) + slack);
        Assert.InRange(Took(steps, NodeStep.Rebooting), TimeSpan.FromMinutes(5) - slack, TimeSpan.FromMinutes(5) + slack);
    }

    [Fact]
    public void However_big_the_fleet_no_look_is_so_late_that_every_answer_is_too_old()
    {
        var coarsest = Fleets.Forecast(Fleets.Of(Fleets.Edge(10_000)) with { Horizon = Duration.FromSeconds(1) }).Resolution;

        var forecast = Fleets.Forecast(Fleets.Of(Fleets.Edge(5)) with { Resolution = new(coarsest) });

        Assert.Equal(5, forecast.Counts.Updated);
    }

    [Fact]
    public void Too_many_failures_halt_it_and_are_told()
    {
        var forecast = Fleets.Forecast(Fleets.Of(Fleets.Edge(5)) with { Failures = new() { Unhealthy = 1 } }, s => s with { Rollback = new() { MaxFailures = IntOrPercent.Count(1) } });

        Assert.Null(forecast.CompletedAt);
        Assert.Equal((2, Reasons.TooManyFailures), (forecast.Failures.Count, forecast.Reason));
        Assert.Contains("2 nodes failed on 42", forecast.Halted, StringComparison.Ordinal);
        Assert.Equal((0, 2), (forecast.Counts.Updated, forecast.Counts.RolledBack));
        // Nothing would come of a further look.
        Assert.Empty(forecast.Assumptions);
        Assert.Equal(forecast.Nodes.Max(n => n.Steps[^1].From) - forecast.StartedAt, forecast.Total);
    }

    [Fact]
    public void A_rate_fails_about_so_many_nodes_and_none_fails_without()
    {
        var fleet = Fleets.Of(Fleets.Edge(200));
        var policy = (UpgradePolicySpec s) => s with { Rollout = s.Rollout with { MaxUnavailable = IntOrPercent.Percent(50) }, Rollback = new() { MaxFailures = IntOrPercent.Percent(100) } };

        var forecast = Fleets.Forecast(fleet with { Failures = new() { FallsBack = 0.1, Unhealthy = 0.1 } }, policy);

        Assert.InRange(forecast.Failures.Count, 20, 60);
        Assert.Contains(forecast.Failures, f => f.Message.Contains(Reasons.BootFellBack, StringComparison.Ordinal) || f.Reason == Reasons.BootFellBack);
        Assert.Empty(Fleets.Forecast(fleet, policy).Failures);
    }

    [Fact]
    public void A_wave_that_waits_for_a_person_ends_it_unless_it_is_said_how_long_that_takes()
    {
        static UpgradePolicySpec Manual(UpgradePolicySpec s) => s with { Rollout = s.Rollout with { Waves = [new() { Name = "all", Nodes = IntOrPercent.Percent(100), Approval = WaveApproval.Manual }] } };
        var fleet = Fleets.Of(Fleets.Edge(2));

        var waits = Fleets.Forecast(fleet, Manual);
        var goes = Fleets.Forecast(fleet with { ApprovedAfter = Duration.FromMinutes(60) }, Manual);

        Assert.Equal((Reasons.WaitingForApproval, 0), (waits.Reason, waits.Counts.Updated));
        Assert.InRange(goes.Waves.Single(w => w.Name == "all").StartedAt!.Value, Fleets.Start.AddMinutes(60), Fleets.Start.AddMinutes(62));
        Assert.Equal(2, goes.Counts.Updated);
        Assert.Equal("Waves that wait for an approval are assumed to be approved after 1h: all.", Assert.Single(goes.Assumptions));
    }

    [Fact]
    public void What_is_cordoned_or_down_is_left_alone_and_what_runs_the_target_is_updated()
    {
        var fleet = Fleets.Of(
            new FleetNodes { Name = "cordoned", Cordoned = true }, new FleetNodes { Name = "down", Ready = false }, new FleetNodes { Name = "done", Digest = Trees.New }, new FleetNodes { Name = "old" });

        var forecast = Fleets.Forecast(fleet, s => s with { Rollout = s.Rollout with { MaxUnavailable = IntOrPercent.Count(3) } });

        Assert.Equal(
            [("cordoned", Reasons.CordonedByOther), ("done", Reasons.Updated), ("down", Reasons.NodeNotReady), ("old", Reasons.Updated)],
            forecast.Nodes.Select(n => (n.Node, n.Reason)));
        Assert.Null(forecast.CompletedAt);
    }

    [Fact]
    public void Policies_that_it_depends_on_are_taken_to_be_Ready_and_that_is_said()
    {
        var forecast = Fleets.Forecast(Fleets.Of(Fleets.Edge(1)), s => s with { DependsOn = ["control-plane"] });

        Assert.Equal(1, forecast.Counts.Updated);
        Assert.Equal("Policies that it depends on are assumed to be Ready: control-plane.", Assert.Single(forecast.Assumptions));
    }

    [Fact]
    public void A_near_horizon_is_told_apart_from_an_end()
    {
        var forecast = Fleets.Forecast(Fleets.Of(Fleets.Edge(3)) with { Horizon = Duration.FromMinutes(60) }, s => s with { Windows = [Fleets.Nightly(1)] });

        Assert.Equal((Reasons.OutsideWindow, TimeSpan.FromHours(1)), (forecast.Reason, forecast.Total));
        Assert.Contains("increase the horizon", Assert.Single(forecast.Assumptions), StringComparison.Ordinal);
    }

    private static FleetDescription Small() => Fleets.Of(Fleets.Edge(4), new FleetNodes { Name = "server", Count = 2, ControlPlane = true, Version = "41" }) with
    {
        Workloads = [new() { Name = "web", Replicas = 6, MinAvailable = 4 }],
    };

    private static UpgradePolicySpec Paced(UpgradePolicySpec s) => s with
    {
        Windows = [Fleets.Nightly(1)],
        Rollout = s.Rollout with { MaxUnavailable = IntOrPercent.Count(2), Topology = new(), Waves = [new() { Name = "canary", Nodes = IntOrPercent.Count(1), Soak = Duration.FromMinutes(15) }] },
        Rollback = new() { MaxFailures = IntOrPercent.Count(1) },
    };

    private static string Clock(DateTimeOffset time) => time.ToString("HH:mm", System.Globalization.CultureInfo.InvariantCulture);

    private static DurationRange Exactly(double minutes) => new(Duration.FromMinutes(minutes), Duration.FromMinutes(minutes));

    private static DateTimeOffset At(NodeForecast node, NodeStep step) => node.Steps.Single(s => s.Step == step).From;

    private static TimeSpan Took(IReadOnlyList<StepForecast> steps, NodeStep step) =>
        steps.Where(s => s.Step == step).Aggregate(TimeSpan.Zero, (sum, s) => sum + (s.To!.Value - s.From));
}
