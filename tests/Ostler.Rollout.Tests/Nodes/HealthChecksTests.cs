using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.Shared;
using Ostler.Rollout.Health;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Tests.Support;

namespace Ostler.Rollout.Tests.Nodes;

/// <summary>How the controller's checks, and the agent's word on the host's, decide over a node that has booted.</summary>
public class HealthChecksTests
{
    private static readonly HealthCheck Web = new() { Name = "web", Http = new() { Url = "http://{address}/", From = HttpCheckOrigin.Controller } };
    private static readonly HealthCheck Errors = new() { Name = "errors", Prometheus = new() { Url = "https://p", Query = "up" }, Successes = 3 };

    public static TheoryData<string, CheckOutcome, int, string, string, bool, string> Failing => new()
    {
        // what, outcome, how often in a row, what it waits for, what it is called at the deadline, whether people are told, message
        { "says no", CheckOutcome.False, 1, Reasons.WaitingForHealthChecks, Reasons.HealthCheckFailed, false, "The http check fails: web: because." },
        { "says no again and again", CheckOutcome.False, 9, Reasons.WaitingForHealthChecks, Reasons.HealthCheckFailed, false, "The http check fails: web: because." },
        { "error", CheckOutcome.Error, 2, Reasons.WaitingForHealthChecks, Reasons.HealthCheckError, false, "The http check web cannot be checked: because." },
        { "endless error", CheckOutcome.Error, 3, Reasons.HealthCheckError, Reasons.HealthCheckError, true, "The http check web cannot be checked: because." },
        { "missing", CheckOutcome.Missing, 2, Reasons.WaitingForHealthChecks, Reasons.HealthCheckMissing, false, "The http check web finds nothing to judge: because." },
        { "still missing", CheckOutcome.Missing, 3, Reasons.HealthCheckMissing, Reasons.HealthCheckMissing, true, "The http check web finds nothing to judge: because." },
    };

