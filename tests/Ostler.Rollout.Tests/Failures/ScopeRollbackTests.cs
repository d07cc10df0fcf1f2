using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Status;
using Ostler.Rollout.Tests.Support;

namespace Ostler.Rollout.Tests.Failures;

/// <summary>n9 failed, and more than it goes back.</summary>
public class ScopeRollbackTests
{
    [Theory]
    [InlineData(RollbackScope.Node, true, "")]
    [InlineData(RollbackScope.Policy, false, "")]
    [InlineData(RollbackScope.Policy, true, "n2")]
    [InlineData(RollbackScope.Wave, true, "n2")]
    public void The_node_that_was_upgraded_last_goes_back_first(RollbackScope scope, bool automatic, string granted)
    {
        var plan = Plan(s => s with { Rollback = new() { Scope = scope, Automatic = automatic } }, Given.Upgraded("n1", 60), Given.Upgraded("n2", 20), Given.Upgraded("n3", 40));

        Assert.Equal(granted, string.Join(' ', plan.Granted()));
    }

    [Fact]
    public void Of_nodes_that_were_upgraded_together_the_name_decides_and_the_leaders_own_goes_last()
    {
        var snapshot = Snapshot(
            s => s with { Rollout = s.Rollout with { MaxUnavailable = IntOrPercent.Count(3) } }, Given.Upgraded("n1"), Given.Upgraded("n2"), Given.Upgraded("n3"));

        Assert.Equal(["n2", "n3", "n1"], RolloutPlanner.Plan(snapshot with { LeaderNode = "n1" }).Granted());
    }

    [Fact]
    public void Nobody_goes_back_before_too_many_failed() =>
        Assert.Empty(Plan(s => s with { Rollback = s.Rollback with { MaxFailures = IntOrPercent.Count(1) } }, Given.Upgraded("n1")).Granted());

    [Fact]
    public void A_failed_node_that_is_gone_since_still_takes_the_others_back()
    {
        var snapshot = Given.Snapshot(Given.Upgraded("n1")).With(s => s with { Rollback = new() { Scope = RollbackScope.Policy } });

        var plan = RolloutPlanner.Plan(snapshot with
        {
            Policy = snapshot.Policy with { PreviousStatus = new() { FailedDigests = [new() { Digest = Trees.New, Reason = Reasons.HostCheckFailed, At = Given.Ago(5) }] } },
        });

        Assert.Equal(["n1"], plan.Granted());
    }

    [Fact]
    public void Nodes_in_flight_and_those_out_of_service_count_against_the_budget()
    {
        Assert.Empty(Plan(null, Given.Upgraded("n1"), Given.GoingBack("n2", Given.Pod("web"))).Granted());
        Assert.Empty(Plan(null, Given.Upgraded("n1"), Given.Upgraded("n2") with { Ready = false }).Granted());
        Assert.Empty(Plan(null, Given.Upgraded("n1"), Given.RollingBack("n2")).Granted());
    }

    [Fact]
    public void Control_plane_and_domains_limit_those_that_go_back_too()
    {
        static UpgradePolicySpec Two(UpgradePolicySpec s) => s with { Rollout = s.Rollout with { MaxUnavailable = IntOrPercent.Count(2), Topology = new() { Key = "zone" } } };

        Assert.Equal(["n1"], Plan(Two, Given.Upgraded("n1").Label("zone", "a"), Given.Upgraded("n2").Label("zone", "b")).Granted());
        Assert.Equal(
            ["n1"],
            Plan(
                s => Two(s) with { Rollout = s.Rollout with { MaxUnavailable = IntOrPercent.Count(2) } },
                Given.Upgraded("n1").Label(NodeMarks.ControlPlaneLabel, ""), Given.Upgraded("n2").Label(NodeMarks.ControlPlaneLabel, "")).Granted());
    }

    [Fact]
    public void A_drain_that_would_be_blocked_is_not_begun()
    {
        var pod = Given.Pod("web") with
        {
            LastEviction = new() { Namespace = "apps", Name = "web", Uid = "web-uid", Outcome = EvictionOutcome.BlockedByBudget, Budget = "web", At = Given.Ago(0.1) },
        };
        var plan = Plan(null, Given.Upgraded("n1") with { Preflight = new() { At = Given.Ago(0.1), Pods = [pod] } });

        Assert.Empty(plan.Granted());
        Assert.Equal(Reasons.DrainWouldBlock, plan.Verdict().Reason);
    }

