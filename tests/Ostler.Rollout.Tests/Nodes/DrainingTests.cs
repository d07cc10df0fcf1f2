using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Status;
using Ostler.Rollout.Tests.Support;

namespace Ostler.Rollout.Tests.Nodes;

public class DrainingTests
{
    private static readonly PodFacts Web = Given.Pod("web");
    private static readonly PodFacts Ending = Given.Pod("ending") with { DeletionTimestamp = Given.Ago(1) };

    [Fact]
    public void Pods_are_evicted_by_name_and_UID_with_the_grace_that_they_ask_for()
    {
        var plan = RolloutPlanner.Plan(Given.Snapshot(Given.Cordoned("n1", Given.Pod("b"), Given.Pod("a"))));

        Assert.Equal(
            [("apps", "a", "a-uid", null), ("apps", "b", "b-uid", (long?)null)],
            plan.Of().Cast<NodeAction.EvictPod>().Select(e => (e.Namespace, e.Pod, e.PodUid, e.GracePeriodSeconds)));
        Assert.Equal((NodeStep.Cordoned, Reasons.Draining), (plan.Verdict().Step, plan.Verdict().Reason));
    }

    [Fact]
    public void A_grace_period_of_the_policy_overrides_that_of_the_pods()
    {
        var plan = RolloutPlanner.Plan(Given.Snapshot(Given.Cordoned("n1", Web))
            .With(s => s with { Drain = s.Drain with { GracePeriod = Duration.FromSeconds(4.2) } }));

        Assert.Equal(5, Assert.IsType<NodeAction.EvictPod>(Assert.Single(plan.Of())).GracePeriodSeconds);
    }

