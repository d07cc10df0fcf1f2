using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Context;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Slots;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Status;
using Ostler.Rollout.Tests.Support;
using Ostler.Rollout.Waves;

namespace Ostler.Rollout.Tests.Waves;

/// <summary>
/// Whose turn it is. In the rows a node is written as its name and how it stands; the canary is a wave of one node unless told otherwise.
/// </summary>
public class WaveTests
{
    private static readonly WaveSpec Canary = new() { Name = "canary", Nodes = IntOrPercent.Count(1) };

    public static TheoryData<string, WaveSpec[], NodeFacts[], string[], string[]> Turns => Rows(
        ("the canary goes alone, though there are slots", [Canary], [Given.Staged("n1"), Given.Staged("n2")], ["n1"], ["canary RollingOut", "rest WaitingForWave"]),
        ("the rest waits while the canary is in flight", [Canary], [Given.Booting("n1"), Given.Staged("n2")], [], ["canary RollingOut", "rest WaitingForWave"]),
        ("the rest goes when the canary is through", [Canary], [Given.Updated("n1"), Given.Staged("n2"), Given.Staged("n3")], ["n2", "n3"], ["canary Succeeded", "rest RollingOut"]),
        ("a later one in flight does not become the canary", [Canary], [Given.Staged("n1"), Given.Updated("n2"), Given.Booting("n3")], ["n1"], ["canary Succeeded", "rest RollingOut"]),
        ("a node that fetches is given time to be the canary", [Canary], [Given.Staging("n1"), Given.Staging("n2")], [], ["canary RollingOut", "rest WaitingForWave"]),
        ("the canary is one that can go", [Canary], [Given.Staged("n1") with { Ready = false }, Given.Staged("n2"), Given.Staged("n3")], ["n2"], ["canary RollingOut", "rest WaitingForWave"]),
        ("a failed canary stays the canary", [Canary], [Given.RolledBack("n1"), Given.Staged("n2")], [], ["canary WaveBelowThreshold", "rest WaitingForWave"]),
        ("a selector decides before a count",
            [Canary, new() { Name = "west", NodeSelector = West() }],
            [InWest(Given.Staged("n1")), Given.Staged("n2"), Given.Staged("n3")], ["n2"], ["canary RollingOut", "west WaitingForWave", "rest WaitingForWave"]),
        ("the first selector that matches decides",
            [new() { Name = "west", NodeSelector = West() }, new() { Name = "all", NodeSelector = Trees.AllNodes }],
            [InWest(Given.Updated("n1")), Given.Staged("n2")], ["n2"], ["west Succeeded", "all RollingOut", "rest NoNodes"]),
        ("a selector that matches nobody is passed over", [new() { Name = "west", NodeSelector = West() }], [Given.Staged("n1")], ["n1"], ["west NoNodes", "rest RollingOut"]),
        ("a percentage is one node at least", [new() { Name = "canary", Nodes = IntOrPercent.Percent(5) }],
            [Given.Staged("n1"), Given.Staged("n2")], ["n1"], ["canary RollingOut", "rest WaitingForWave"]),
        ("a percentage is of the whole selection", [new() { Name = "half", Nodes = IntOrPercent.Percent(50) }],
            [Given.Updated("n1"), Given.Staged("n2"), Given.Staged("n3"), Given.Staged("n4")], ["n2"], ["half RollingOut", "rest WaitingForWave"]),
        ("failures within the threshold let the next wave begin",
            [new() { Name = "first", Nodes = IntOrPercent.Count(2), SuccessThreshold = IntOrPercent.Percent(50) }],
            [Given.Updated("n1"), Given.RolledBack("n2"), Given.Staged("n3")], ["n3"], ["first Succeeded", "rest RollingOut"]),
        ("but not before every node of the wave was tried",
            [new() { Name = "first", Nodes = IntOrPercent.Count(3), SuccessThreshold = IntOrPercent.Percent(30) }],
            [Given.Updated("n1"), Given.Booting("n2"), Given.Staged("n3"), Given.Staged("n4")], ["n3"], ["first RollingOut", "rest WaitingForWave"]),
        ("a node that is off holds up no wave", [new() { Name = "first", Nodes = IntOrPercent.Count(3) }],
            [Given.Updated("n1"), Given.Updated("n2"), Given.Idle("n3") with { Ready = false }], [], ["first Succeeded", "rest NoNodes"]),
        ("a wave of which no node is there proves nothing", [new() { Name = "west", NodeSelector = West() }],
            [InWest(Given.Staged("n1")) with { Ready = false }, Given.Staged("n2")], [], ["west NodesBlocked", "rest WaitingForWave"]),
        ("a node on hold holds up no wave", [new() { Name = "first", Nodes = IntOrPercent.Count(3) }],
            [Given.Updated("n1"), Given.Updated("n2"), Given.Staged("n3") with { Hold = Given.Hold }], [],
                ["first Succeeded", "rest NoNodes"]),
        ("a node on hold is not the canary", [Canary],
            [Given.Staged("n1") with { Hold = Given.Hold }, Given.Staged("n2"), Given.Staged("n3")], ["n2"],
                ["canary RollingOut", "rest WaitingForWave"]),
        ("a wave whose nodes are all on hold proves nothing", [new() { Name = "west", NodeSelector = West() }],
            [InWest(Given.Staged("n1")) with { Hold = Given.Hold }, Given.Staged("n2")], [], ["west NodesHeld", "rest WaitingForWave"]),
        ("a node that a person cordoned holds up its wave", [new() { Name = "west", NodeSelector = West() }],
            [InWest(Given.Updated("n1")), InWest(Given.Staged("n2")) with { Unschedulable = true }, Given.Staged("n3")], [], ["west WaveBelowThreshold", "rest WaitingForWave"]));

