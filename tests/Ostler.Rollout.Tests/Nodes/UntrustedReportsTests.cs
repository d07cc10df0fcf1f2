using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Status;
using Ostler.Rollout.Tests.Support;

namespace Ostler.Rollout.Tests.Nodes;

/// <summary>What one agent writes, or one webhook refuses, is the matter of one node.</summary>
public class UntrustedReportsTests
{
    private static readonly string Huge = new('x', 1_400_000);

    public static TheoryData<string, string> Bad => new()
    {
        { "digest", "booted.digest is not a digest" },
        { "huge digest", "booted.digest is not a digest" },
        { "capitals in a digest", "staged.digest is not a digest" },
        { "version", "booted.version" },
        { "reference", "rollback.reference" },
        { "boot", "bootID" },
        { "backend", "backend" },
        { "agent", "agentVersion" },
        { "error", "lastError.reason" },
        { "condition", "conditions[].reason" },
        { "conditions", "more than 16" },
        { "attempt", "attempt is negative" },
        { "drift", "drift.reason" },
        { "drifted files", "drift has too many" },
    };

    [Theory]
    [MemberData(nameof(Bad))]
    public void A_report_with_a_bad(string what, string problem)
    {
        var snapshot = Given.Snapshot(Given.Staged("n1").Status(s => Spoil(s, what)), Given.Staged("n2"));

        var plan = RolloutPlanner.Plan(snapshot);

        Assert.Equal((Reasons.InvalidReport, true, true), (plan.Verdict().Reason, plan.Verdict().Blocked, plan.Verdict().NeedsPerson));
        Assert.Contains(problem, plan.Verdict().Message, StringComparison.Ordinal);
        Assert.Empty(plan.Of());
        Assert.Equal(["n2"], plan.Granted());
        Assert.All(RolloutStatus.Compute(snapshot, plan).Blocked!, b => Assert.True(b.Message!.Length <= 2048));
    }

    [Theory]
    [MemberData(nameof(Bad))]
    public void A_node_that_is_drained_is_released_at_its_deadline_whatever_its_agent_reports(string what, string problem)
    {
        Assert.NotEmpty(problem);
        var node = Given.Cordoned("n1").Status(s => Spoil(s, what));

        Assert.Empty(RolloutPlanner.Plan(Given.Snapshot(node)).Of());
        Assert.Equal("ApplySpec Uncordon", RolloutPlanner.Plan(Given.Snapshot(node).At(Given.In(20))).Kinds());
    }

    [Fact]
    public void Times_that_cannot_be_right_are_left_out_and_nothing_else()
    {
        var facts = new NodeOSFacts
        {
            Status = Given.Idle("n1").OS!.Status! with
            {
                Timings = new()
                {
                    StagingStartedAt = new(1900, 1, 1, 0, 0, 0, TimeSpan.Zero),
                    StagedAt = new(2999, 1, 1, 0, 0, 0, TimeSpan.Zero),
                    BootedAt = Given.Ago(1),
                },
                LastError = new() { Reason = "PullFailed", Message = "a\u001b[31mred\nline", At = Given.Now },
            },
        };

        Assert.Null(facts.InvalidReport);
        Assert.Equal(new NodeTimings { BootedAt = Given.Ago(1) }, facts.Status!.Timings);
        Assert.Equal("a [31mred line", facts.Status.LastError!.Message);
    }

    [Fact]
    public void What_an_honest_agent_reports_of_odd_tools_is_cut_to_what_is_valid()
    {
        var odd = Given.Idle("n1").OS!.Status! with
        {
            BackendVersion = "libostree:\n Version: '2026.1'\n" + Huge,
            AgentVersion = Huge,
            Booted = Given.Tree(Trees.Old) with { Version = "41\n", Reference = Huge },
            Staged = Given.Tree("none"),
        };

        var facts = new NodeOSFacts { Status = ReportRules.Limit(odd) };

        Assert.Null(facts.InvalidReport);
        Assert.Equal((Trees.Old, "41 ", null), (facts.Status!.Booted!.Digest, facts.Status.Booted.Version, facts.Status.Staged));
    }

