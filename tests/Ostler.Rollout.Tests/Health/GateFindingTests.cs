using System.Text;
using Ostler.Api.Meta;
using Ostler.Api.Shared;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Health;
using Ostler.Rollout.Tests.Support;

namespace Ostler.Rollout.Tests.Health;

/// <summary>What servers and objects say, and how several answers make one.</summary>
public class GateFindingTests
{
    public static TheoryData<string, CheckOutcome[], CheckOutcome> Several => new()
    {
        { "none is missing, not passed", [], CheckOutcome.Missing },
        { "all pass", [CheckOutcome.Passed, CheckOutcome.Passed], CheckOutcome.Passed },
        { "a no counts for more than a missing one", [CheckOutcome.Missing, CheckOutcome.False, CheckOutcome.Passed], CheckOutcome.False },
        { "an error never hides a no", [CheckOutcome.Error, CheckOutcome.False], CheckOutcome.False },
        { "an error never hides a missing one", [CheckOutcome.Error, CheckOutcome.Missing], CheckOutcome.Missing },
        { "an error is no pass", [CheckOutcome.Error, CheckOutcome.Passed], CheckOutcome.Error },
    };

    [Theory]
    [MemberData(nameof(Several))]
    public void Several_findings_make_one(string what, CheckOutcome[] outcomes, CheckOutcome expected)
    {
        _ = what;
        Assert.Equal(expected, Findings.All([.. outcomes.Select((o, i) => new CheckFinding(o, $"m{i}"))], "nothing").Outcome);
    }

    public static TheoryData<string, string, string?, CheckOutcome, string> Conditions => new()
    {
        { "as wanted", "False", "KernelHasNoDeadlock", CheckOutcome.Passed, "KernelDeadlock of node n1 is False" },
        { "a problem", "True", "DockerHung", CheckOutcome.False, "KernelDeadlock of node n1 is True (DockerHung); wanted: False" },
        { "unknown", "Unknown", null, CheckOutcome.False, "KernelDeadlock of node n1 is Unknown; wanted: False" },
    };

    [Theory]
    [MemberData(nameof(Conditions))]
    public void A_condition_of_a_node(string what, string status, string? reason, CheckOutcome outcome, string message)
    {
        _ = what;
        var finding = NodeConditionFinding.Of(
            "n1", ["KernelDeadlock"], false, [new("Ready", "True", null), new("KernelDeadlock", status, reason)]);
        Assert.Equal((outcome, message), (finding.Outcome, finding.Message));
    }

    [Fact]
    public void A_condition_that_the_node_does_not_have_is_missing() =>
        Assert.Equal(CheckOutcome.Missing,
            NodeConditionFinding.Of("n1", ["KernelDeadlock"], false, [new("Ready", "True", null)]).Outcome);

    [Fact]
    public void A_condition_from_before_the_boot_is_missing()
    {
        Assert.Equal(CheckOutcome.Missing, Of(Given.Ago(1)).Outcome);
        Assert.Equal(CheckOutcome.Missing, Of(null).Outcome);
        Assert.Equal(CheckOutcome.Passed, Of(Given.Now).Outcome);

        static CheckFinding Of(DateTimeOffset? reported) =>
            NodeConditionFinding.Of(
                "n1", ["KernelDeadlock"], false, [new("KernelDeadlock", "False", null, reported)], since: Given.Now);
    }

    public static TheoryData<string, bool, bool[], CheckOutcome> Pods => new()
    {
        { "none, and there must be none", true, [], CheckOutcome.Passed },
        { "one, and there must be none", true, [true], CheckOutcome.False },
        { "none, and they must be Ready", false, [], CheckOutcome.Missing },
        { "all Ready", false, [true, true], CheckOutcome.Passed },
        { "one not Ready", false, [true, false], CheckOutcome.False },
    };

    [Theory]
    [MemberData(nameof(Pods))]
    public void Pods_that_must_be_absent_or_Ready(string what, bool absent, bool[] ready, CheckOutcome outcome)
    {
        _ = what;
        Assert.Equal(outcome,
            PodPresence.Judge([.. ready.Select((r, i) => new ObservedPod("backup", $"p{i}", "n1", r))], absent, "on node n1").Outcome);
    }

    private const string Active =
        """{"labels": {"alertname": "CephDown", "severity": "critical", "secret": "x"}, "status": {"state": "active", "silencedBy": []}}""";
    private const string Suppressed = """{"labels": {"alertname": "NodeDown"}, "status": {"state": "suppressed", "silencedBy": ["1"]}}""";

