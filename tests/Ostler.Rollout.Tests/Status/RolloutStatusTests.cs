using Ostler.Api.Json;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.Shared;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Status;
using Ostler.Rollout.Tests.Support;

namespace Ostler.Rollout.Tests.Status;

public class RolloutStatusTests
{
    public static TheoryData<string, string, string> Situations => new()
    {
        // situation, reason of Ready, kstatus: Current, InProgress, Reconciling, Stalled
        { "no nodes", Reasons.NoNodes, "Current" },
        { "all updated", Reasons.UpToDate, "Current" },
        { "all updated, paused", Reasons.UpToDate, "Current" },
        { "all updated, one not Ready", Reasons.UpToDate, "Current" },
        { "rolling", Reasons.RollingOut, "Reconciling" },
        { "rolling beside a failure", Reasons.RollingOut, "Reconciling" },
        { "paused", Reasons.Paused, "InProgress" },
        { "paused, one in flight", Reasons.Paused, "Reconciling" },
        { "paused, staging", Reasons.Paused, "Reconciling" },
        { "outside of its windows", Reasons.OutsideWindow, "Reconciling" },
        { "outside of its windows, one in flight", Reasons.OutsideWindow, "Reconciling" },
        { "outside of its windows, all updated", Reasons.UpToDate, "Current" },
        { "outside of its windows, the rest cordoned by humans", Reasons.NodesBlocked, "Stalled" },
        { "frozen", Reasons.Frozen, "Reconciling" },
        { "no window fits", Reasons.NoWindowFits, "Stalled" },
        { "depends on one that is not Ready", Reasons.DependencyNotReady, "Reconciling" },
        { "depends on one that is missing", Reasons.DependencyNotFound, "Stalled" },
        { "depends on itself, all updated", Reasons.DependencyCycle, "Stalled" },
        { "a wave waits for approval", Reasons.WaitingForApproval, "InProgress" },
        { "a wave soaks", Reasons.WaveSoaking, "Reconciling" },
        { "a wave is below its threshold", Reasons.WaveBelowThreshold, "Stalled" },
        { "a wave is below its threshold, one backing off", Reasons.WaveBelowThreshold, "Reconciling" },
        { "the last wave failed", Reasons.NodesFailed, "Stalled" },
        { "halted", Reasons.TooManyFailures, "Stalled" },
        { "halted, one in flight", Reasons.TooManyFailures, "Reconciling" },
        { "quarantined", Reasons.ImageQuarantined, "Stalled" },
        { "no image", Reasons.ImageNotFound, "Stalled" },
        { "image not resolved", Reasons.ImageNotReady, "Reconciling" },
        { "invalid", Reasons.Invalid, "Stalled" },
        { "conflict", Reasons.PolicyConflict, "Stalled" },
        { "conflict beside others", Reasons.PolicyConflict, "Reconciling" },
        { "every slot taken by cordons", Reasons.NodesBlocked, "Stalled" },
        { "every slot taken by nodes that are not Ready", Reasons.NodesBlocked, "Reconciling" },
        { "draining, blocked by a budget", Reasons.RollingOut, "Reconciling" },
        { "rest cordoned by humans", Reasons.NodesBlocked, "Stalled" },
        { "rest not Ready", Reasons.NodesBlocked, "Reconciling" },
        { "rest backing off", Reasons.NodesBlocked, "Reconciling" },
        { "rest failed", Reasons.NodesFailed, "Stalled" },
        { "rest held", Reasons.NodesFailed, "Stalled" },
        { "deleting", Reasons.Deleting, "Reconciling" },
    };

    [Theory]
    [MemberData(nameof(Situations))]
    public void A_policy_says_how_it_stands(string situation, string reason, string kstatus)
    {
        var snapshot = In(situation);

        var status = RolloutStatus.Compute(snapshot, RolloutPlanner.Plan(snapshot));

        ConditionLint.Check(status.Conditions!);
        var ready = status.Conditions.Find(ConditionTypes.Ready)!;
        Assert.Equal((reason, kstatus), (ready.Reason, Kstatus(status.Conditions!)));
        Assert.Equal(3, status.ObservedGeneration);
        foreach (var type in new[] { ConditionTypes.Accepted, ConditionTypes.Progressing, ConditionTypes.Halted, ConditionTypes.Conflicted, ConditionTypes.WindowOpen })
        {
            Assert.NotNull(status.Conditions.Find(type));
        }
    }

