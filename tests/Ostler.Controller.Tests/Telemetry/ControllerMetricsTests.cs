using System.Text;
using Ostler.Api;
using Ostler.Controller.Telemetry;
using Ostler.Rollout;
using Prometheus;

namespace Ostler.Controller.Tests.Telemetry;

public sealed class ControllerMetricsTests : IDisposable
{
    private static int s_count;

    private readonly MeterBridge _bridge;
    private readonly ControllerMetrics _metrics;

    public ControllerMetricsTests()
    {
        // A name of its own: meters are seen process-wide, and tests run side by side.
        var name = $"Test.{nameof(ControllerMetricsTests)}.{Interlocked.Increment(ref s_count)}.";
        _bridge = new(Metrics.NewCustomRegistry(), name);
        _metrics = new(name);
    }

    public void Dispose()
    {
        _bridge.Dispose();
        _metrics.Dispose();
    }

    [Fact]
    public async Task Nodes_are_counted_from_the_last_plan_by_policy_and_step()
    {
        _metrics.ObservePolicy(Snapshot(Given.Policy("edge").Spec), Plan(Verdict("a", NodeStep.Updated), Verdict("b", NodeStep.Cordoned, blocked: true)));

        var text = await ScrapeAsync();

        Assert.Contains("ostler_nodes{policy=\"edge\",step=\"Updated\"} 1\n", text, StringComparison.Ordinal);
        Assert.Contains("ostler_nodes{policy=\"edge\",step=\"Cordoned\"} 1\n", text, StringComparison.Ordinal);
        Assert.Contains("ostler_nodes{policy=\"edge\",step=\"Failed\"} 0\n", text, StringComparison.Ordinal);
        Assert.Contains("ostler_nodes_blocked{policy=\"edge\",reason=\"DrainBlocked\"} 1\n", text, StringComparison.Ordinal);
        Assert.Contains("ostler_rollout_progress_ratio{policy=\"edge\"} 0.5\n", text, StringComparison.Ordinal);
        Assert.Contains("ostler_nodes_unavailable{policy=\"edge\"} 1\n", text, StringComparison.Ordinal);
        Assert.Contains("ostler_node_updates_total{policy=\"edge\"} 0\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Tries_of_health_checks_that_did_not_pass_are_counted_by_kind_and_outcome_from_0_on()
    {
        _metrics.CheckFailed("prometheus", CheckOutcome.Error);
        _metrics.CheckFailed("prometheus", CheckOutcome.Error);

        var text = await ScrapeAsync();

        Assert.Contains("ostler_health_check_errors_total{check=\"prometheus\",outcome=\"Error\"} 2\n", text, StringComparison.Ordinal);
        Assert.Contains("ostler_health_check_errors_total{check=\"condition\",outcome=\"Missing\"} 0\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain("Passed", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_a_gone_policy_or_a_lost_term_last_said_is_not_told_any_more()
    {
        _metrics.ObservePolicy(Snapshot(Given.Policy("edge").Spec), Plan(Verdict("a", NodeStep.Updated)));
        _metrics.ObserveImage("edge", new() { Quarantined = [new() { Digest = "d", Reason = "r", Since = Given.Now }] });
        Assert.Contains("ostler_quarantined_digests{image=\"edge\"} 1\n", await ScrapeAsync(), StringComparison.Ordinal);

        _metrics.ObservePolicy(Snapshot(null), Plan());
        Assert.DoesNotContain("ostler_nodes{", await ScrapeAsync(), StringComparison.Ordinal);

        _metrics.ForgetAll();
        Assert.DoesNotContain("ostler_quarantined_digests{", await ScrapeAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_failure_and_its_rollback_are_counted_once_each()
    {
        var failure = new NodeFailure { Digest = Given.Digest, Reason = Reasons.HealthTimedOut, At = Given.Now };
        var booting = Node(new() { Policy = "edge", Goal = Goal.Boot });
        var rolling = Node(new() { Policy = "edge", Goal = Goal.Rollback, Failure = failure, BootRequestedAt = Given.Now });

        _metrics.Applied(booting, Apply(new() { Policy = "edge", Goal = Goal.Rollback, Failure = failure }, Reasons.HealthTimedOut), Given.Now);
        _metrics.Applied(rolling, Apply(new() { Policy = "edge", Goal = Goal.Observe, Failure = failure }, Reasons.RolledBack), Given.Now.AddSeconds(90));
        var text = await ScrapeAsync();

        Assert.Contains("ostler_node_failures_total{policy=\"edge\",reason=\"HealthTimedOut\"} 1\n", text, StringComparison.Ordinal);
        Assert.Contains("ostler_node_rollbacks_total{policy=\"edge\",reason=\"HealthTimedOut\"} 1\n", text, StringComparison.Ordinal);
        Assert.Contains("ostler_node_step_duration_seconds_sum{step=\"rollback\"} 90\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public void The_steps_of_an_upgrade_are_timed_from_what_the_objects_say()
    {
        var staged = Node(new() { Goal = Goal.Stage }, new() { Timings = new() { StagingStartedAt = Given.Now.AddHours(-2), StagedAt = Given.Now.AddHours(-1) } }) with { CordonedAt = Given.Now.AddMinutes(-3) };
        Assert.Equal(
            [("stage", TimeSpan.FromHours(1)), ("drain", TimeSpan.FromMinutes(3))],
            StepDurations.Ended(staged, staged.OS!, new() { Goal = Goal.Boot }, Given.Now));

        var healthy = Node(new() { Goal = Goal.Boot, GrantedAt = Given.Now.AddMinutes(-10), BootRequestedAt = Given.Now.AddMinutes(-7), HealthySince = Given.Now.AddMinutes(-1) });
        Assert.Equal(
            [("boot", TimeSpan.FromMinutes(6)), ("soak", TimeSpan.FromMinutes(1)), ("update", TimeSpan.FromMinutes(10))],
            StepDurations.Ended(healthy, healthy.OS!, new() { Goal = Goal.Observe }, Given.Now));

        Assert.Empty(StepDurations.Ended(healthy, healthy.OS!, new() { Goal = Goal.Boot }, Given.Now));
    }

    private static RolloutSnapshot Snapshot(UpgradePolicySpec? spec) => new() { Now = Given.Now, Policy = new() { Name = "edge", Spec = spec }, Nodes = [] };

    private static RolloutPlan Plan(params NodeVerdict[] nodes) => new() { Actions = [], Nodes = nodes, Availability = new(nodes.Length, 1, 1) };

    private static NodeVerdict Verdict(string node, NodeStep step, bool blocked = false) => new()
    {
        Node = node,
        Step = step,
        Reason = Reasons.DrainBlocked,
        Tally = step == NodeStep.Updated ? NodeTally.Updated : NodeTally.Updating,
        Blocked = blocked,
    };

    private static NodeFacts Node(NodeOSSpec spec, NodeOSStatus? status = null) => new() { Name = "n", Uid = "u", OS = new() { Spec = spec, Status = status } };

    private static NodeAction.ApplySpec Apply(NodeOSSpec spec, string reason) => new("n", "u", spec, reason, "");

    private async Task<string> ScrapeAsync()
    {
        using var to = new MemoryStream();
        await _bridge.WriteAsync(to, Given.Cancel);
        return Encoding.UTF8.GetString(to.ToArray());
    }
}
