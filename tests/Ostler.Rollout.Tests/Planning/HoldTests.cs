using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Status;
using Ostler.Rollout.Tests.Support;

namespace Ostler.Rollout.Tests.Planning;

/// <summary>A user's hold on a node: nothing new begins on it, and it takes nothing from the others.</summary>
public class HoldTests
{
    [Fact]
    public void A_held_node_uses_no_budget()
    {
        var (plan, status) = Look(Held(Given.Staged("n1")), Held(Given.Idle("n2")), Given.Staged("n3"), Given.Idle("n4"));

        Assert.Equal(["n3"], plan.Granted());
        Assert.Equal(["n4"], plan.StagedNow());
        Assert.Equal((0, 2), (plan.Availability.Unavailable, status.Nodes!.Held));
    }

    [Fact]
    public void Status_names_who_holds_a_node_and_why_and_how_to_end_it()
    {
        var (plan, status) = Look(Held(Given.Staged("n1")), Given.Updated("n2"));

        const string message =
            "Held by kubectl-annotate: new disks. When the node may be upgraded, run kubectl annotate node n1 ostler.dev/hold-.";
        Assert.Equal((Reasons.Held, message), (plan.Verdict().Reason, plan.Verdict().Message));
        Assert.Equal([("n1", Reasons.Held, message)], status.Blocked!.Select(b => (b.Node, b.Reason, b.Message!)));
    }

    public static TheoryData<NodeHold, string> Words => new()
    {
        { new("", null), "Held, without a reason. " },
        { new("new disks.", null), "Held: new disks. " },
        { new("", "argocd"), "Held by argocd, without a reason. " },
        { new("disks", "kubectl-label", IsLabel: true),
            "Held by kubectl-label: disks. When the node may be upgraded, run kubectl label node n1 ostler.dev/hold-." },
    };

    [Theory]
    [MemberData(nameof(Words))]
    public void It_says_what_is_known_of_the_hold(NodeHold hold, string begins) =>
        Assert.StartsWith(begins, Look(Given.Staged("n1") with { Hold = hold }).Plan.Verdict().Message, StringComparison.Ordinal);

    [Fact]
    public void A_policy_with_a_held_node_is_neither_complete_nor_stalled()
    {
        var (_, status) = Look(Held(Given.Staged("n1")), Given.Updated("n2"));

        ConditionLint.Check(status.Conditions!);
        var ready = status.Conditions.Find(ConditionTypes.Ready)!;
        Assert.Equal((ConditionStatus.False, Reasons.NodesHeld), (ready.Status, ready.Reason));
        Assert.Contains("n1: Held by kubectl-annotate: new disks.", ready.Message, StringComparison.Ordinal);
        Assert.Null(status.CompletedAt);
        Assert.False(status.Conditions.IsTrue(ConditionTypes.Stalled) || status.Conditions.IsTrue(ConditionTypes.Reconciling));
        Assert.Equal(ConditionStatus.False, status.Conditions.Find(ConditionTypes.Progressing)!.Status);
    }

    [Fact]
    public void A_wave_of_held_nodes_keeps_the_policy_neither_moving_nor_stalled()
    {
        var (_, status) = Look(
            s => s with
            {
                Rollout = s.Rollout with
                {
                    Waves = [new() { Name = "west",
                NodeSelector = new() { MatchLabels = new Dictionary<string, string> { ["west"] = "yes" } } }]
                }
            },
            Held(Given.Staged("n1").Label("west", "yes")), Given.Staged("n2"));

        Assert.Equal(Reasons.NodesHeld, status.Conditions.Find(ConditionTypes.Ready)!.Reason);
        Assert.False(status.Conditions.IsTrue(ConditionTypes.Stalled) || status.Conditions.IsTrue(ConditionTypes.Reconciling));
    }

    [Fact]
    public void A_held_node_beside_a_failed_one_leaves_the_policy_stalled()
    {
        var (_, status) = Look(s => s with { Rollback = s.Rollback with { MaxFailures = IntOrPercent.Count(1) } }, Held(Given.Staged("n1")),
            Given.RolledBack("n2"));

        Assert.Equal(Reasons.NodesFailed, status.Conditions.Find(ConditionTypes.Ready)!.Reason);
        Assert.True(status.Conditions.IsTrue(ConditionTypes.Stalled));
    }

