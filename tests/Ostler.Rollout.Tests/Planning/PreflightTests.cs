using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Status;
using Ostler.Rollout.Tests.Support;

namespace Ostler.Rollout.Tests.Planning;

public class PreflightTests
{
    [Fact]
    public void A_node_is_asked_before_it_is_cordoned_and_takes_no_more_slots_than_there_are()
    {
        var plan = Plan(1, Unasked("n1"), Unasked("n2"));

        Assert.Empty(plan.Granted());
        var question = Assert.IsType<Probe.Preflight>(Assert.Single(plan.Probes));
        Assert.Equal(("n1", "n1-uid", Given.Now), (question.Node, question.NodeUid, question.DueAt));
    }

    [Fact]
    public void A_node_whose_pods_may_go_is_granted_at_once() => Assert.Equal(["n1"], Plan(1, Asked("n1", Given.Pod("web")), Unasked("n2")).Granted());

    [Theory]
    [InlineData(29, true)]
    [InlineData(31, false)]
    [InlineData(-5, false)]
    public void An_answer_is_good_for_half_a_minute(double secondsAgo, bool granted)
    {
        var plan = Plan(1, Asked("n1") with { Preflight = new() { At = Given.Now.AddSeconds(-secondsAgo), Pods = [] } });

        Assert.Equal(granted ? 1 : 0, plan.Granted().Count);
        Assert.Equal(granted ? 0 : 1, plan.Probes.Count);
    }

    [Fact]
    public void A_node_that_would_be_blocked_is_passed_over_and_status_says_by_which_budget_and_pods()
    {
        var snapshot = Given.Snapshot(Asked("n1", Refused("web", "web-pdb")), Asked("n2"));

        var plan = RolloutPlanner.Plan(snapshot);

        Assert.Equal(["n2"], plan.Granted());
        Assert.Equal((NodeStep.Staged, Reasons.DrainWouldBlock, true, false), (plan.Verdict().Step, plan.Verdict().Reason, plan.Verdict().Blocked, plan.Verdict().NeedsPerson));
        var blocked = Assert.Single(RolloutStatus.Compute(snapshot, plan).Blocked!);
        Assert.Equal(
            "Not cordoned, because its drain would be blocked: apps/web: PodDisruptionBudget web-pdb allows no disruption now. Checked again every 30s.", blocked.Message);
    }

    [Fact]
    public void A_node_that_is_blocked_is_asked_again_when_its_answer_is_old()
    {
        var fresh = Assert.Single(Plan(1, Asked("n1", Refused("web", "web-pdb"))).Probes);
        var old = Asked("n1", Refused("web", "web-pdb"));
        var stale = Plan(1, old with { Preflight = old.Preflight! with { At = Given.Ago(2) } });

        Assert.Equal(Given.Now.AddSeconds(24), fresh.DueAt);
        Assert.Equal(Given.Now, Assert.Single(stale.Probes).DueAt);
        Assert.Empty(stale.Granted());
    }

    [Fact]
    public void Nobody_is_asked_while_no_slot_is_free() => Assert.Empty(Plan(1, Given.Booting("n1"), Unasked("n2"), Asked("n3", Refused("web", "pdb"))).Probes);

    [Fact]
    public void However_many_nodes_are_blocked_few_are_asked_in_half_a_minute()
    {
        NodeFacts[] blocked = [.. Enumerable.Range(1, 30).Select(i => Asked($"b{i:00}", Refused("web", "pdb")))];

        // Nine have been asked, as many as may be; then the oldest.
        var plan = Plan(1, [.. blocked[..9], .. blocked[9..].Select(n => n with { Preflight = n.Preflight! with { At = Given.Ago(5) } }), Unasked("n1")]);

        Assert.DoesNotContain(plan.Probes, q => q.DueAt <= Given.Now);
        Assert.Contains(plan.Probes, q => q.Node == "n1" && q.DueAt == Given.Now.AddSeconds(24));

        var later = Plan(1, [.. blocked.Select(n => n with { Preflight = n.Preflight! with { At = Given.Ago(5) } }), Unasked("n1")]);
        Assert.Equal(9, later.Probes.Count(q => q.DueAt <= Given.Now));
        Assert.Contains(later.Probes, q => q.Node == "n1" && q.DueAt <= Given.Now);
    }

