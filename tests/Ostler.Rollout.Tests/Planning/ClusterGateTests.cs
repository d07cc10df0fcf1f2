using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.Shared;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Health;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Status;
using Ostler.Rollout.Tests.Support;

namespace Ostler.Rollout.Tests.Planning;

/// <summary>The gates of spec.gates: what they hold back, and which answers open them.</summary>
public partial class ClusterGateTests
{
    private static GateSpec Alerts =>
        new() { Name = "alerts", Alerts = new() { Matchers = [new() { Name = "severity", Value = "critical" }] } };

    private static GateSpec Backup => new()
    {
        Name = "backup",
        Pods = new()
        {
            Selector = new() { MatchLabels = new Dictionary<string, string> { ["app"] = "backup" } },
            Absent = true,
            Scope = GateScope.Node
        },
    };

    public static TheoryData<CheckOutcome, string> Closed => new()
    {
        { CheckOutcome.False, Reasons.GateClosed },
        { CheckOutcome.Error, Reasons.GateError },
        { CheckOutcome.Missing, Reasons.GateMissing },
    };

    [Theory]
    [MemberData(nameof(Closed))]
    public void While_a_gate_is_closed_nodes_stage_and_finish_and_no_other_is_disrupted(CheckOutcome outcome, string reason)
    {
        var snapshot = Given.Snapshot(
            Given.Idle("n1"), Given.Staged("n2"), Given.Cordoned("n3"), Given.Booting("n4"), Given.RollingBack("n5"))
            .With(s => s with
            {
                Gates = [Alerts],
                Rollback = s.Rollback with { MaxFailures = IntOrPercent.Count(5) },
                Rollout = s.Rollout with { MaxUnavailable = IntOrPercent.Count(5) },
            });

        var plan = RolloutPlanner.Plan(Says(snapshot, Alerts, outcome));

        Assert.Equal((reason, true, false),
            (plan.Gate!.Reason, plan.Gate.StagingAllowed, plan.Gate.ReleasesSlots || plan.Gate.NeedsPerson));
        Assert.Contains("the answer", plan.Gate.Message, StringComparison.Ordinal);
        Assert.Empty(plan.Granted());
        Assert.Equal(["n1"], plan.StagedNow());
        Assert.Equal(reason, plan.Verdict("n2").Reason);
        Assert.Equal(Goal.Boot, plan.Written("n3").Goal);
        Assert.Equal([NodeStep.Rebooting, NodeStep.RollingBack], plan.Nodes.Where(n => n.Node is "n4" or "n5").Select(n => n.Step));

        var ready = RolloutStatus.Compute(
            snapshot, RolloutPlanner.Plan(
                Says(Given.Snapshot(Given.Staged("n1")).With(s => s with { Gates = [Alerts] }), Alerts, outcome)));
        Assert.Equal((ConditionStatus.False, reason),
            (ready.Conditions.Find(ConditionTypes.Ready)!.Status, ready.Conditions.Find(ConditionTypes.Ready)!.Reason));
        Assert.True(ready.Conditions.IsTrue(ConditionTypes.Reconciling));
        Assert.True(ready.Conditions.IsTrue(ConditionTypes.Accepted));
        Assert.False(ready.Conditions.IsTrue(ConditionTypes.Halted));
        var status = Assert.Single(ready.Gates!);
        Assert.Equal(("alerts", reason, (DateTimeOffset?)Given.Now), (status.Name, status.Reason, status.Since));
    }

    [Fact]
    public void An_open_gate_grants_a_slot_until_its_answer_is_too_old()
    {
        var plan = RolloutPlanner.Plan(Says(Staged(Alerts), Alerts, CheckOutcome.Passed));

        Assert.Equal(["n1"], plan.Granted());
        Assert.Equal(Given.Now.AddSeconds(30), Assert.Single(plan.Actions.OfType<NodeAction.Cordon>()).NotAfter);
    }

    [Theory]
    [InlineData(30, 30, true)]
    [InlineData(31, 30, false)]
    [InlineData(31, 600, false)]
    [InlineData(11, 10, false)]
    [InlineData(10, 10, true)]
    public void An_answer_older_than_its_interval_or_30s_opens_nothing_and_is_asked_for_again(int age, int interval, bool grants)
    {
        var gate = Alerts with { Interval = Duration.FromSeconds(interval), Timeout = Duration.FromSeconds(5) };

        var plan = RolloutPlanner.Plan(Says(Staged(gate), gate, CheckOutcome.Passed, age));

        Assert.Equal(grants ? ["n1"] : [], plan.Granted());
        Assert.Equal(grants ? Reasons.SlotGranted : Reasons.WaitingForGate, plan.Verdict().Reason);
        Assert.Equal(!grants, Assert.Single(plan.Watches.Gates).Now);
    }

    [Fact]
    public void A_gate_that_was_not_evaluated_is_closed_and_evaluated()
    {
        var plan = RolloutPlanner.Plan(Staged(Alerts));

        Assert.Equal(Reasons.WaitingForGate, plan.Gate!.Reason);
        Assert.Empty(plan.Granted());
        Assert.Equal("alerts", Assert.Single(plan.Watches.Gates).Gate.Name);
    }