    [Theory]
    [MemberData(nameof(Turns))]
    public void Whose_turn_it_is(string what, WaveSpec[] waves, NodeFacts[] nodes, string[] granted, string[] stand)
    {
        Assert.NotEmpty(what);
        var (plan, status) = Look(waves, nodes);

        Assert.Equal(granted, plan.Granted());
        Assert.Equal(stand, status.Waves!.Select(w => $"{w.Name} {w.Reason}"));
        Assert.Equal(nodes.Length, status.Waves!.Sum(w => w.Total));
        Assert.All(status.Waves!, w => Assert.NotEmpty(w.Message!));
        ConditionLint.Check(status.Conditions!);
    }

    [Fact]
    public void A_wave_soaks_from_the_moment_that_it_was_complete()
    {
        WaveSpec[] waves = [Canary with { Soak = Duration.FromMinutes(30) }];
        NodeFacts[] nodes = [Given.Updated("n1"), Given.Staged("n2")];

        var (plan, status) = Look(waves, nodes);
        Assert.Empty(plan.Granted());
        Assert.Equal((Given.Now, Reasons.WaveSoaking, "canary"), (status.Waves![0].CompletedAt, status.Waves[0].Reason, status.Wave));
        Assert.Equal(Given.In(30), plan.NextWakeUp);
        Assert.Equal(Reasons.WaitingForWave, plan.Verdict("n2").Reason);
        Assert.Equal((Reasons.WaveSoaking, true, false), (Ready(status).Reason, status.Conditions.IsTrue(ConditionTypes.Reconciling), status.Conditions.IsTrue(ConditionTypes.Progressing)));

        Assert.Empty(Look(waves, nodes, Given.In(29), status).Plan.Granted());
        var (after, done) = Look(waves, nodes, Given.In(30), status);
        Assert.Equal(["n2"], after.Granted());
        Assert.Equal((Given.Now, "rest"), (done.Waves![0].CompletedAt, done.Wave));
    }

    [Fact]
    public void Losing_the_status_only_lengthens_the_soak()
    {
        WaveSpec[] waves = [Canary with { Soak = Duration.FromMinutes(30) }];
        NodeFacts[] nodes = [Given.Updated("n1"), Given.Staged("n2")];

        var (plan, status) = Look(waves, nodes, Given.In(29));

        Assert.Empty(plan.Granted());
        Assert.Equal(Given.In(29), status.Waves![0].CompletedAt);
    }

    [Fact]
    public void What_was_complete_with_another_tree_is_not_with_this_one()
    {
        var former = new UpgradePolicyStatus { Target = new() { Digest = Trees.Old }, Waves = [new() { Name = "canary", Reason = Reasons.Succeeded, CompletedAt = Given.Ago(600) }] };

        Assert.Equal(["n1"], Look([Canary], [Given.Staged("n1"), Given.Staged("n2")], previous: former).Plan.Granted());
    }