    public static TheoryData<string, PodFacts, bool, bool> Obstacles => new()
    {
        { "a pod that may go", Given.Pod("p") with { LastEviction = Answer("p", EvictionOutcome.Accepted) }, false, false },
        { "a budget", Refused("p", "pdb"), true, false },
        { "two budgets", Given.Pod("p") with { LastEviction = Answer("p", EvictionOutcome.SeveralBudgets) }, true, true },
        { "a pod without controller", Given.Pod("p") with { Controller = null }, true, true },
        { "a webhook, or a server that is ill", Given.Pod("p") with { LastEviction = Answer("p", EvictionOutcome.Failed) }, false, false },
        { "a namespace that goes away", Given.Pod("p") with { LastEviction = Answer("p", EvictionOutcome.NamespaceTerminating) }, false, false },
        { "the answer for another pod of that name", Refused("p", "pdb") with { Uid = "another" }, false, false },
        { "a budget of a StatefulSet", Refused("p", "pdb") with { Controller = new("StatefulSet", "db", "db") }, true, false },
        { "a budget of an operator's pod that can move", Refused("p", "pdb") with { Controller = new("Cluster", "db", "db"), ReadyPeers = 1 }, false, false },
        { "a budget of an operator's pod that may be able to move", Refused("p", "pdb") with { Controller = new("Cluster", "db", "db") }, false, false },
        { "a budget of an operator's only pod", Refused("p", "pdb") with { Controller = new("Cluster", "db", "db"), ReadyPeers = 0 }, true, false },
        { "a pod of a DaemonSet", Refused("p", "pdb") with { Controller = new("DaemonSet", "d", "d") }, false, false },
        { "a pod that ends", Refused("p", "pdb") with { DeletionTimestamp = Given.Now }, false, false },
    };

    [Theory]
    [MemberData(nameof(Obstacles))]
    public void What_keeps_a_node_from_being_cordoned(string what, PodFacts pod, bool blocks, bool needsPerson)
    {
        Assert.NotEmpty(what);
        var plan = Plan(1, Asked("n1", pod));

        Assert.Equal(blocks ? 0 : 1, plan.Granted().Count);
        Assert.Equal(needsPerson, plan.Verdict().NeedsPerson);
    }

    [Theory]
    [InlineData(DrainTimeoutAction.Release, DrainPreflight.Respect, false)]
    [InlineData(DrainTimeoutAction.Hold, DrainPreflight.Respect, false)]
    [InlineData(DrainTimeoutAction.Force, DrainPreflight.Respect, true)]
    [InlineData(DrainTimeoutAction.Release, DrainPreflight.Ignore, true)]
    public void Who_heeds_it(DrainTimeoutAction onTimeout, DrainPreflight preflight, bool granted)
    {
        var plan = RolloutPlanner.Plan(Given.Snapshot(Asked("n1", Refused("web", "pdb")))
            .With(s => s with { Drain = new() { OnTimeout = onTimeout, Preflight = preflight } }));

        Assert.Equal(granted ? 1 : 0, plan.Granted().Count);
    }

    [Fact]
    public void What_could_not_be_asked_blocks_nobody_and_the_grant_says_so()
    {
        var plan = Plan(1, Asked("n1") with { Preflight = new() { At = Given.Now, Error = "no answer within 15 s" } });

        Assert.Equal(["n1"], plan.Granted());
        Assert.Contains("The dry run of the evictions failed: no answer within 15 s", plan.Verdict().Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_node_that_is_passed_over_lets_others_stage_for_its_slot()
    {
        var plan = RolloutPlanner.Plan(Given.Snapshot(Asked("n1", Refused("web", "pdb")), Given.Idle("n2"))
            .With(s => s with { Rollout = s.Rollout with { StageAhead = IntOrPercent.Count(0) } }));

        Assert.Equal(["n2"], plan.StagedNow());
    }

    [Fact]
    public void A_rollout_in_which_all_would_block_is_slow_and_not_at_a_standstill()
    {
        var snapshot = Given.Snapshot(Asked("n1", Refused("web", "pdb")));

        var status = RolloutStatus.Compute(snapshot, RolloutPlanner.Plan(snapshot));

        Assert.Equal(Reasons.NodesBlocked, status.Conditions.Find(ConditionTypes.Ready)!.Reason);
        Assert.Contains("n1: DrainWouldBlock", status.Conditions.Find(ConditionTypes.Ready)!.Message, StringComparison.Ordinal);
        Assert.Null(status.Conditions.Find(ConditionTypes.Stalled));
    }

    private static RolloutPlan Plan(int slots, params NodeFacts[] nodes) =>
        RolloutPlanner.Plan(Given.Snapshot(nodes).With(s => s with { Rollout = s.Rollout with { MaxUnavailable = IntOrPercent.Count(slots) } }));

    private static NodeFacts Unasked(string name) => Given.Staged(name) with { Preflight = null };

    private static NodeFacts Asked(string name, params PodFacts[] pods) => Given.Staged(name) with { Preflight = new() { At = Given.Ago(0.1), Pods = pods } };

    private static PodFacts Refused(string name, string budget) => Given.Pod(name) with { LastEviction = Answer(name, EvictionOutcome.BlockedByBudget) with { Budget = budget } };

    private static EvictionResult Answer(string pod, EvictionOutcome outcome) =>
        new() { Namespace = "apps", Name = pod, Uid = pod + "-uid", Outcome = outcome, At = Given.Ago(0.1) };
}
