using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Status;
using Ostler.Rollout.Tests.Support;

namespace Ostler.Rollout.Tests.Planning;

/// <summary>Nodes that are off, come later, or are gone.</summary>
public class LateNodesTests
{
    [Fact]
    public void A_node_that_is_off_does_not_block_the_others_and_is_told_of()
    {
        var snapshot = Snapshot([Off(Given.Idle("n1")), Given.Staged("n2")]);

        var plan = RolloutPlanner.Plan(snapshot);

        Assert.Equal(["n2"], plan.Granted());
    }

    [Fact]
    public void When_all_others_are_through_the_policy_is_not_Ready_and_names_the_node()
    {
        var snapshot = Snapshot([Off(Given.Idle("n1")), Given.Updated("n2")]);

        var status = RolloutStatus.Compute(snapshot, RolloutPlanner.Plan(snapshot));

        var ready = status.Conditions.Find(ConditionTypes.Ready)!;
        Assert.Equal((ConditionStatus.False, Reasons.NodesBlocked), (ready.Status, ready.Reason));
        Assert.Contains("n1: NodeNotReady", ready.Message, StringComparison.Ordinal);
        Assert.Equal(("n1", Reasons.NodeNotReady), (status.Blocked![0].Node, status.Blocked[0].Reason));
        // It may come back by itself.
        Assert.True(status.Conditions.IsTrue(ConditionTypes.Reconciling));
        Assert.Null(status.CompletedAt);
    }

    [Fact]
    public void When_it_comes_back_it_is_upgraded() =>
        Assert.Equal(["n1"], RolloutPlanner.Plan(Snapshot([Given.Idle("n1"), Given.Updated("n2")])).StagedNow());

    [Fact]
    public void A_node_that_was_taken_off_line_while_it_holds_a_slot_keeps_its_deadlines()
    {
        var plan = RolloutPlanner.Plan(Snapshot([Off(Given.Booting("n1").Spec(s => s with { Deadlines = s.Deadlines! with { Reboot = Given.Ago(1) } })), Given.Updated("n2")]));

        Assert.Equal(Goal.Rollback, plan.Written("n1").Goal);
    }

    [Fact]
    public void A_node_that_is_gone_in_flight_frees_its_slot()
    {
        Assert.Empty(RolloutPlanner.Plan(Snapshot([Given.Booting("n1"), Given.Staged("n2")], slots: 1)).Granted());
        Assert.Equal(["n2"], RolloutPlanner.Plan(Snapshot([Given.Booting("n1") with { Deleting = true }, Given.Staged("n2")], slots: 1)).Granted());
        Assert.Equal(["n2"], RolloutPlanner.Plan(Snapshot([Given.Staged("n2")], slots: 1)).Granted());
    }

    public static TheoryData<string, Func<NodeFacts, NodeFacts>, Func<UpgradePolicySpec, UpgradePolicySpec>, string> Taints => new()
    {
        { "runs the target", _ => Given.Updated("n1"), s => s, "RemoveJoinTaint" },
        { "registers with the target", _ => Given.Idle("n1", Trees.New), s => s, "RemoveJoinTaint" },
        { "runs it in a closed window", _ => Given.Updated("n1"), s => s with { Windows = [new() { Schedule = "0 1 1 1 *", Duration = Duration.FromMinutes(60) }] }, "RemoveJoinTaint" },
        { "runs it while paused", _ => Given.Updated("n1"), s => s with { Paused = true }, "RemoveJoinTaint" },
        { "runs it, and the policy leaves taints alone", _ => Given.Updated("n1"), s => s with { Rollout = s.Rollout with { JoinTaint = false } }, "" },
        { "runs it and is not Ready", _ => Off(Given.Updated("n1")), s => s, "" },
        { "runs the old tree", _ => Given.Staging("n1"), s => s, "" },
        { "went back", _ => Given.RolledBack("n1"), s => s, "" },
        { "soaks", _ => Given.Soaking("n1", 1), s => s, "" },
        { "is not selected", n => Given.Idle("n1", Trees.New), s => s with { NodeSelector = new() { MatchLabels = new Dictionary<string, string> { ["role"] = "x" } } }, "" },
    };

    [Theory]
    [MemberData(nameof(Taints))]
    public void The_taint_of_a_newcomer_goes_once_it(string what, Func<NodeFacts, NodeFacts> node, Func<UpgradePolicySpec, UpgradePolicySpec> change, string kinds)
    {
        Assert.NotEmpty(what);
        var snapshot = Snapshot([node(Given.Idle("n1")) with { HasJoinTaint = true }]).With(s => s with { Rollout = s.Rollout with { JoinTaint = true } }).With(change);

        var plan = RolloutPlanner.Plan(snapshot);

        Assert.Equal(kinds, plan.Kinds());
        if (kinds.Length > 0)
        {
            Assert.Equal(("n1-uid", "10"), (plan.Of()[0].NodeUid, ((NodeAction.RemoveJoinTaint)plan.Of()[0]).ResourceVersion));
            Assert.Empty(RolloutPlanner.Plan(snapshot with { Nodes = [snapshot.Nodes[0] with { HasJoinTaint = false }] }).Actions);
        }
    }

    [Fact]
    public void A_node_that_two_policies_select_keeps_its_taint()
    {
        var snapshot = Snapshot([Given.Updated("n1") with { HasJoinTaint = true }]).With(s => s with { Rollout = s.Rollout with { JoinTaint = true } });

        Assert.Empty(RolloutPlanner.Plan(snapshot with { OtherPolicies = [new() { Name = "other", NodeSelector = Trees.AllNodes }] }).Actions);
    }

    private static NodeFacts Off(NodeFacts node) => node with { Ready = false, ReadyReason = "NodeStatusUnknown", ReadyMessage = "Kubelet stopped posting node status." };

    private static RolloutSnapshot Snapshot(NodeFacts[] nodes, int slots = 9) =>
        Given.Snapshot(nodes).With(s => s with { Rollout = s.Rollout with { MaxUnavailable = IntOrPercent.Count(slots) } });
}