    [Fact]
    public void A_held_node_that_runs_the_target_is_updated()
    {
        var (_, status) = Look(Held(Given.Updated("n1")), Given.Updated("n2"));

        Assert.Equal((Reasons.UpToDate, 0, 2),
            (status.Conditions.Find(ConditionTypes.Ready)!.Reason, status.Nodes!.Held, status.Nodes.Updated));
    }

    [Fact]
    public void A_node_that_is_being_drained_is_released_when_it_is_held()
    {
        var (plan, _) = Look(Held(Given.Cordoned("n1", Given.Pod("web"))));

        Assert.Equal("ApplySpec Uncordon", plan.Kinds());
        Assert.Equal((Goal.Observe, (NodeBackoff?)null), (plan.Written().Goal, plan.Written().Backoff));
        Assert.Equal(Reasons.Held, plan.Verdict().Reason);
    }

    public static TheoryData<string, NodeFacts, string> Finishing => new()
    {
        { "it reboots", Given.Booting("n1"), "" },
        { "its soak is over", Given.Soaking("n1", 60), "Uncordon ApplySpec" },
        { "its checks do not pass in time",
            Given.Booted("n1").Spec(s => s with { Deadlines = s.Deadlines! with { Healthy = Given.Ago(1) } }), "ApplySpec" },
        { "it has rolled back", Given.Back("n1"), "Uncordon ApplySpec" },
    };

    [Theory]
    [MemberData(nameof(Finishing))]
    public void A_node_that_was_instructed_to_boot_finishes_though_it_is_held_while(string what, NodeFacts node, string does)
    {
        Assert.NotEmpty(what);

        Assert.Equal((does, does), (Look(node).Plan.Kinds(), Look(Held(node)).Plan.Kinds()));
    }

    [Fact]
    public void A_healthy_node_is_not_rolled_back_with_its_scope_while_it_is_held()
    {
        static UpgradePolicySpec Scope(UpgradePolicySpec spec) =>
            spec with { Rollback = spec.Rollback with { Scope = RollbackScope.Policy } };

        Assert.Equal(["n1"], Look(Scope, Given.Upgraded("n1"), Given.RolledBack("n2")).Plan.Granted());
        Assert.Empty(Look(Scope, Held(Given.Upgraded("n1")), Given.RolledBack("n2")).Plan.Granted());
        Assert.Equal("Uncordon", Look(Scope, Held(Given.GoingBack("n1")), Given.RolledBack("n2")).Plan.Kinds());
    }

    [Fact]
    public void A_drifted_node_is_not_redeployed_while_it_is_held()
    {
        var drifted = Given.Updated("n1").Status(s => s with
        {
            Conditions = [.. s.Conditions!, Given.Condition(ConditionTypes.Drifted, ConditionStatus.True)],
            Drift = new()
            {
                Reason = Reasons.PackagesLayered,
                Findings = [new() { Reason = Reasons.PackagesLayered, Reconcilable = true }]
            },
        });

        Assert.Equal(["n1"], Look(s => s with { Drift = DriftHandling.Reconcile }, drifted).Plan.StagedNow());
        Assert.Empty(Look(s => s with { Drift = DriftHandling.Reconcile }, Held(drifted)).Plan.StagedNow());
    }

    private static NodeFacts Held(NodeFacts node) => node with { Hold = Given.Hold };

    private static (RolloutPlan Plan, UpgradePolicyStatus Status) Look(params NodeFacts[] nodes) => Look(s => s, nodes);

    private static (RolloutPlan Plan, UpgradePolicyStatus Status) Look(Func<UpgradePolicySpec, UpgradePolicySpec> change,
        params NodeFacts[] nodes)
    {
        var snapshot = Given.Snapshot(nodes).With(change);
        var plan = RolloutPlanner.Plan(snapshot);
        return (plan, RolloutStatus.Compute(snapshot, plan));
    }
}