    [Fact]
    public void An_answer_of_the_future_opens_nothing() =>
        Assert.Empty(RolloutPlanner.Plan(Says(Staged(Alerts), Alerts, CheckOutcome.Passed, age: -1)).Granted());

    [Theory]
    [InlineData(119, false)]
    [InlineData(120, true)]
    public void A_gate_opens_when_it_has_held_for_long_enough(int held, bool opens)
    {
        var gate = Alerts with { For = Duration.FromMinutes(2) };
        var plan = RolloutPlanner.Plan(
            Staged(gate) with { Gates = [new("alerts", Given.Now, new(CheckFinding.Pass("all is well"), Given.Now.AddSeconds(-held)))] });

        Assert.Equal(opens ? ["n1"] : [], plan.Granted());
        if (!opens)
        {
            Assert.Equal((Reasons.GateClosed, (DateTimeOffset?)Given.Now.AddSeconds(1)), (plan.Gate!.Reason, plan.NextWakeUp));
        }
    }

    [Fact]
    public void An_error_opens_where_the_gate_says_so()
    {
        var gate = Alerts with { OnError = GateErrorHandling.Open };
        Assert.Equal(["n1"], RolloutPlanner.Plan(Says(Staged(gate), gate, CheckOutcome.Error)).Granted());
        Assert.Empty(RolloutPlanner.Plan(Says(Staged(gate), gate, CheckOutcome.Missing)).Granted());
    }