    [Theory]
    [MemberData(nameof(Failing))]
    public void A_check_that_does_not_pass_keeps_a_node_from_being_healthy(
        string what, CheckOutcome outcome, int inARow, string reason, string failure, bool blocked, string message)
    {
        _ = what;
        var seen = Seen("web", outcome, inARow);

        var waiting = Plan([Web], Checked(Given.Healthy("n1"), seen));
        Assert.Empty(waiting.Actions);
        Assert.Equal((NodeStep.Verifying, reason, blocked), (waiting.Verdict().Step, waiting.Verdict().Reason, waiting.Verdict().Blocked));
        Assert.StartsWith(message, waiting.Verdict().Message, StringComparison.Ordinal);

        var lost = Plan([Web], Checked(Given.Soaking("n1", 10), seen));
        Assert.Equal((Goal.Boot, null), (lost.Written().Goal, lost.Written().HealthySince));

        var late = Plan([Web], Checked(Late(Given.Healthy("n1")), seen));
        Assert.Equal((Goal.Rollback, failure), (late.Written().Goal, late.Written().Failure!.Reason));
        Assert.StartsWith(message, late.Written().Failure!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_check_that_passes_lets_the_soak_begin() =>
        Assert.Equal(NodeStep.Soaking, Plan([Web], Checked(Given.Healthy("n1"), Seen("web", CheckOutcome.Passed, 1))).Verdict().Step);

    public static TheoryData<string, CheckObservation?, string> Pending => new()
    {
        { "not made yet", null, "The check errors has not run yet." },
        { "not often enough", Seen("errors", CheckOutcome.Passed, 2), "The check errors has passed 2 of 3 times in a row." },
    };

    [Theory]
    [MemberData(nameof(Pending))]
    public void A_check_that_was_not_made_often_enough_is_waited_for(string what, CheckObservation? seen, string message)
    {
        _ = what;
        CheckObservation[] found = seen is null ? [] : [seen];

        var waiting = Plan([Errors], Checked(Given.Healthy("n1"), found));
        Assert.Empty(waiting.Actions);
        Assert.Equal((NodeStep.Verifying, Reasons.WaitingForHealthChecks, false), (waiting.Verdict().Step, waiting.Verdict().Reason, waiting.Verdict().Blocked));
        Assert.StartsWith(message, waiting.Verdict().Message, StringComparison.Ordinal);

        // The process that counted may have been killed: a healthy node must not go back for that, nor soak anew.
        var late = Plan([Errors], Checked(Late(Given.Healthy("n1")), found));
        Assert.Empty(late.Actions);
        Assert.Equal(NodeStep.Verifying, late.Verdict().Step);

        foreach (var soaked in (double[])[10, 60])
        {
            var soaking = Plan([Errors], Checked(Late(Given.Soaking("n1", soaked)), found));
            Assert.Empty(soaking.Actions);
            Assert.Equal(NodeStep.Soaking, soaking.Verdict().Step);
        }
    }

    [Fact]
    public void A_soak_goes_on_where_it_was_when_the_checks_are_known_again() =>
        Assert.Equal("Uncordon ApplySpec", Plan([Errors], Checked(Given.Soaking("n1", 60), Seen("errors", CheckOutcome.Passed, 3))).Kinds());

    [Fact]
    public void One_that_does_not_pass_is_told_before_one_that_was_not_made()
    {
        var plan = Plan([Errors, Web], Checked(Given.Healthy("n1"), Seen("web", CheckOutcome.False, 1)));

        Assert.Contains("web", plan.Verdict().Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_an_observation_says_of_a_check_that_the_policy_has_no_more_is_of_no_interest() =>
        Assert.Equal(NodeStep.Soaking, Plan([], Checked(Given.Healthy("n1"), Seen("web", CheckOutcome.False, 9))).Verdict().Step);

    [Fact]
    public void Checks_of_the_host_and_of_workloads_are_not_looked_for_among_the_controllers() =>
        Assert.Equal(
            NodeStep.Soaking,
            Plan([new() { Name = "a", Exec = new() { Command = ["/bin/true"] } }, new() { Name = "b", Http = new() { Url = "http://localhost/" } }], Given.Healthy("n1")).Verdict().Step);

    [Fact]
    public void The_kubelet_is_asked_before_the_controllers_checks()
    {
        var plan = Plan([Web], Checked(Given.Healthy("n1") with { Ready = false }, Seen("web", CheckOutcome.False, 9)));

        Assert.Equal(Reasons.WaitingForNodeReady, plan.Verdict().Reason);
    }

    [Theory]
    [InlineData(Reasons.HostCheckFailed, Reasons.HostCheckFailed, "A host check fails: said.")]
    [InlineData(Reasons.HostCheckError, Reasons.HostCheckError, "A host check cannot run: said.")]
    [InlineData(Reasons.HostCheckMissing, Reasons.HostCheckMissing, "A host check finds nothing to judge: said.")]
    [InlineData("SomethingOlder", Reasons.HostCheckFailed, "A host check fails: said.")]
    public void The_three_ways_of_a_host_check_are_told_apart(string said, string failure, string message)
    {
        var node = Late(Given.Booted("n1").Host(ConditionStatus.False, "said")).Status(s => s with
        {
            Conditions = [.. s.Conditions!.Select(c => c.Type == ConditionTypes.HostHealthy ? c with { Reason = said } : c)],
        });

        var written = RolloutPlanner.Plan(Given.Snapshot(node)).Written().Failure!;

        Assert.Equal((failure, message), (written.Reason, written.Message));
    }

    [Fact]
    public void The_agent_gets_its_own_checks_with_the_nodes_name_and_address_put_in()
    {
        HealthCheck[] checks =
        [
            Web,
            new() { Name = "local", Http = new() { Url = "http://{address}:9100/{node}" } },
            new() { Name = "units", Systemd = new() { NoneFailed = true }, Interval = Duration.FromSeconds(3), Successes = 2 },
        ];

        var told = Plan(checks, Given.Cordoned("n1") with { Address = "2001:db8::7" }).Written().HostChecks!;
        Assert.Equal(["local", "units"], told.Select(c => c.Name));
        Assert.Equal("http://[2001:db8::7]:9100/n1", told[0].Http!.Url);
        Assert.Equal((Duration.FromSeconds(3), 2), (told[1].Interval, told[1].Successes));

        // What cannot be put in is the agent's to say.
        Assert.Equal("http://{address}:9100/{node}", Plan(checks, Given.Cordoned("n1")).Written().HostChecks![0].Http!.Url);
    }

    [Fact]
    public void Pods_that_are_Ready_are_written_down_with_the_order_to_boot()
    {
        HealthCheck check = new() { Name = "net", Pods = new() { Selector = new() { MatchLabels = new Dictionary<string, string> { ["app"] = "cni" } } } };
        var cni = new PodFacts
        {
            Namespace = "kube-system",
            Name = "cni-x7",
            Uid = "1",
            Ready = true,
            Controller = new("DaemonSet", "cni", "cni-uid"),
            Labels = new Dictionary<string, string> { ["app"] = "cni" },
        };

        var before = Assert.Single(Plan([check], Given.Cordoned("n1", cni)).Written().ReadyBefore!);

        Assert.Equal(("net", 1), (before.Check, before.Total));
        Assert.Equal(new ReadyPod { Namespace = "kube-system", Name = "cni-x7", Owner = "cni-uid" }, Assert.Single(before.Pods!));
        Assert.Null(Plan([Web], Given.Cordoned("n1", cni)).Written().ReadyBefore);
    }

    public static TheoryData<string, NodeFacts, bool> Subjects => new()
    {
        { "booted the target, kubelet Ready", Given.Booted("n1"), true },
        { "soaks", Given.Soaking("n1", 5), true },
        { "not booted yet", Given.Booting("n1"), false },
        { "another tree came up", Given.Booted("n1", Trees.Foreign), false },
        { "kubelet not Ready", Given.Booted("n1") with { Ready = false }, false },
        { "kubelet of the former boot", Given.Booted("n1") with { BootID = "n1-boot-1" }, false },
        { "rolls back", Given.RollingBack("n1"), false },
        { "held after a failure", Given.Held("n1"), false },
        { "idle", Given.Idle("n1"), false },
        { "being deleted", Given.Booted("n1") with { Deleting = true }, false },
        { "another policy's", Given.Booted("n1").Spec(s => s with { Policy = "other" }), false },
    };

    [Theory]
    [MemberData(nameof(Subjects))]
    public void Only_a_node_that_is_verified_is_checked(string what, NodeFacts node, bool isChecked)
    {
        _ = what;
        var subjects = Plan([Web, Errors], node with { Address = "192.0.2.7" }).Watches.Checks;

        Assert.Equal(isChecked, subjects.Count == 1);
        Assert.All(subjects, s => Assert.Equal(("n1", "n1-uid", 1L, "n1-boot-2", "192.0.2.7"), (s.Node, s.Epoch.NodeUid, s.Epoch.Attempt, s.Epoch.BootID, s.Address)));
        Assert.Empty(RolloutPlanner.Plan(Given.Snapshot(node)).Watches.Checks);
    }

    [Fact]
    public void Observations_count_what_is_the_same_and_are_news_when_they_are_not()
    {
        var one = CheckObservation.After(null, "web", CheckFinding.Pass("ok"), Given.Now);
        var two = CheckObservation.After(one, "web", CheckFinding.Pass("ok"), Given.Now);
        var no = CheckObservation.After(two, "web", CheckFinding.No("no"), Given.Now);
        var still = CheckObservation.After(no, "web", CheckFinding.No("no"), Given.Now);
        var stillNo = CheckObservation.After(still, "web", CheckFinding.No("no"), Given.Now);
        var fourth = CheckObservation.After(stillNo, "web", CheckFinding.No("no"), Given.Now);

        Assert.Equal([1, 2, 1, 2, 3, 4], [one.InARow, two.InARow, no.InARow, still.InARow, stillNo.InARow, fourth.InARow]);
        Assert.Equal(
            [true, true, false, true, false, true, false],
            [one.IsNews(null, 1), two.IsNews(one, 2), two.IsNews(one, 1), no.IsNews(two, 1), still.IsNews(no, 1), stillNo.IsNews(still, 1), fourth.IsNews(stillNo, 1)]);
        Assert.True(CheckObservation.After(no, "web", CheckFinding.No("not any more"), Given.Now).IsNews(no, 1));
    }

    private static RolloutPlan Plan(HealthCheck[] checks, NodeFacts node) =>
        RolloutPlanner.Plan(Given.Snapshot(node).With(s => s with { Health = new() { Checks = checks } }));

    private static NodeFacts Checked(NodeFacts node, params CheckObservation[] seen) => node with { Checks = seen };

    private static NodeFacts Late(NodeFacts node) => node.Spec(s => s with { Deadlines = new() { Reboot = Given.Ago(5), Healthy = Given.Now } });

    private static CheckObservation Seen(string name, CheckOutcome outcome, int inARow) => new(name, outcome, "because", inARow, Given.Now);
}
