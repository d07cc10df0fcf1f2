using System.Text;
using Microsoft.Extensions.Time.Testing;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.UpgradePolicies;
using Ostler.Controller.Telemetry;
using Ostler.Rollout.Health;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;
using Prometheus;

namespace Ostler.Controller.Tests.Telemetry;

public sealed partial class ControllerMetricsTests : IDisposable
{
    private static int s_count;

    private readonly MeterBridge _bridge;
    private readonly ControllerMetrics _metrics;
    private readonly FakeTimeProvider _time = new(Given.Now);

    public ControllerMetricsTests()
    {
        // A name of its own: meters are seen process-wide, and tests run side by side.
        var name = $"Test.{nameof(ControllerMetricsTests)}.{Interlocked.Increment(ref s_count)}.";
        _bridge = new(Metrics.NewCustomRegistry(), name);
        _metrics = new(name, _time);
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
        Assert.Contains("ostler_nodes_max_unavailable{policy=\"edge\"} ", text, StringComparison.Ordinal);
        Assert.Contains("ostler_node_updates_total{policy=\"edge\"} 0\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Failures_and_rollbacks_of_a_policy_count_from_0_so_that_the_first_one_is_an_increase()
    {
        _metrics.ObservePolicy(Snapshot(Given.Policy("edge").Spec), Plan(Verdict("a", NodeStep.Updated)));

        var text = await ScrapeAsync();

        Assert.Contains("ostler_node_failures_total{policy=\"edge\",reason=\"HealthTimedOut\"} 0\n", text, StringComparison.Ordinal);
        Assert.Contains("ostler_node_rollbacks_total{policy=\"edge\",reason=\"WatchdogExpired\"} 0\n", text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_image_has_one_series_that_says_whether_it_resolves_and_why()
    {
        _metrics.ObserveImage("edge-os", new() { Conditions = [Ready(ConditionStatus.True, Reasons.Resolved)] });
        _metrics.ObserveImage("edge-os", new() { Conditions = [Ready(ConditionStatus.False, Reasons.ResolveFailed)] });

        Assert.Equal(["ostler_image_ready{image=\"edge-os\",reason=\"ResolveFailed\"} 0"], Lines(await ScrapeAsync(), "ostler_image_ready{"));

        _metrics.ForgetImage("edge-os");
        Assert.Empty(Lines(await ScrapeAsync(), "ostler_image_ready{"));

        static Condition Ready(ConditionStatus status, string reason) =>
            new() { Type = ConditionTypes.Ready, Status = status, Reason = reason, Message = "", LastTransitionTime = Given.Now };
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
    public async Task A_policy_has_one_series_that_says_whether_it_is_ready_and_why_and_it_goes_with_the_policy()
    {
        _metrics.ObservePolicy(Snapshot(Given.Policy("edge").Spec), Plan(Verdict("a", NodeStep.Updated)));
        Assert.DoesNotContain("ostler_policy_ready{", await ScrapeAsync(), StringComparison.Ordinal);

        _metrics.ObserveStatus("edge", ReadyStatus(ConditionStatus.False, Reasons.RollingOut));
        Assert.Contains("ostler_policy_ready{policy=\"edge\",reason=\"RollingOut\"} 0\n", await ScrapeAsync(), StringComparison.Ordinal);

        // The next plan does not take it away; the next status takes its place.
        _metrics.ObservePolicy(Snapshot(Given.Policy("edge").Spec), Plan(Verdict("a", NodeStep.Updated)));
        _metrics.ObserveStatus("edge", ReadyStatus(ConditionStatus.True, Reasons.UpToDate));
        Assert.Equal(["ostler_policy_ready{policy=\"edge\",reason=\"UpToDate\"} 1"], Lines(await ScrapeAsync(), "ostler_policy_ready{"));

        _metrics.ObservePolicy(Snapshot(null), Plan());
        _metrics.ObserveStatus("edge", ReadyStatus(ConditionStatus.True, Reasons.UpToDate));
        Assert.Empty(Lines(await ScrapeAsync(), "ostler_policy_ready{"));
    }

    [Fact]
    public async Task A_node_that_is_cordoned_for_an_upgrade_is_left_so_only_when_nothing_is_under_way_for_it()
    {
        var snapshot = Snapshot(Given.Policy("edge").Spec) with
        {
            Nodes = [Cordoned("draining", "edge"), Cordoned("failed", "edge"), Cordoned("unselected", "edge"), Cordoned("by-a-person", null), new() { Name = "fine", Uid = "fine" }],
        };
        _metrics.ObservePolicy(snapshot, Plan(
            Verdict("draining", NodeStep.Cordoned) with { InFlight = true },
            Verdict("failed", NodeStep.Failed) with { InFlight = true },
            Verdict("unselected", NodeStep.Idle) with { Selected = false },
            Verdict("by-a-person", NodeStep.Idle),
            Verdict("fine", NodeStep.Idle)));

        Assert.Equal(["ostler_nodes_left_cordoned{policy=\"edge\"} 2"], Lines(await ScrapeAsync(), "ostler_nodes_left_cordoned{"));
    }

    [Fact]
    public async Task A_target_is_quarantined_when_its_digest_is_and_a_person_did_not_allow_it()
    {
        var image = new ImageFacts { Name = "edge-os", Spec = new(), Status = new() { Quarantined = [new() { Digest = Given.Digest, Reason = "r", Since = Given.Now }] } };
        var plan = Plan(Verdict("a", NodeStep.Idle)) with { Target = new() { Digest = Given.Digest } };

        _metrics.ObservePolicy(Snapshot(Given.Policy("edge").Spec) with { Image = image }, plan);
        Assert.Equal(["ostler_target_quarantined{policy=\"edge\"} 1"], Lines(await ScrapeAsync(), "ostler_target_quarantined{"));

        _metrics.ObservePolicy(Snapshot(Given.Policy("edge").Spec) with { Image = image with { Spec = new() { Quarantine = new() { Allow = [Given.Digest] } } } }, plan);
        Assert.Equal(["ostler_target_quarantined{policy=\"edge\"} 0"], Lines(await ScrapeAsync(), "ostler_target_quarantined{"));
    }

    [Fact]
    public async Task Trees_that_are_booted_and_nodes_that_drifted_are_counted()
    {
        var snapshot = Snapshot(Given.Policy("edge").Spec) with
        {
            Nodes =
            [
                Booted("a", "1"), Drifted("b", Reasons.PackagesLayered), Drifted("c", "whatever a broken-into node says"), Booted("d", "2"), new() { Name = "e", Uid = "e" },
            ],
        };
        _metrics.ObservePolicy(snapshot, RolloutPlanner.Plan(snapshot));

        var text = await ScrapeAsync();

        Assert.Contains("ostler_distinct_digests{policy=\"edge\"} 2\n", text, StringComparison.Ordinal);
        Assert.NotEmpty(Lines(text, "ostler_nodes_by_version{"));
        Assert.Equal(
            ["Other\"} 1", "PackagesLayered\"} 1", "RemoteChanged\"} 0", "TreeUnlocked\"} 0", "UnexpectedTree\"} 0"],
            Lines(text, "ostler_nodes_drifted{").Select(l => l[(l.IndexOf("reason=", StringComparison.Ordinal) + 8)..]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Silence_lasts_from_the_first_change_that_an_agent_did_not_answer_until_it_answers_or_its_node_is_another()
    {
        Assert.Equal(0, await SilenceAsync(0, Asked("a", generation: 1, answered: 1)));
        Assert.Equal(0, await SilenceAsync(60, Asked("a", generation: 2, answered: 1)));
        Assert.Equal(60, await SilenceAsync(120, Asked("a", generation: 3, answered: 1), Asked("b", generation: 2, answered: null)));
        Assert.Equal(90, await SilenceAsync(210, Asked("a", generation: 3, answered: 3), Asked("b", generation: 2, answered: null)));
        Assert.Equal(0, await SilenceAsync(300, Asked("a", generation: 3, answered: 3), Asked("b", generation: 1, answered: null, uid: "another")));
        Assert.Equal(10, await SilenceAsync(310, Asked("a", generation: 3, answered: 3), Asked("b", generation: 1, answered: null, uid: "another")));

        _metrics.ForgetAll();
        Assert.Equal(0, await SilenceAsync(400, Asked("b", generation: 1, answered: null, uid: "another")));

        async Task<int> SilenceAsync(int second, params NodeFacts[] nodes)
        {
            _metrics.ObservePolicy(Snapshot(Given.Policy("edge").Spec) with { Now = Given.Now.AddSeconds(second), Nodes = nodes }, Plan());
            return int.Parse(Assert.Single(Lines(await ScrapeAsync(), "ostler_agent_silence_seconds{")).Split(' ')[1], System.Globalization.CultureInfo.InvariantCulture);
        }

        static NodeFacts Asked(string name, long generation, long? answered, string? uid = null) => new()
        {
            Name = name,
            Uid = uid ?? name,
            OS = new() { Generation = generation, Status = answered is { } observed ? new() { ObservedGeneration = observed } : null },
        };
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

    private static UpgradePolicyStatus ReadyStatus(ConditionStatus status, string reason) => new()
    {
        Conditions = [new() { Type = ConditionTypes.Ready, Status = status, Reason = reason, Message = "m" }],
    };

    private static NodeFacts Cordoned(string name, string? by) => new() { Name = name, Uid = name, Unschedulable = true, CordonedBy = by };

    private static NodeFacts Drifted(string name, string reason)
    {
        var booted = Booted(name, "1", new Condition { Type = ConditionTypes.Drifted, Status = ConditionStatus.True, Reason = "r", Message = "m" });
        return booted with { OS = booted.OS! with { Status = booted.OS.Status! with { Drift = new() { Reason = reason } } } };
    }

    private static NodeFacts Booted(string name, string digest, params Condition[] conditions) => new()
    {
        Name = name,
        Uid = name,
        OS = new() { Status = new() { Booted = new() { Digest = new(digest[0], 64) }, Conditions = conditions } },
    };

    private static string[] Lines(string text, string start) => [.. text.Split('\n').Where(line => line.StartsWith(start, StringComparison.Ordinal))];

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