    [Fact]
    public void A_node_that_joins_a_wave_that_is_complete_goes_first_and_holds_up_nobody()
    {
        WaveSpec[] waves = [new() { Name = "west", NodeSelector = West(), Soak = Duration.FromMinutes(30) }];
        var former = new UpgradePolicyStatus { Target = new() { Digest = Trees.New }, Waves = [new() { Name = "west", Reason = Reasons.Succeeded, CompletedAt = Given.Ago(60) }] };
        NodeFacts[] nodes = [InWest(Given.Updated("n1")), Given.Staged("n2"), InWest(Given.Staged("n9")), Given.Staged("n3")];

        var (plan, status) = Look(waves, nodes, previous: former, slots: 2);

        Assert.Equal(["n9", "n2"], plan.Granted());
        Assert.Equal(Given.Ago(60), status.Waves![0].CompletedAt);
    }

    [Fact]
    public void Who_was_touched_keeps_its_wave_when_others_join_leave_and_fail()
    {
        WaveSpec[] waves = [Canary, new() { Name = "second", Nodes = IntOrPercent.Count(2) }];
        // n1 was first, then n2, which failed; n3 is on its way.
        var first = Taken(Given.Updated("n1"), 100);
        var failed = Given.RolledBack("n2", 50);
        var underWay = Given.Booting("n3");
        var rest = Given.Staged("n4");

        Assert.Equal("n1 | n2 n3 | n4", Members(waves, first, failed, underWay, rest));
        // One that would go before all others joins.
        Assert.Equal("n1 | n2 n3 | a0 n4", Members(waves, first, failed, underWay, rest, Given.Staged("a0").Label("topology.kubernetes.io/zone", "a")));
        // The canary is deleted: the next one that was touched takes its place.
        Assert.Equal("n2 | n3 n4", Members(waves, failed, underWay, rest));
        // n3 is done; the order in which nodes were taken is that of before.
        Assert.Equal("n1 | n2 n3 | n4", Members(waves, first, failed, Taken(Given.Updated("n3"), 10), rest));
        // One that ran the target already proves it as well.
        Assert.Equal("n9 | n1 n2 | n3 n4", Members(waves, first, failed, underWay, rest, Given.Updated("n9")));
    }

    [Fact]
    public void A_later_wave_is_staged_ahead_but_the_present_one_first()
    {
        var (plan, _) = Look(
            [new() { Name = "west", NodeSelector = West() }], [Given.Idle("n1"), InWest(Given.Idle("n2")), Given.Idle("n3")], slots: 1, stageAhead: IntOrPercent.Count(2));

        Assert.Equal(["n2", "n1"], plan.StagedNow());
    }

    [Fact]
    public void Between_waves_no_slot_is_free_to_stage_for()
    {
        WaveSpec[] waves = [Canary with { Soak = Duration.FromMinutes(30) }];

        var (plan, _) = Look(waves, [Given.Updated("n1"), Given.Idle("n2"), Given.Idle("n3")], stageAhead: IntOrPercent.Count(0));

        Assert.Empty(plan.StagedNow());
    }

    public static TheoryData<string, WaveApprovalGrant[], bool> Approvals => new()
    {
        { "none", [], false },
        { "of the tree", [new() { Wave = "fleet", Digest = Trees.New }], true },
        { "of the tree, with sha256:", [new() { Wave = "fleet", Digest = "sha256:" + Trees.New }], true },
        { "of another tree", [new() { Wave = "fleet", Digest = Trees.Old }], false },
        { "of another wave", [new() { Wave = "canary", Digest = Trees.New }], false },
    };

    [Theory]
    [MemberData(nameof(Approvals))]
    public void A_manual_wave_waits_for_an_approval_that_names_it_and_the_tree(string approval, WaveApprovalGrant[] approvals, bool begins)
    {
        WaveSpec[] waves = [Canary, new() { Name = "fleet", Nodes = IntOrPercent.Percent(100), Approval = WaveApproval.Manual }];

        var (plan, status) = Look(waves, [Given.Updated("n1"), Given.Staged("n2")], approvals: approvals);

        Assert.Equal(begins ? ["n2"] : [], plan.Granted());
        Assert.Equal("fleet", status.Wave);
        if (begins)
        {
            return;
        }

        var fleet = status.Waves!.Single(w => w.Name == "fleet");
        Assert.Equal(Reasons.WaitingForApproval, fleet.Reason);
        Assert.Contains($"add {{wave: fleet, digest: \"{Trees.New}\"}} to spec.rollout.approvals", fleet.Message!, StringComparison.Ordinal);
        Assert.Equal(approval == "of another tree", fleet.Message!.Contains("aaaaaaaaaaaa", StringComparison.Ordinal));
        // A person is asked, but nothing is wrong: neither of the two.
        Assert.Equal(Reasons.WaitingForApproval, Ready(status).Reason);
        Assert.Contains(fleet.Message, Ready(status).Message, StringComparison.Ordinal);
        Assert.False(status.Conditions.IsTrue(ConditionTypes.Stalled) || status.Conditions.IsTrue(ConditionTypes.Reconciling));
        Assert.Equal(Reasons.WaitingForApproval, plan.Verdict("n2").Reason);
    }