    [Theory]
    [MemberData(nameof(Situations))]
    public void Each_node_of_the_selection_is_in_just_one_count(string situation, string reason, string kstatus)
    {
        _ = (reason, kstatus);
        var snapshot = In(situation);

        var nodes = RolloutStatus.Compute(snapshot, RolloutPlanner.Plan(snapshot)).Nodes!;

        var selected = snapshot.Policy.Exists ? snapshot.Nodes.Count : 0;
        Assert.Equal(selected, nodes.Total);
        Assert.Equal(nodes.Total, nodes.Updated + nodes.Updating + nodes.Staged + nodes.Pending + nodes.Failed + nodes.RolledBack);
    }

    [Theory]
    [MemberData(nameof(Situations))]
    public void A_pass_that_changes_nothing_gives_the_same_status(string situation, string reason, string kstatus)
    {
        _ = (reason, kstatus);
        var snapshot = In(situation);
        var first = RolloutStatus.Compute(snapshot, RolloutPlanner.Plan(snapshot));
        var next = snapshot with { Now = snapshot.Now.AddMilliseconds(400), Policy = snapshot.Policy with { PreviousStatus = first } };

        var second = RolloutStatus.Compute(next, RolloutPlanner.Plan(next));

        Assert.Equal(Json(first), Json(second));
    }

    [Theory]
    [InlineData("one is uncordoned")]
    [InlineData("one is given back")]
    [InlineData("one is withdrawn")]
    public void A_pass_that_does_something_never_says_that_nothing_moves(string what)
    {
        var snapshot = what switch
        {
            "one is uncordoned" => Given.Snapshot(Given.Soaking("n1", 60), Given.Staged("n2")),
            "one is given back" => Given.Snapshot(Given.Cordoned("n1", Given.Pod("web")) with { CordonedAt = Given.Ago(60) }),
            _ => Given.Snapshot(Given.Staged("n1"), Given.RolledBack("n2")),
        };

        var conditions = RolloutStatus.Compute(snapshot, RolloutPlanner.Plan(snapshot)).Conditions!;

        Assert.Equal("Reconciling", Kstatus(conditions));
    }

    /// <summary>No agent will ever report from them: they must not keep a policy from Ready.</summary>
    [Theory]
    [InlineData("kubernetes.io/os", "windows")]
    [InlineData("eks.amazonaws.com/compute-type", "fargate")]
    [InlineData("type", "virtual-kubelet")]
    public void Nodes_that_cannot_run_an_agent_are_passed_over(string label, string value)
    {
        NodeFacts never = new() { Name = "w1", Uid = "w1-uid", Labels = new Dictionary<string, string> { [label] = value } };
        var (beside, alone) = (Given.Snapshot(Given.Updated("n1"), never), Given.Snapshot(never));

        var status = RolloutStatus.Compute(beside, RolloutPlanner.Plan(beside));

        Assert.Equal((1, 1), (status.Nodes!.Total, status.Nodes.Updated));
        Assert.Equal(ConditionStatus.True, status.Conditions.Find(ConditionTypes.Ready)!.Status);
        Assert.Null(status.Blocked);
        Assert.Equal(
            $"The selector matches only nodes that cannot run an agent ({label}={value}).",
            RolloutStatus.Compute(alone, RolloutPlanner.Plan(alone)).Conditions.Find(ConditionTypes.Ready)!.Message);
    }