    [Fact]
    public void A_pause_a_freeze_and_a_closed_window_hold_for_the_way_back()
    {
        var paused = Plan(s => s with { Paused = true }, Given.Upgraded("n1"));
        var frozen = Plan(s => s with { Freezes = [new() { From = Given.Ago(5), To = Given.In(5) }] }, Given.Upgraded("n1"));

        Assert.Empty(paused.Granted());
        Assert.Equal((Reasons.Paused, NodeTally.Updated), (paused.Verdict().Reason, paused.Verdict().Tally));
        Assert.Empty(frozen.Granted());
        Assert.Equal(Reasons.Frozen, frozen.Verdict().Reason);
    }

    [Theory]
    [InlineData(RollbackScope.Wave, "n2")]
    [InlineData(RollbackScope.Policy, "n2 n1")]
    public void Only_members_of_the_failed_nodes_wave_go_back_with_it(RollbackScope scope, string granted)
    {
        var plan = Plan(
            s => s with
            {
                Rollback = new() { Scope = scope },
                Rollout = s.Rollout with
                {
                    MaxUnavailable = IntOrPercent.Count(3),
                    Waves = [new() { Name = "canary", Nodes = IntOrPercent.Count(1) }, new() { Name = "early", Nodes = IntOrPercent.Count(2) }],
                },
            },
            Given.Upgraded("n1", 60), Given.Upgraded("n2", 50));

        Assert.Equal(granted, string.Join(' ', plan.Granted()));
    }

    [Fact]
    public void A_node_that_goes_back_or_is_back_keeps_its_place_among_the_waves()
    {
        static UpgradePolicySpec Waves(UpgradePolicySpec s) => s with
        {
            Rollback = new() { Scope = RollbackScope.Wave },
            Rollout = s.Rollout with { Waves = [new() { Name = "canary", Nodes = IntOrPercent.Count(1) }, new() { Name = "early", Nodes = IntOrPercent.Count(2) }] },
        };

        // n1 was first, and goes back or is back later than n2 was upgraded: else n2 would be the canary, and n1 be taken for a member of
        // the wave that failed.
        foreach (var first in (NodeFacts[])[Given.GoingBack("n1", Given.Pod("web")), Given.TakenBack("n1")])
        {
            var plan = Plan(Waves, first, Given.Upgraded("n2", 50));
            Assert.Equal((1, 2), (plan.Waves[0].Total, plan.Waves[1].Total));
            Assert.Equal(0, plan.Waves[0].Updated);
            Assert.Equal(1, plan.Waves[1].Updated);
        }
    }