    [Theory]
    [InlineData(1, 0)]
    [InlineData(5, 1)]
    [InlineData(-3, 1)]
    public void An_eviction_that_was_refused_is_not_tried_again_within_five_seconds(int secondsAgo, int expected)
    {
        var refused = Refused(Web, secondsAgo);

        var plan = RolloutPlanner.Plan(Given.Snapshot(Given.Cordoned("n1", refused)));

        Assert.Equal(expected, plan.Of().Count);
        Assert.Equal(Given.Now.AddSeconds(5), plan.NextWakeUp);
        Assert.Equal(Reasons.DrainBlocked, plan.Verdict().Reason);
        Assert.Contains("web-pdb", plan.Verdict().Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_drained_node_is_told_to_boot_with_everything_that_the_end_will_need()
    {
        var snapshot = Given.Snapshot(Given.Cordoned("n1")).With(s => s with
        {
            Health = new()
            {
                Timeout = Duration.FromMinutes(7),
                Checks = [new() { Name = "units", Systemd = new() { NoneFailed = true } }, new() { Name = "probe", Exec = new() { Command = ["/bin/true"] } }],
            },
            Reboot = new() { Timeout = Duration.FromMinutes(20) },
        });

        var plan = RolloutPlanner.Plan(snapshot);

        var spec = plan.Written();
        Assert.Equal(
            new NodeOSSpec
            {
                Policy = Given.Policy,
                Image = Trees.Image(Trees.New),
                Goal = Goal.Boot,
                Attempt = 1,
                GrantedAt = Given.Ago(10),
                BootRequestedAt = Given.Now,
                Previous = new() { Digest = Trees.Old, Version = "41", BootID = "n1-boot-1" },
                Deadlines = new() { Reboot = Given.In(20), Healthy = Given.In(27) },
                Watchdog = Duration.FromMinutes(9),
            },
            spec with { HostChecks = null });
        Assert.Equal(["units", "probe"], spec.HostChecks!.Select(c => c.Name));
        Assert.Equal(NodeStep.Drained, plan.Verdict().Step);
    }

    public static TheoryData<string, string, string> NotFit => new()
    {
        { "uncordoned", Reasons.CordonLost, "Cordon" },
        { "not Ready", Reasons.NodeNotReady, "" },
        { "no longer staged", Reasons.NotStaged, "" },
        { "agent behind", Reasons.AgentSilent, "" },
        { "pods unknown", Reasons.Draining, "" },
    };

    [Theory]
    [MemberData(nameof(NotFit))]
    public void A_node_without_pods_is_not_told_to_boot_when(string what, string reason, string kinds)
    {
        var plan = RolloutPlanner.Plan(Given.Snapshot(Unfit(what)));

        Assert.Equal(kinds, plan.Kinds());
        Assert.Equal(reason, plan.Verdict().Reason);
    }

    [Theory]
    [MemberData(nameof(NotFit))]
    public void At_the_drain_deadline_it_is_given_back_when(string what, string reason, string kinds)
    {
        _ = (reason, kinds);
        var plan = RolloutPlanner.Plan(Given.Snapshot(Unfit(what) with { CordonedAt = Given.Ago(30) }));

        Assert.Equal("ApplySpec Uncordon", plan.Kinds());
        Assert.Equal(Given.In(5), plan.Written().Backoff!.Until);
    }

    [Fact]
    public void A_cordon_that_a_human_removed_is_put_back_without_a_new_deadline()
    {
        var plan = RolloutPlanner.Plan(Given.Snapshot(Given.Cordoned("n1", Web) with { Unschedulable = false }));

        var cordon = Assert.IsType<NodeAction.Cordon>(Assert.Single(plan.Of()));
        Assert.Equal((Given.Ago(10), Reasons.CordonLost, false), (cordon.At, cordon.Reason, cordon.Grants));
    }

    [Fact]
    public void A_mark_that_lost_its_time_gets_the_present_one_so_that_the_drain_still_ends()
    {
        var plan = RolloutPlanner.Plan(Given.Snapshot(Given.Cordoned("n1", Web) with { CordonedAt = null }));

        Assert.Equal(Given.Now, Assert.IsType<NodeAction.Cordon>(Assert.Single(plan.Of())).At);
    }

    [Theory]
    [InlineData(29.9, "EvictPod")]
    [InlineData(30, "ApplySpec Uncordon")]
    [InlineData(500, "ApplySpec Uncordon")]
    public void Release_gives_the_node_back_at_the_drain_deadline(double minutes, string kinds)
    {
        var plan = RolloutPlanner.Plan(Given.Snapshot(Given.Cordoned("n1", Refused(Web, 60)) with { CordonedAt = Given.Ago(minutes) }));

        Assert.Equal(kinds, plan.Kinds());
        if (minutes >= 30)
        {
            var backoff = plan.Written().Backoff!;
            Assert.Equal((Trees.New, Given.In(5), 1, Reasons.DrainBlocked), (backoff.Digest, backoff.Until, backoff.Count, backoff.Reason));
            Assert.Contains("apps/web: PodDisruptionBudget web-pdb allows no disruption now", backoff.Message, StringComparison.Ordinal);
            Assert.Equal((Goal.Observe, Given.Policy, 1L), (plan.Written().Goal, plan.Written().Policy, plan.Written().Attempt));
        }
    }

    [Fact]
    public void A_drain_that_is_lengthened_while_it_goes_on_takes_the_new_deadline() =>
        Assert.Equal("EvictPod", RolloutPlanner.Plan(Given.Snapshot(Given.Cordoned("n1", Web) with { CordonedAt = Given.Ago(45) })
            .With(s => s with { Drain = s.Drain with { Timeout = Duration.FromMinutes(60) } })).Kinds());

    [Fact]
    public void A_node_that_is_drained_in_the_end_is_not_given_back_for_being_late() =>
        Assert.Equal(Goal.Boot, RolloutPlanner.Plan(Given.Snapshot(Given.Cordoned("n1") with { CordonedAt = Given.Ago(45) })).Written().Goal);

    [Fact]
    public void Pods_that_only_take_long_to_end_are_a_timeout_and_not_a_block() =>
        Assert.Equal(
            Reasons.DrainTimedOut, RolloutPlanner.Plan(Given.Snapshot(Given.Cordoned("n1", Ending) with { CordonedAt = Given.Ago(31) })).Written().Backoff!.Reason);

    [Theory]
    [InlineData(1, 5)]
    [InlineData(2, 10)]
    [InlineData(3, 20)]
    [InlineData(4, 40)]
    [InlineData(5, 60)]
    [InlineData(6, 60)]
    [InlineData(int.MaxValue - 1, 60)]
    public void The_backoff_doubles_up_to_an_hour(int count, int minutes)
    {
        var node = Given.Cordoned("n1", Web) with { CordonedAt = Given.Ago(31) };
        var plan = RolloutPlanner.Plan(Given.Snapshot(count == 1 ? node : node.Spec(s => s with
        {
            Backoff = new() { Digest = Trees.New, Until = Given.Ago(40), Count = count - 1, Reason = Reasons.DrainTimedOut },
        })));

        Assert.Equal((count, Given.In(minutes)), (plan.Written().Backoff!.Count, plan.Written().Backoff!.Until));
        Assert.Equal(Given.In(minutes), plan.NextWakeUp);
    }

    [Fact]
    public void The_backoff_starts_anew_for_another_tree()
    {
        var node = (Given.Cordoned("n1", Web) with { CordonedAt = Given.Ago(31) })
            .Spec(s => s with { Backoff = new() { Digest = Trees.Newer, Until = Given.Ago(40), Count = 4, Reason = Reasons.DrainBlocked } });

        Assert.Equal(1, RolloutPlanner.Plan(Given.Snapshot(node)).Written().Backoff!.Count);
    }

    [Fact]
    public void Hold_goes_on_draining_for_ever_and_says_that_a_person_is_needed()
    {
        var plan = RolloutPlanner.Plan(Given.Snapshot(Given.Cordoned("n1", Web) with { CordonedAt = Given.Ago(5000) })
            .With(s => s with { Drain = s.Drain with { OnTimeout = DrainTimeoutAction.Hold } }));

        Assert.Equal("EvictPod", plan.Kinds());
        Assert.True(plan.Verdict() is { Blocked: true, NeedsPerson: true, InFlight: true });
    }

    [Theory]
    [InlineData(DrainTimeoutAction.Release, 29, Reasons.DrainBlocked, "apps/web: PodDisruptionBudget web-pdb allows no disruption now")]
    [InlineData(DrainTimeoutAction.Release, 31, Reasons.DrainBlocked, "Not drained within 30m: apps/web: PodDisruptionBudget web-pdb allows no disruption now")]
    [InlineData(DrainTimeoutAction.Hold, 31, Reasons.DrainBlocked, "apps/web: PodDisruptionBudget web-pdb allows no disruption now")]
    [InlineData(DrainTimeoutAction.Force, 31, Reasons.DrainForced, "onTimeout is Force: apps/web must go")]
    public void Status_says_which_pods_and_which_budget_are_in_the_way(DrainTimeoutAction action, double minutes, string reason, string message)
    {
        var snapshot = Given.Snapshot(Given.Cordoned("n1", Refused(Web, 2)) with { CordonedAt = Given.Ago(minutes) })
            .With(s => s with { Drain = s.Drain with { OnTimeout = action } });

        var blocked = Assert.Single(RolloutStatus.Compute(snapshot, RolloutPlanner.Plan(snapshot)).Blocked!);

        Assert.Equal(("n1", reason), (blocked.Node, blocked.Reason));
        Assert.StartsWith(message, blocked.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("web", 29, "EvictPod")]
    [InlineData("web", 30, "DeletePod")]
    [InlineData("web", 59, "DeletePod")]
    [InlineData("ending", 59, "")]
    [InlineData("ending", 60, "ApplySpec")]
    [InlineData("web", 60, "ApplySpec Uncordon")]
    [InlineData("unmanaged", 29, "")]
    [InlineData("unmanaged", 30, "DeletePod")]
    [InlineData("ending, not Ready", 60, "ApplySpec Uncordon")]
    [InlineData("ending, not staged", 60, "ApplySpec Uncordon")]
    [InlineData("ending, uncordoned", 31, "Cordon")]
    [InlineData("pods unknown", 31, "")]
    [InlineData("pods unknown", 60, "ApplySpec Uncordon")]
    public void Force_deletes_what_is_left_and_ends_after_twice_the_timeout(string what, double minutes, string kinds)
    {
        var node = what switch
        {
            "web" => Given.Cordoned("n1", Web),
            "unmanaged" => Given.Cordoned("n1", Web with { Controller = null }),
            "pods unknown" => Given.Cordoned("n1") with { Pods = null },
            _ => Given.Cordoned("n1", Ending),
        };
        node = what switch
        {
            "ending, not Ready" => node with { Ready = false },
            "ending, not staged" => node.Status(s => s with { Staged = null }),
            "ending, uncordoned" => node with { Unschedulable = false },
            _ => node,
        };

        var plan = RolloutPlanner.Plan(Given.Snapshot(node with { CordonedAt = Given.Ago(minutes) })
            .With(s => s with { Drain = s.Drain with { OnTimeout = DrainTimeoutAction.Force } }));

        Assert.Equal(kinds, plan.Kinds());
        if (kinds == "ApplySpec")
        {
            Assert.Equal(Goal.Boot, plan.Written().Goal);
            Assert.Equal(Reasons.DrainForced, plan.Of()[0].Reason);
            Assert.Contains("apps/ending", plan.Of()[0].Message, StringComparison.Ordinal);
        }
        else if (plan.Of().Count > 0 && plan.Of()[0] is NodeAction.ApplySpec release)
        {
            Assert.Equal(Goal.Observe, release.Spec.Goal);
        }
    }

    public static TheoryData<string, string> ReasonsToRelease => new()
    {
        { "target changed", Reasons.TargetChanged },
        { "not selected", Reasons.Released },
        { "selected by two", Reasons.PolicyConflict },
        { "runs the target", Reasons.Updated },
        { "failure counts again", Reasons.RolledBack },
    };

    [Theory]
    [MemberData(nameof(ReasonsToRelease))]
    public void Before_the_order_to_boot_a_node_is_given_back_with_nothing_held_against_it_when(string what, string reason)
    {
        var node = Given.Cordoned("n1");
        var snapshot = what switch
        {
            "target changed" => Given.Snapshot(node) with { Image = Given.Image(Trees.Newer) },
            "not selected" => Given.Snapshot(node).With(s => s with { NodeSelector = new() { MatchLabels = new Dictionary<string, string> { ["role"] = "edge" } } }),
            "selected by two" => Given.Snapshot(node) with { OtherPolicies = [new() { Name = "other", NodeSelector = Trees.AllNodes }] },
            "failure counts again" =>
                Given.Snapshot(node.Spec(s => s with { Failure = Given.Failure(60) })).With(s => s with { Rollback = new() { MaxFailures = IntOrPercent.Count(3) } }),
            _ => Given.Snapshot(node.Status(s => s with { Booted = Given.Tree(Trees.New) })),
        };

        var plan = RolloutPlanner.Plan(snapshot);

        Assert.Equal("ApplySpec Uncordon", plan.Kinds());
        Assert.All(plan.Of(), a => Assert.Equal(reason, a.Reason));
        Assert.Null(plan.Written().Backoff);
        Assert.Equal(Goal.Observe, plan.Written().Goal);
        Assert.Equal(what == "not selected" ? null : Given.Policy, plan.Written().Policy);
    }

    [Fact]
    public void A_release_that_a_crash_cut_in_half_is_finished()
    {
        var plan = RolloutPlanner.Plan(Given.Snapshot(Given.Cordoned("n1", Web).Spec(s => new()
        {
            Policy = Given.Policy,
            Attempt = 1,
            Backoff = new() { Digest = Trees.New, Until = Given.In(5), Reason = Reasons.DrainBlocked },
        })));

        Assert.Equal("Uncordon", plan.Kinds());
    }

    private static NodeFacts Unfit(string what) => what switch
    {
        "uncordoned" => Given.Cordoned("n1") with { Unschedulable = false },
        "not Ready" => Given.Cordoned("n1") with { Ready = false },
        "no longer staged" => Given.Cordoned("n1").Status(s => s with { Staged = null }),
        "agent behind" => Given.Cordoned("n1") with { OS = Given.Cordoned("n1").OS! with { Generation = 9 } },
        _ => Given.Cordoned("n1") with { Pods = null },
    };

    private static PodFacts Refused(PodFacts pod, double secondsAgo) => pod with
    {
        LastEviction = new()
        {
            Namespace = pod.Namespace,
            Name = pod.Name,
            Uid = pod.Uid,
            Outcome = EvictionOutcome.BlockedByBudget,
            Budget = "web-pdb",
            At = Given.Now.AddSeconds(-secondsAgo),
        },
    };
}