    [Fact]
    public void Two_dates_of_one_agent_do_not_spoil_the_durations_of_the_policy()
    {
        var node = Given.Upgraded("n1").Spec(s => s with
        {
            LastUpgrade = s.LastUpgrade! with
            {
                BootRequestedAt = Given.Ago(62),
                HealthySince = Given.Ago(61)
            }
        })
            .Status(s => s with
            {
                Timings = new()
                {
                    StagingStartedAt = new(2001, 1, 1, 0, 0, 0, TimeSpan.Zero),
                    StagedAt = new(2199, 1, 1, 0, 0, 0, TimeSpan.Zero)
                }
            });
        var snapshot = Given.Snapshot(node);

        Assert.Null(RolloutStatus.Compute(snapshot, RolloutPlanner.Plan(snapshot)).Durations!.Staging);
    }

    [Fact]
    public void A_refused_order_to_boot_is_said_and_does_not_stop_the_drains_deadline()
    {
        var node = Given.Cordoned("n1") with
        {
            Refused = new("NodeOS", Given.Ago(5), Given.Ago(0.1),
            "admission webhook \"deny\" denied the request")
        };

        var before = RolloutPlanner.Plan(Given.Snapshot(node));
        Assert.Equal("ApplySpec", before.Kinds());
        Assert.Equal((Reasons.WriteRefused, true), (before.Verdict().Reason, before.Verdict().Blocked));
        Assert.Contains("webhook \"deny\" denied", before.Verdict().Message, StringComparison.Ordinal);

        // In service first: the record may be refused for as long as it likes.
        var late = RolloutPlanner.Plan(Given.Snapshot(node).At(Given.In(20)));
        Assert.Equal("Uncordon ApplySpec", late.Kinds());
        Assert.Equal(Reasons.WriteRefused, late.Written().Backoff!.Reason);
    }

    [Theory]
    [InlineData("staged", 59, false)]
    [InlineData("staged", 61, true)]
    [InlineData("idle", 4, false)]
    [InlineData("idle", 6, true)]
    public void Another_node_takes_the_turn_of_one_whose_writes_are_refused(string which, double minutesAgo, bool again)
    {
        var refused = new RefusedWrite("Node", Given.Ago(90), Given.Ago(minutesAgo), "no");
        var (one, other) = which == "staged" ? (Given.Staged("n1"), Given.Staged("n2")) : (Given.Idle("n1"), Given.Idle("n2"));

        var plan = RolloutPlanner.Plan(Given.Snapshot(one with { Refused = refused }, other).With(s =>
            s with { Rollout = s.Rollout with { StageAhead = IntOrPercent.Count(0) } }));

        Assert.Equal([again ? "n1" : "n2"], which == "staged" ? plan.Granted() : plan.StagedNow());
        Assert.Equal(again ? plan.Verdict().Reason : Reasons.WriteRefused, plan.Verdict().Reason);
    }

    private static NodeOSStatus Spoil(NodeOSStatus status, string what) => what switch
    {
        "digest" => status with { Booted = status.Booted! with { Digest = "not-a-digest" } },
        "huge digest" => status with { Booted = status.Booted! with { Digest = Huge } },
        "capitals in a digest" => status with { Staged = Given.Tree(new('A', 64)) },
        "version" => status with { Booted = status.Booted! with { Version = "41\u001b[2J" } },
        "reference" => status with { Rollback = Given.Tree(Trees.Old) with { Reference = Huge } },
        "boot" => status with { BootID = "a b" },
        "backend" => status with { Backend = Huge },
        "agent" => status with { AgentVersion = "1\n2" },
        "error" => status with { LastError = new() { Reason = "no such reason", At = Given.Now } },
        "condition" => status with { Conditions = [new() { Type = "Ready", Status = ConditionStatus.True, Reason = Huge }] },
        "conditions" => status with
        {
            Conditions = [.. Enumerable.Range(0, 17).Select(i =>
            new Condition { Type = $"C{i}", Status = ConditionStatus.True, Reason = "R" })]
        },
        "attempt" => status with { Attempt = -1 },
        "drift" => status with { Drift = new() { Reason = Huge } },
        _ => status with { Drift = new() { Reason = Reasons.EtcChanged, EtcFiles = [.. Enumerable.Repeat("M a", 51)] } },
    };
}