    [Fact]
    public void A_former_tree_that_is_not_known_or_not_kept_is_told_and_the_others_go()
    {
        var unknown = Given.Upgraded("n1").Spec(s => s with { LastUpgrade = s.LastUpgrade! with { Previous = null } });
        var gone = Given.Upgraded("n2").Status(s => s with { Rollback = Given.Tree(Trees.Newer) });

        var plan = Plan(null, unknown, gone, Given.Upgraded("n3"));

        Assert.Equal(["n3"], plan.Granted());
        foreach (var node in (string[])["n1", "n2"])
        {
            Assert.Equal((Reasons.RollbackImpossible, true, true), (plan.Verdict(node).Reason, plan.Verdict(node).Blocked, plan.Verdict(node).NeedsPerson));
            Assert.Contains("Release a fixed image", plan.Verdict(node).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_node_that_the_policy_did_not_upgrade_is_left_alone()
    {
        var plan = Plan(null, Given.Updated("n1"));

        Assert.Empty(plan.Of());
        Assert.Equal((Reasons.Updated, false), (plan.Verdict().Reason, plan.Verdict().Blocked));
    }

    [Fact]
    public void A_drained_node_is_told_to_go_back_and_the_record_says_that_it_did_not_fail()
    {
        var plan = Plan(null, Given.GoingBack("n1"));

        var spec = plan.Written();
        Assert.Equal((Goal.Rollback, 2L, Trees.Old, "n1-boot-1"), (spec.Goal, spec.Attempt, spec.Previous!.Digest, spec.Previous.BootID));
        Assert.Equal((Reasons.RolledBackByScope, Trees.New, 2L), (spec.Failure!.Reason, spec.Failure.Digest, spec.Failure.Attempt));
        Assert.Contains("n9 failed (HostCheckFailed)", spec.Failure.Message!, StringComparison.Ordinal);
        Assert.Equal(Given.Ago(10), spec.GrantedAt);
    }

    [Fact]
    public void Pods_leave_first_and_a_drain_that_takes_too_long_gives_the_node_back_for_a_while()
    {
        var draining = Plan(null, Given.GoingBack("n1", Given.Pod("web")));
        Assert.Equal("EvictPod", draining.Kinds());

        var late = Plan(null, Given.GoingBack("n1", Given.Pod("web")) with { CordonedAt = Given.Ago(40) });
        Assert.Equal("ApplySpec Uncordon", late.Kinds());
        Assert.NotNull(late.Written().LastUpgrade);
        Assert.True(late.Written().Backoff!.Until > Given.Now);

        var givenBack = Given.Upgraded("n1").Spec(s => s with { Backoff = late.Written().Backoff });
        Assert.Equal((0, Reasons.BackingOff), (Plan(null, givenBack).Granted().Count, Plan(null, givenBack).Verdict().Reason));
        Assert.Equal(late.Written().Backoff!.Until, Plan(null, givenBack).NextWakeUp);

        // The record was written and the uncordon was not: no second backoff.
        var crashed = Plan(null, (Given.GoingBack("n1", Given.Pod("web")) with { CordonedAt = Given.Ago(40) }).Spec(s => s with { Backoff = late.Written().Backoff }));
        Assert.Equal("Uncordon", crashed.Kinds());
    }

    [Fact]
    public void Whoever_went_back_is_no_further_failure_and_does_not_get_the_tree_again()
    {
        var plan = Plan(s => s with { Rollback = s.Rollback with { MaxFailures = IntOrPercent.Count(1) } }, Given.TakenBack("n1"), Given.TakenBack("n2"));

        Assert.Equal((1, false), (plan.Failures.Failed, plan.Failures.Halted));
        Assert.Equal((NodeTally.RolledBack, Reasons.RolledBack), (plan.Verdict().Tally, plan.Verdict().Reason));
        Assert.Empty(plan.Actions);
    }

    [Fact]
    public void A_better_tree_releases_who_was_not_told_and_leaves_alone_who_was()
    {
        var told = Given.RollingBack("n2").Spec(s => s with { Failure = s.Failure! with { Reason = Reasons.RolledBackByScope } });
        var snapshot = Snapshot(null, Given.GoingBack("n1"), told);

        var plan = RolloutPlanner.Plan(snapshot with { Image = Given.Image(Trees.Newer) });

        Assert.Contains(plan.Of(), a => a is NodeAction.Uncordon { Reason: Reasons.TargetChanged });
        Assert.Equal(NodeStep.RollingBack, plan.Verdict("n2").Step);
        Assert.DoesNotContain(plan.Of("n2"), a => a is NodeAction.ApplySpec);
    }

    [Fact]
    public void A_retry_releases_who_was_not_told()
    {
        var plan = Plan(s => s with { Rollout = s.Rollout with { RetryFailuresBefore = Given.Now } }, Given.GoingBack("n1"));

        Assert.Equal("Uncordon", plan.Kinds());
        Assert.Equal(NodeTally.Updated, plan.Verdict().Tally);
    }

    [Fact]
    public void Status_tells_how_many_are_back_and_in_the_end_what_only_a_person_can_do()
    {
        var under = Conditions(Given.TakenBack("n1"), Given.GoingBack("n2", Given.Pod("web")), Given.Upgraded("n3"));
        Assert.Equal(Reasons.TooManyFailures, under.Find(ConditionTypes.Halted)!.Reason);
        Assert.True(under.IsTrue(ConditionTypes.Halted));
        Assert.False(under.IsTrue(ConditionTypes.Ready));
        Assert.Equal((Reasons.RollingBack, Reasons.RollingBack), (under.Find(ConditionTypes.Progressing)!.Reason, under.Find(ConditionTypes.Reconciling)!.Reason));
        Assert.Contains("1 of 3 updated nodes rolled back", under.Find(ConditionTypes.Progressing)!.Message, StringComparison.Ordinal);
        Assert.Null(under.Find(ConditionTypes.Stalled));

        var over = Conditions(Given.TakenBack("n1"), Given.TakenBack("n2"));
        Assert.Equal(Reasons.TooManyFailures, over.Find(ConditionTypes.Stalled)!.Reason);
        Assert.Null(over.Find(ConditionTypes.Reconciling));
    }

    private static IReadOnlyList<Condition> Conditions(params NodeFacts[] nodes)
    {
        var snapshot = Snapshot(null, nodes);
        return RolloutStatus.Compute(snapshot, RolloutPlanner.Plan(snapshot)).Conditions!;
    }

    private static RolloutPlan Plan(Func<UpgradePolicySpec, UpgradePolicySpec>? change, params NodeFacts[] nodes) => RolloutPlanner.Plan(Snapshot(change, nodes));

    private static RolloutSnapshot Snapshot(Func<UpgradePolicySpec, UpgradePolicySpec>? change, params NodeFacts[] nodes) =>
        Given.Snapshot([.. nodes, Given.RolledBack("n9", 30)]).With(s => s with { Rollback = new() { Scope = RollbackScope.Policy } }).With(change ?? (s => s));
}