    [Fact]
    public void Who_takes_up_the_whole_budget_is_named()
    {
        var snapshot = In("every slot taken by cordons");

        Assert.EndsWith(
            "No slot is free: spec.rollout.maxUnavailable allows 1, and 1 are unavailable: n1 (cordoned).",
            RolloutStatus.Compute(snapshot, RolloutPlanner.Plan(snapshot)).Conditions.Find(ConditionTypes.Ready)!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Nodes_in_flight_and_blocked_ones_are_listed_by_name_up_to_fifty()
    {
        var snapshot = Given.Snapshot(
            [.. Enumerable.Range(0, 60).Select(i => Given.Booting($"f{i:00}")), .. Enumerable.Range(0, 60).Select(i => Given.Idle($"b{i:00}") with { Ready = false })]);

        var status = RolloutStatus.Compute(snapshot, RolloutPlanner.Plan(snapshot));

        Assert.Equal(Enumerable.Range(0, 50).Select(i => $"f{i:00}"), status.InFlight!.Select(n => n.Node));
        Assert.Equal(Enumerable.Range(0, 50).Select(i => $"b{i:00}"), status.Blocked!.Select(n => n.Node));
        Assert.Equal((120, 60, 120), (status.Nodes!.Total, status.Nodes.Updating, status.Nodes.Unavailable));
    }

    [Fact]
    public void The_time_of_a_step_is_carried_on_while_the_node_is_in_it()
    {
        var snapshot = Given.Snapshot(Given.Booting("n1"), Given.Booted("n2"));
        snapshot = snapshot with
        {
            Policy = snapshot.Policy with
            {
                PreviousStatus = new()
                {
                    InFlight =
                    [
                        new() { Node = "n1", Step = NodeStep.Rebooting, Reason = "x", Since = Given.Ago(5) },
                        new() { Node = "n2", Step = NodeStep.Rebooting, Reason = "x", Since = Given.Ago(5) },
                    ],
                },
            },
        };

        var status = RolloutStatus.Compute(snapshot, RolloutPlanner.Plan(snapshot));

        Assert.Equal([Given.Ago(5), Given.Now], status.InFlight!.Select(n => n.Since!.Value));
    }

    [Fact]
    public void What_the_evictions_of_this_pass_gave_is_in_the_report_of_this_pass()
    {
        var snapshot = Given.Snapshot(Given.Cordoned("n1", Given.Pod("web")));

        var status = RolloutStatus.Compute(
            snapshot,
            RolloutPlanner.Plan(snapshot),
            [new() { Namespace = "apps", Name = "web", Uid = "web-uid", Outcome = EvictionOutcome.BlockedByBudget, Budget = "web-pdb", At = Given.Now }]);

        Assert.Equal((Reasons.DrainBlocked, "apps/web: PodDisruptionBudget web-pdb allows no disruption now."), (status.InFlight![0].Reason, status.InFlight[0].Message));
        Assert.Equal("n1", Assert.Single(status.Blocked!).Node);
    }

    [Fact]
    public void A_node_whose_pod_could_be_evicted_at_last_is_not_called_blocked_for_the_try_before()
    {
        var refused = new EvictionResult { Namespace = "apps", Name = "web", Uid = "web-uid", Outcome = EvictionOutcome.BlockedByBudget, Budget = "web-pdb", At = Given.Ago(1) };
        var snapshot = Given.Snapshot(Given.Cordoned("n1", Given.Pod("web") with { LastEviction = refused }));

        var status = RolloutStatus.Compute(snapshot, RolloutPlanner.Plan(snapshot), [refused with { Outcome = EvictionOutcome.Accepted, Budget = null, At = Given.Now }]);

        Assert.Equal(Reasons.Draining, status.InFlight![0].Reason);
        Assert.Null(status.Blocked);
    }

    [Fact]
    public void Too_many_failures_are_recorded_and_stay_when_the_target_moves_on_until_a_retry()
    {
        var halted = Given.Snapshot(Given.RolledBack("n1", 9), Given.RolledBack("n2", 5));
        var first = RolloutStatus.Compute(halted, RolloutPlanner.Plan(halted));
        var digest = Assert.Single(first.FailedDigests!);
        Assert.Equal((Trees.New, Reasons.HostCheckFailed, "n1: edge.service is failed", Given.Ago(5)), (digest.Digest, digest.Reason, digest.Message, digest.At));

        var moved = halted with { Image = Given.Image(Trees.Newer), Policy = halted.Policy with { PreviousStatus = first } };
        Assert.Equal(first.FailedDigests, RolloutStatus.Compute(moved, RolloutPlanner.Plan(moved)).FailedDigests);

        var retried = moved.With(s => s with { Rollout = s.Rollout with { RetryFailuresBefore = Given.Ago(5) } });
        Assert.Null(RolloutStatus.Compute(retried, RolloutPlanner.Plan(retried)).FailedDigests);
    }

    [Fact]
    public void Failures_within_the_budget_are_not_recorded_against_the_tree()
    {
        var snapshot = Given.Snapshot(Given.RolledBack("n1")).With(s => s with { Rollback = new() { MaxFailures = IntOrPercent.Count(1) } });

        Assert.Null(RolloutStatus.Compute(snapshot, RolloutPlanner.Plan(snapshot)).FailedDigests);
    }

    [Fact]
    public void A_rollout_begins_completes_and_begins_anew_with_a_node_that_joins()
    {
        var rolling = Next(Given.Snapshot(Given.Idle("n1")), null, 0);
        Assert.Equal((Given.Now, null), (rolling.StartedAt, rolling.CompletedAt));

        var still = Next(Given.Snapshot(Given.Staged("n1")), rolling, 5);
        Assert.Equal((Given.Now, null), (still.StartedAt, still.CompletedAt));

        var done = Next(Given.Snapshot(Given.Updated("n1")), still, 9);
        Assert.Equal((Given.Now, Given.In(9)), (done.StartedAt, done.CompletedAt));

        var later = Next(Given.Snapshot(Given.Updated("n1")), done, 90);
        Assert.Equal((Given.Now, Given.In(9)), (later.StartedAt, later.CompletedAt));

        var joined = Next(Given.Snapshot(Given.Updated("n1"), Given.Idle("n2")), later, 100);
        Assert.Equal((Given.In(100), null), (joined.StartedAt, joined.CompletedAt));

        var another = Next(Given.Snapshot(Given.Updated("n1")) with { Image = Given.Image(Trees.Newer) }, later, 200);
        Assert.Equal((Given.In(200), null), (another.StartedAt, another.CompletedAt));
    }

    private static UpgradePolicyStatus Next(RolloutSnapshot snapshot, UpgradePolicyStatus? previous, double minutes)
    {
        var next = snapshot with { Now = Given.In(minutes), Policy = snapshot.Policy with { PreviousStatus = previous } };
        return RolloutStatus.Compute(next, RolloutPlanner.Plan(next));
    }

    private static string Json(UpgradePolicyStatus status) => System.Text.Json.JsonSerializer.Serialize(
        new UpgradePolicy { Spec = Trees.Policy(), Status = status }, OstlerJson.Default.UpgradePolicy);

    private static string Kstatus(IReadOnlyList<Condition> conditions) => conditions switch
    {
        _ when conditions.IsTrue(ConditionTypes.Stalled) => "Stalled",
        _ when conditions.IsTrue(ConditionTypes.Reconciling) => "Reconciling",
        _ when conditions.IsTrue(ConditionTypes.Ready) => "Current",
        _ => "InProgress",
    };

    private static RolloutSnapshot In(string situation)
    {
        var other = new OtherPolicy { Name = "other", NodeSelector = new() { MatchLabels = new Dictionary<string, string> { ["canary"] = "yes" } } };
        return situation switch
        {
            "no nodes" => Given.Snapshot(),
            "all updated" => Given.Snapshot(Given.Updated("n1"), Given.Updated("n2")),
            "all updated, paused" => Given.Snapshot(Given.Updated("n1")).With(s => s with { Paused = true }),
            "all updated, one not Ready" => Given.Snapshot(Given.Updated("n1") with { Ready = false }),
            "rolling" => Given.Snapshot(Given.Updated("n1"), Given.Booting("n2"), Given.Staged("n3")),
            "rolling beside a failure" => Given.Snapshot(Given.RolledBack("n1"), Given.Staged("n3"))
                .With(s => s with { Rollback = new() { MaxFailures = IntOrPercent.Count(1) } }),
            "paused" => Given.Snapshot(Given.Staged("n1")).With(s => s with { Paused = true }),
            "paused, one in flight" => Given.Snapshot(Given.Booting("n1"), Given.Staged("n2")).With(s => s with { Paused = true }),
            "paused, staging" => Given.Snapshot(Given.Staging("n1")).With(s => s with { Paused = true }),
            "outside of its windows" => Given.Snapshot(Given.Staged("n1")).With(Closed),
            "outside of its windows, one in flight" => Given.Snapshot(Given.Booting("n1"), Given.Staged("n2")).With(Closed),
            "outside of its windows, all updated" => Given.Snapshot(Given.Updated("n1")).With(Closed),
            "outside of its windows, the rest cordoned by humans" => Given.Snapshot(Given.Updated("n1"), Given.Staged("n2") with { Unschedulable = true }).With(Closed),
            "frozen" => Given.Snapshot(Given.Staged("n1")).With(s => s with { Freezes = [new() { From = Given.Ago(1), To = Given.In(1) }] }),
            "no window fits" => Given.Snapshot(Given.Staged("n1")).With(s => s with { Windows = [new() { Schedule = "0 1 * * *", Duration = Duration.FromMinutes(5) }] }),
            "depends on one that is not Ready" => Given.Snapshot(Given.Staged("n1")).With(s => s with { DependsOn = ["other"] }) with { OtherPolicies = [other] },
            "depends on one that is missing" => Given.Snapshot(Given.Staged("n1")).With(s => s with { DependsOn = ["gone"] }),
            "depends on itself, all updated" => Given.Snapshot(Given.Updated("n1")).With(s => s with { DependsOn = ["edge"] }),
            "a wave waits for approval" => Waves(Given.Staged("n1"), new() { Name = "a", Nodes = IntOrPercent.Count(1), Approval = WaveApproval.Manual }),
            "a wave soaks" => Waves(Given.Updated("n1"), new() { Name = "a", Nodes = IntOrPercent.Count(1), Soak = Duration.FromMinutes(5) }),
            "a wave is below its threshold" => Waves(Given.RolledBack("n1"), new() { Name = "a", Nodes = IntOrPercent.Count(1) }),
            "a wave is below its threshold, one backing off" => Waves(
                Given.Updated("n1"),
                new() { Name = "a", NodeSelector = new() { MatchLabels = new Dictionary<string, string> { ["a"] = "a" } } },
                Given.Idle("n2").Label("a", "a").Spec(s => s with { Backoff = new() { Digest = Trees.New, Until = Given.In(5), Reason = Reasons.DrainBlocked } }),
                Given.Updated("n3").Label("a", "a")),
            "the last wave failed" => Waves(Given.Updated("n1"), new() { Name = "a", Nodes = IntOrPercent.Count(3) }, Given.RolledBack("n8"), Given.Updated("n9")),
            "halted" => Given.Snapshot(Given.RolledBack("n1"), Given.Idle("n2")),
            "halted, one in flight" => Given.Snapshot(Given.RolledBack("n1"), Given.Booting("n2")),
            "quarantined" => Given.Snapshot(Given.Idle("n1")) with { Image = Given.Image(spec: Trees.ImageSpec with { Quarantine = new() { Deny = [Trees.New] } }) },
            "no image" => Given.Snapshot(Given.Idle("n1")) with { Image = null },
            "image not resolved" => Given.Snapshot(Given.Idle("n1")) with { Image = Given.Image() with { Status = null } },
            "invalid" => Given.Snapshot(Given.Idle("n1")).With(s => s with { Drain = new() { Timeout = Duration.Zero } }),
            "conflict" => Given.Snapshot(Given.Idle("n1").Label("canary", "yes"), Given.Updated("n2")) with { OtherPolicies = [other] },
            "conflict beside others" => Given.Snapshot(Given.Idle("n1").Label("canary", "yes"), Given.Staged("n2")) with { OtherPolicies = [other] },
            "every slot taken by cordons" => Given.Snapshot(Given.Updated("n1") with { Unschedulable = true }, Given.Staged("n2")),
            "every slot taken by nodes that are not Ready" => Given.Snapshot(Given.Updated("n1") with { Ready = false }, Given.Staged("n2")),
            "draining, blocked by a budget" => Given.Snapshot(Given.Cordoned("n1", Given.Pod("lone") with { Controller = null })),
            "rest cordoned by humans" => Given.Snapshot(Given.Updated("n1"), Given.Staged("n2") with { Unschedulable = true }),
            "rest not Ready" => Given.Snapshot(Given.Updated("n1"), Given.Staged("n2") with { Ready = false }),
            "rest backing off" => Given.Snapshot(
                Given.Idle("n1").Spec(s => s with { Backoff = new() { Digest = Trees.New, Until = Given.In(5), Reason = Reasons.DrainBlocked } })),
            "rest failed" => Given.Snapshot(Given.Updated("n1"), Given.RolledBack("n2")).With(s => s with { Rollback = new() { MaxFailures = IntOrPercent.Count(1) } }),
            "rest held" => Given.Snapshot(Given.Updated("n1"), Given.Held("n2"))
                .With(s => s with { Rollback = new() { Automatic = false, MaxFailures = IntOrPercent.Count(1) } }),
            "deleting" => Given.Snapshot(Given.Booting("n1")) is var s ? s with { Policy = s.Policy with { Deleting = true } } : s,
            _ => throw new ArgumentOutOfRangeException(nameof(situation), situation, "no such situation"),
        };

        static UpgradePolicySpec Closed(UpgradePolicySpec spec) => spec with { Windows = [new() { Schedule = "0 1 * * *", Duration = Duration.FromMinutes(60) }] };

        static RolloutSnapshot Waves(NodeFacts first, WaveSpec wave, params NodeFacts[] more) => Given.Snapshot([first, .. more.Length > 0 ? more : [Given.Staged("n9")]])
            .With(s => s with { Rollout = s.Rollout with { Waves = [wave] }, Rollback = new() { MaxFailures = IntOrPercent.Count(5) } });
    }
}