    [Fact]
    public void A_canary_can_ask_for_approval_before_the_first_node()
    {
        var (plan, status) = Look([Canary with { Approval = WaveApproval.Manual }], [Given.Staged("n1"), Given.Staged("n2")]);

        Assert.Empty(plan.Granted());
        Assert.Equal(["canary WaitingForApproval", "rest WaitingForWave"], status.Waves!.Select(w => $"{w.Name} {w.Reason}"));
    }

    [Fact]
    public void Below_the_threshold_the_policy_is_stalled_and_says_what_to_do()
    {
        var (_, status) = Look([Canary], [Given.RolledBack("n1"), Given.Staged("n2")]);

        Assert.Equal(Reasons.WaveBelowThreshold, Ready(status).Reason);
        Assert.Contains("n1 is blocked (RolledBack)", Ready(status).Message, StringComparison.Ordinal);
        Assert.Contains("kubectl ostler retry", Ready(status).Message, StringComparison.Ordinal);
        Assert.True(status.Conditions.IsTrue(ConditionTypes.Stalled));
    }

    private static NodeFacts Taken(NodeFacts node, double minutesAgo) =>
        node.Spec(s => s with { LastUpgrade = new() { GrantedAt = Given.Ago(minutesAgo), CompletedAt = Given.Ago(minutesAgo - 5) } });

    private static LabelSelector West() => new() { MatchLabels = new Dictionary<string, string> { ["site"] = "west" } };

    private static NodeFacts InWest(NodeFacts node) => node.Label("site", "west");

    private static Condition Ready(UpgradePolicyStatus status) => status.Conditions.Find(ConditionTypes.Ready)!;

    private static string Members(WaveSpec[] waves, params NodeFacts[] nodes)
    {
        var snapshot = Snapshot(waves, nodes, 9, [], IntOrPercent.Percent(25));
        var context = ContextAssembly.Assemble(snapshot);
        var decisions = new DecidedNodes(context);
        var membership = WaveMembership.Of(context, decisions, waves);
        return string.Join(" | ", Enumerable.Range(0, waves.Length + 1)
            .Select(w => string.Join(' ', Enumerable.Range(0, decisions.Count).Where(i => membership[i] == w).Select(i => decisions[i].Node.Name)))
            .Where(w => w.Length > 0));
    }

    private static (RolloutPlan Plan, UpgradePolicyStatus Status) Look(
        WaveSpec[] waves, NodeFacts[] nodes, DateTimeOffset? now = null, UpgradePolicyStatus? previous = null, int slots = 9, WaveApprovalGrant[]? approvals = null,
        IntOrPercent? stageAhead = null)
    {
        var snapshot = Snapshot(waves, nodes, slots, approvals ?? [], stageAhead ?? IntOrPercent.Percent(25));
        snapshot = snapshot.At(now ?? Given.Now) with { Policy = snapshot.Policy with { PreviousStatus = previous } };
        var plan = RolloutPlanner.Plan(snapshot);
        return (plan, RolloutStatus.Compute(snapshot, plan));
    }

    private static RolloutSnapshot Snapshot(WaveSpec[] waves, NodeFacts[] nodes, int slots, WaveApprovalGrant[] approvals, IntOrPercent stageAhead) =>
        Given.Snapshot(nodes).With(s => s with
        {
            Rollout = s.Rollout with { MaxUnavailable = IntOrPercent.Count(slots), Waves = waves, Approvals = approvals, StageAhead = stageAhead },
            Rollback = new() { MaxFailures = IntOrPercent.Count(5) },
        });

    private static TheoryData<string, WaveSpec[], NodeFacts[], string[], string[]> Rows(
        params (string Label, WaveSpec[], NodeFacts[], string[], string[])[] rows)
    {
        var data = new TheoryData<string, WaveSpec[], NodeFacts[], string[], string[]>();
        foreach (var (label, waves, nodes, granted, stand) in rows)
        {
            data.Add(new TheoryDataRow<string, WaveSpec[], NodeFacts[], string[], string[]>(label, waves, nodes, granted, stand) { Label = label });
        }

        return data;
    }
}
