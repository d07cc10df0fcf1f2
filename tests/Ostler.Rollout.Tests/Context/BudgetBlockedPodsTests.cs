using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Tests.Support;

namespace Ostler.Rollout.Tests.Context;

/// <summary>Two nodes whose pods wait for each other's sisters must not be cordoned together, and must not stay so.</summary>
public class BudgetBlockedPodsTests
{
    private static readonly PodController A = new("Cluster", "a", "a-uid");
    private static readonly PodController B = new("Cluster", "b", "b-uid");

    [Fact]
    public void No_node_with_a_sister_of_a_pod_that_a_budget_holds_back_is_cordoned()
    {
        var plan = Plan(Given.Cordoned("n1", Held("a-1", A, 1)), Asked("n2", Sister("a-2", A)), Asked("n3", Sister("b-1", B)));

        Assert.Equal(["n3"], plan.Granted());
        Assert.Equal(Reasons.DrainWouldBlock, plan.Verdict("n2").Reason);
        Assert.Contains("apps/a-1 on n1 is blocked by PodDisruptionBudget a-1-pdb until another pod of Cluster a takes over", plan.Verdict("n2").Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(DrainTimeoutAction.Force, DrainPreflight.Respect)]
    [InlineData(DrainTimeoutAction.Release, DrainPreflight.Ignore)]
    public void That_holds_even_for_those_who_do_not_heed_their_own_obstacles(DrainTimeoutAction onTimeout, DrainPreflight preflight)
    {
        var snapshot = Given.Snapshot(Given.Cordoned("n1", Held("a-1", A, 1)), Asked("n2", Sister("a-2", A)))
            .With(s => s with { Drain = s.Drain with { OnTimeout = onTimeout, Preflight = preflight }, Rollout = s.Rollout with { MaxUnavailable = IntOrPercent.Count(2) } });

        Assert.Empty(RolloutPlanner.Plan(snapshot).Granted());
    }

    [Fact]
    public void Nor_are_two_such_nodes_granted_in_one_pass()
    {
        var plan = Plan(Asked("n1", Held("a-1", A, 0.1) with { ReadyPeers = 1 }, Sister("b-2", B)), Asked("n2", Held("b-1", B, 0.1) with { ReadyPeers = 1 }, Sister("a-2", A)));

        Assert.Equal(["n1"], plan.Granted());
        Assert.Equal(Reasons.DrainWouldBlock, plan.Verdict("n2").Reason);
    }

    [Fact]
    public void Nor_before_the_first_try_to_evict_when_the_dry_run_was_refused()
    {
        var pod = Held("a-1", A, 0.1);
        var granted = Given.Cordoned("n1", pod with { LastEviction = null }) with { Preflight = new() { At = Given.Ago(0.2), Pods = [pod] } };

        Assert.Empty(Plan(granted, Asked("n2", Sister("a-2", A))).Granted());
    }

    [Fact]
    public void A_pod_that_leaves_holds_nobody_back() =>
        Assert.Equal(["n2"], Plan(Given.Cordoned("n1", Held("a-1", A, 1) with { DeletionTimestamp = Given.Now }), Asked("n2", Sister("a-2", A))).Granted());

    [Theory]
    [InlineData(3, 5, "n2")]
    [InlineData(5, 3, "n1")]
    [InlineData(4, 4, "n2")]
    [InlineData(1, 5, "")]
    public void Of_two_nodes_that_wait_for_each_other_the_later_one_is_given_back_soon(double secondAgo, double firstAgo, string released)
    {
        var plan = Plan(
            Given.Cordoned("n1", Held("a-1", A, 0.5), Sister("b-2", B)) with { CordonedAt = Given.Ago(firstAgo) },
            Given.Cordoned("n2", Held("b-1", B, 0.5), Sister("a-2", A)) with { CordonedAt = Given.Ago(secondAgo) });

        string[] uncordoned = [.. plan.Actions.OfType<NodeAction.Uncordon>().Select(u => u.Node)];
        Assert.Equal(released.Length == 0 ? [] : [released], uncordoned);
        if (released.Length > 0)
        {
            Assert.Equal((Reasons.CordonDeadlock, Given.In(5)), (plan.Written(released).Backoff!.Reason, plan.Written(released).Backoff!.Until));
        }
    }

    public static TheoryData<string, PodFacts, bool> LaterNodes => new()
    {
        { "can move on", Sister("a-2", A), false },
        { "is held by a pod that nobody will move, and has no sister", Held("web", new("ReplicaSet", "web", "web-uid"), 0.5), false },
        { "is held by a pod that waits to be moved, her sister evicted already", Held("b-1", B, 0.5), true },
        { "is held by the sister herself", Held("a-2", A, 0.5), true },
    };

    [Theory]
    [MemberData(nameof(LaterNodes))]
    public void A_later_node_is_given_back_when_it(string what, PodFacts pod, bool released)
    {
        Assert.NotEmpty(what);
        var plan = Plan(
            Given.Cordoned("n1", Held("a-1", A, 0.5)) with { CordonedAt = Given.Ago(5) }, Given.Cordoned("n2", pod) with { CordonedAt = Given.Ago(4) });

        Assert.Equal(released ? ["n2"] : [], plan.Actions.OfType<NodeAction.Uncordon>().Select(u => u.Node));
    }

    private static RolloutPlan Plan(params NodeFacts[] nodes) =>
        RolloutPlanner.Plan(Given.Snapshot(nodes).With(s => s with { Rollout = s.Rollout with { MaxUnavailable = IntOrPercent.Count(3) } }));

    private static NodeFacts Asked(string name, params PodFacts[] pods) => Given.Staged(name) with { Preflight = new() { At = Given.Ago(0.1), Pods = pods } };

    private static PodFacts Sister(string name, PodController controller) => Given.Pod(name) with { Controller = controller };

    private static PodFacts Held(string name, PodController controller, double minutesAgo) => Sister(name, controller) with
    {
        LastEviction = new()
        {
            Namespace = "apps",
            Name = name,
            Uid = name + "-uid",
            Outcome = EvictionOutcome.BlockedByBudget,
            Budget = name + "-pdb",
            At = Given.Ago(minutesAgo),
        },
    };
}