    [Fact]
    public void All_gates_must_be_open_and_what_a_user_can_resolve_is_shown_first()
    {
        var snapshot = Staged(Alerts, Alerts with { Name = "ceph" }, Alerts with { Name = "new" });
        var plan = RolloutPlanner.Plan(
            Says(Says(snapshot, Alerts, CheckOutcome.Passed), Alerts with { Name = "ceph" }, CheckOutcome.False));

        Assert.Equal(Reasons.GateClosed, plan.Gate!.Reason);
        Assert.Contains("Gate ceph is closed", plan.Gate.Message, StringComparison.Ordinal);
        Assert.Contains("1 other gate is not open either", plan.Gate.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_gate_of_the_rollouts_start_holds_back_the_first_node_only()
    {
        var gate = Alerts with { At = GatePoint.Rollout };
        Assert.Empty(RolloutPlanner.Plan(Says(Staged(gate), gate, CheckOutcome.False)).Granted());

        foreach (var begun in (NodeFacts[])[Given.Upgraded("n2"), Given.RolledBack("n2"), Given.Soaking("n2", 5)])
        {
            var snapshot = Given.Snapshot(Given.Staged("n1"), begun).With(s => s with
            {
                Gates = [gate],
                Rollback = s.Rollback with { MaxFailures = IntOrPercent.Count(3) },
                Rollout = s.Rollout with { MaxUnavailable = IntOrPercent.Count(2) },
            });
            Assert.Equal(["n1"], RolloutPlanner.Plan(Says(snapshot, gate, CheckOutcome.False)).Granted());
        }

        // A node that runs the target without a slot is no beginning.
        Assert.Empty(RolloutPlanner.Plan(
            Says(Given.Snapshot(Given.Staged("n1"), Given.Updated("n2")).With(s => s with { Gates = [gate] }), gate, CheckOutcome.False))
                .Granted());
    }

    [Fact]
    public void A_gate_of_waves_holds_back_a_wave_that_has_not_begun()
    {
        var gate = Alerts with { At = GatePoint.Wave };
        Assert.Empty(RolloutPlanner.Plan(
            Says(Waves(gate, Given.Staged("n1"), Given.Staged("n2"), Given.Staged("n3")), gate, CheckOutcome.False)).Granted());
        Assert.Equal(["n1"],
            RolloutPlanner.Plan(Says(Waves(gate, Given.Staged("n1"), Given.Staged("n2"), Given.Staged("n3")), gate, CheckOutcome.Passed))
                .Granted());

        // Begun: the canary of two goes on with the gate closed. The wave after it waits.
        var begun = RolloutPlanner.Plan(
            Says(Waves(gate, Given.Upgraded("n1"), Given.Staged("n2"), Given.Staged("n3")), gate, CheckOutcome.False));
        Assert.Equal(["n2"], begun.Granted());
        var next = RolloutPlanner.Plan(
            Says(Waves(gate, Given.Upgraded("n1"), Given.Upgraded("n2"), Given.Staged("n3")), gate, CheckOutcome.False));
        Assert.Empty(next.Granted());
        Assert.Equal(Reasons.GateClosed, next.Verdict("n3").Reason);
        Assert.Equal(Reasons.GateClosed, RolloutStatus.Compute(Given.Snapshot(), next).Conditions.Find(ConditionTypes.Ready)!.Reason);

        static RolloutSnapshot Waves(GateSpec gate, params NodeFacts[] nodes) => Given.Snapshot(nodes).With(s => s with
        {
            Gates = [gate],
            Rollout = s.Rollout with { Waves = [new() { Name = "canary", Nodes = IntOrPercent.Count(2), Soak = Duration.FromSeconds(0) }] },
        });
    }

    [Fact]
    public void Without_waves_a_gate_of_waves_is_one_of_the_rollout()
    {
        var gate = Alerts with { At = GatePoint.Wave };
        Assert.Empty(RolloutPlanner.Plan(Says(Staged(gate), gate, CheckOutcome.False)).Granted());
        Assert.Equal(["n1"],
            RolloutPlanner.Plan(Says(
                Given.Snapshot(Given.Staged("n1"), Given.Upgraded("n2")).With(s => s with { Gates = [gate] }), gate, CheckOutcome.False))
                    .Granted());
    }

    [Fact]
    public void A_gate_that_decides_for_each_node_lets_others_go()
    {
        var snapshot = Given.Snapshot(Given.Staged("n1"), Given.Staged("n2")).With(s => s with { Gates = [Backup] });
        var plan = RolloutPlanner.Plan(snapshot with
        {
            Gates = [new("backup", Given.Now, new(CheckFinding.Pass(), Given.Now),
                Nodes(("n1", CheckFinding.No("1 pod must finish first")), ("n2", CheckFinding.Pass())))],
        });

        Assert.Equal(["n2"], plan.Granted());
        Assert.Equal((Reasons.GateClosed, true, false),
            (plan.Verdict("n1").Reason, plan.Verdict("n1").Blocked, plan.Verdict("n1").NeedsPerson));
        Assert.Equal(Reasons.GateClosed, Assert.Single(RolloutStatus.Compute(snapshot, plan).Gates!).Reason);
    }

    [Fact]
    public void A_node_that_joined_since_the_last_evaluation_waits_for_its_own()
    {
        var snapshot = Staged(
            Backup) with
        { Gates = [new("backup", Given.Now, new(CheckFinding.Pass(), Given.Now), Nodes(("other", CheckFinding.Pass())))] };
        var plan = RolloutPlanner.Plan(snapshot);
        Assert.Empty(plan.Granted());
        Assert.Equal((Reasons.WaitingForGate, false), (plan.Verdict().Reason, plan.Verdict().Blocked));
    }

    [Fact]
    public void Gates_are_evaluated_only_while_a_node_needs_a_slot()
    {
        Assert.Empty(RolloutPlanner.Plan(Given.Snapshot(Given.Upgraded("n1")).With(s => s with { Gates = [Alerts] })).Watches.Gates);
        Assert.NotEmpty(RolloutPlanner.Plan(Given.Snapshot(Given.Idle("n1")).With(s => s with { Gates = [Alerts], Paused = true }))
            .Watches.Gates);
        Assert.Null(RolloutStatus.Compute(
            Given.Snapshot(), RolloutPlanner.Plan(Given.Snapshot(Given.Upgraded("n1")).With(s => s with { Gates = [Alerts] }))).Gates);
    }

    [Fact]
    public void Nodes_that_go_back_for_others_wait_for_gates_of_slots_only()
    {
        var halted = Given.Snapshot(
            Given.Upgraded("n1") with { Preflight = new() { At = Given.Ago(0.1), Pods = [] } }, Given.RolledBack("n2"))
            .With(s => s with { Rollback = s.Rollback with { Scope = RollbackScope.Policy } });

        var slot = halted.With(s => s with { Gates = [Alerts] });
        Assert.Equal(["n1"], RolloutPlanner.Plan(Says(slot, Alerts, CheckOutcome.Passed)).Granted());
        Assert.Empty(RolloutPlanner.Plan(Says(slot, Alerts, CheckOutcome.False)).Granted());
        var start = Alerts with { At = GatePoint.Rollout };
        Assert.Equal(["n1"], RolloutPlanner.Plan(Says(halted.With(s => s with { Gates = [start] }), start, CheckOutcome.False)).Granted());
    }

    private static IReadOnlyList<GateStatus> Report(RolloutSnapshot snapshot) =>
        RolloutStatus.Compute(snapshot, RolloutPlanner.Plan(snapshot)).Gates!;

    private static RolloutSnapshot Staged(params GateSpec[] gates) =>
        Given.Snapshot(Given.Staged("n1")).With(s => s with { Gates = gates });

    private static RolloutSnapshot Says(RolloutSnapshot snapshot, GateSpec gate, CheckOutcome outcome, int age = 0)
    {
        var at = snapshot.Now.AddSeconds(-age);
        return snapshot with
        {
            Gates = [.. snapshot.Gates.Where(g => g.Gate != gate.Name),
                GateObservation.After(null, gate, new(new CheckFinding(outcome, "the answer")), at)],
        };
    }

    private static Dictionary<string, GateAnswer> Nodes(params (string Node, CheckFinding Finding)[] nodes) =>
        nodes.ToDictionary(n => n.Node, n => new GateAnswer(n.Finding, n.Finding.Outcome == CheckOutcome.Passed ? Given.Now : null));
}