    public static TheoryData<string, int, string, CheckOutcome, string> Answers => new()
    {
        { "no alert", 200, "[]", CheckOutcome.Passed, "no matching alert is active" },
        { "an alert", 200, $"[{Active}]", CheckOutcome.False, "1 alert active: CephDown{severity=\"critical\"}" },
        { "a silenced one that the server lists all the same", 200, $"[{Suppressed}]", CheckOutcome.Passed, "no matching alert" },
        { "an ignored one", 200, $"[{Active.Replace("CephDown", "InfoInhibitor", StringComparison.Ordinal)}]", CheckOutcome.Passed,
            "no matching alert" },
        { "an alert in a state that nobody knows", 200, $"[{Active.Replace("active", "odd", StringComparison.Ordinal)}]",
            CheckOutcome.False, "CephDown" },
        { "something that is no alert", 200, """[{"labels": {}}]""", CheckOutcome.Error, "not an alert" },
        { "an object", 200, "{}", CheckOutcome.Error, "not an answer of an Alertmanager" },
        { "a page", 200, "<html>login</html>", CheckOutcome.Error, "not an answer of an Alertmanager" },
        { "nothing", 200, "", CheckOutcome.Error, "not an answer of an Alertmanager" },
        { "a redirect", 302, "", CheckOutcome.Error, "redirects are not followed" },
        { "no permission", 403, "[]", CheckOutcome.Error, "check the token" },
        { "an empty list with an error code", 500, "[]", CheckOutcome.Error, "answers 500" },
        { "a bad matcher", 400, "\"bad matcher format\"", CheckOutcome.Error, "bad matcher format" },
    };

    [Theory]
    [MemberData(nameof(Answers))]
    public void An_Alertmanager_answers(string what, int code, string body, CheckOutcome outcome, string words)
    {
        _ = what;
        var finding = AlertmanagerAnswer.Judge(code, Encoding.UTF8.GetBytes(body), ["InfoInhibitor"]);
        Assert.Equal(outcome, finding.Outcome);
        Assert.Contains(words, finding.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", finding.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_silent_Alertmanager_is_missing_where_an_alert_always_fires()
    {
        Assert.Equal(CheckOutcome.Missing, AlertmanagerAnswer.JudgeWatchdog(200, "[]"u8.ToArray(), "Watchdog")?.Outcome);
        Assert.Equal(CheckOutcome.Error, AlertmanagerAnswer.JudgeWatchdog(500, "[]"u8.ToArray(), "Watchdog")?.Outcome);
        Assert.Null(AlertmanagerAnswer.JudgeWatchdog(
            200, Encoding.UTF8.GetBytes($"[{Active.Replace("CephDown", "Watchdog", StringComparison.Ordinal)}]"), "Watchdog"));
    }

    [Fact]
    public void A_matcher_is_quoted()
    {
        var query = AlertmanagerAnswer.Query([new() { Name = "a", Value = "x\"y\\z", Operator = AlertOperator.DoesNotMatch }]);
        Assert.EndsWith("&filter=" + Uri.EscapeDataString("a!~\"x\\\"y\\\\z\""), query, StringComparison.Ordinal);
    }

    private static readonly GateSpec Gate = new() { Name = "g", For = Duration.FromMinutes(2), Interval = Duration.FromSeconds(30) };

    [Fact]
    public void An_answer_holds_as_long_as_no_other_was_seen_and_somebody_looked()
    {
        var first = After(null, CheckOutcome.Passed, 0);
        Assert.Equal(Given.Now, first.Whole.HeldSince);
        Assert.Equal(Given.Now, After(first, CheckOutcome.Passed, 30).Whole.HeldSince);
        Assert.Null(After(first, CheckOutcome.False, 30).Whole.HeldSince);
        Assert.Null(After(first, CheckOutcome.Missing, 30).Whole.HeldSince);
        Assert.Null(After(first, CheckOutcome.Error, 30).Whole.HeldSince);

        // Nobody looked for minutes, or the clock was set back: nothing is known of the time between.
        Assert.Equal(Given.Now.AddSeconds(200), After(first, CheckOutcome.Passed, 200).Whole.HeldSince);
        Assert.Equal(Given.Now.AddSeconds(-10), After(first, CheckOutcome.Passed, -10).Whole.HeldSince);
    }

    [Fact]
    public void An_error_holds_where_it_means_open_and_a_missing_answer_never_does()
    {
        var open = Gate with { OnError = GateErrorHandling.Open };
        Assert.Equal(Given.Now, GateObservation.After(null, open, new(CheckFinding.Error("x")), Given.Now).Whole.HeldSince);
        Assert.Null(GateObservation.After(null, open, new(CheckFinding.Missing("x")), Given.Now).Whole.HeldSince);
    }

    [Fact]
    public void Each_node_is_counted_by_itself()
    {
        var first = GateObservation.After(null, Gate, Nodes(CheckOutcome.Passed, CheckOutcome.False), Given.Now);
        var second = GateObservation.After(first, Gate, Nodes(CheckOutcome.Passed, CheckOutcome.Passed), Given.Now.AddSeconds(30));
        Assert.Equal([Given.Now, Given.Now.AddSeconds(30)], second.Nodes!.OrderBy(n => n.Key).Select(n => n.Value.HeldSince!.Value));
        Assert.True(second.IsNews(first));
        Assert.False(GateObservation.After(second, Gate, Nodes(CheckOutcome.Passed, CheckOutcome.Passed), Given.Now.AddSeconds(60))
            .IsNews(second));

        static GateFinding Nodes(CheckOutcome a, CheckOutcome b) =>
            new(CheckFinding.Pass(), new Dictionary<string, CheckFinding> { ["a"] = new(a, ""), ["b"] = new(b, "") });
    }

    private static GateObservation After(GateObservation? former, CheckOutcome outcome, double seconds) =>
        GateObservation.After(former, Gate, new(new CheckFinding(outcome, "m")), Given.Now.AddSeconds(seconds));
}
