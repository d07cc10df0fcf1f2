using Ostler.Api.Meta;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Tests.Support;

namespace Ostler.Rollout.Tests.Planning;

public class BudgetTests
{
    public static TheoryData<NodeFacts, bool> Company => Rows(
        ("a healthy node", Given.Updated("n2"), true),
        ("a node that a human cordoned", Given.Updated("n2") with { Unschedulable = true }, false),
        ("a node that is not Ready", Given.Updated("n2") with { Ready = false }, false),
        ("a node that drains", Given.Cordoned("n2", Given.Pod("web")), false),
        ("a node whose cordon a human removed while it drains", Given.Cordoned("n2", Given.Pod("web")) with { Unschedulable = false }, false),
        ("a node that reboots", Given.Booting("n2"), false),
        ("a node that reboots and has lost all its marks", Given.Booting("n2") with { Unschedulable = false, CordonedBy = null }, false),
        ("a node that soaks", Given.Soaking("n2", 5), false),
        ("a node that goes back", Given.RollingBack("n2"), false),
        ("a node in flight that is no longer selected", Given.Booting("n2").Label("role", "away"), false),
        ("a node whose soak ends in this very pass", Given.Soaking("n2", 60), false),
        ("a node of another selection that is not Ready", Given.Idle("n2").Label("role", "away") with { Ready = false }, true));

    [Theory]
    [MemberData(nameof(Company))]
    public void With_one_slot_a_node_may_go_beside(NodeFacts other, bool expected)
    {
        var plan = RolloutPlanner.Plan(Given.Snapshot(Given.Staged("n1"), other).With(s => s with
        {
            NodeSelector = new() { MatchExpressions = [new() { Key = "role", Operator = LabelOperator.DoesNotExist }] },
        }));

        Assert.Equal(expected ? ["n1"] : [], plan.Granted());
    }

    [Fact]
    public void A_node_held_after_a_failure_keeps_its_slot()
    {
        var plan = RolloutPlanner.Plan(Given.Snapshot(Given.Staged("n1"), Given.Held("n2")).With(s => s with
        {
            Rollback = new() { Automatic = false, MaxFailures = IntOrPercent.Count(5) },
        }));

        Assert.Empty(plan.Granted());
        Assert.Equal(1, plan.Availability.Unavailable);
    }

    [Theory]
    [InlineData("1", 10, 1)]
    [InlineData("25%", 10, 2)]
    [InlineData("25%", 3, 1)]
    [InlineData("1%", 10, 1)]
    [InlineData("100%", 4, 4)]
    [InlineData("7", 4, 4)]
    public void Slots_are_granted_up_to_maxUnavailable_and_never_fewer_than_one(string maxUnavailable, int nodes, int expected)
    {
        Assert.True(IntOrPercent.TryParse(maxUnavailable, out var value));

        var plan = RolloutPlanner.Plan(Given.Snapshot([.. Enumerable.Range(1, nodes).Select(i => Given.Staged($"n{i:00}"))])
            .With(s => s with { Rollout = s.Rollout with { MaxUnavailable = value } }));

        Assert.Equal(expected, plan.Granted().Count);
    }

    [Fact]
    public void A_grant_is_one_patch_that_must_not_hit_a_node_that_changed_since()
    {
        var cordon = Assert.IsType<NodeAction.Cordon>(Assert.Single(RolloutPlanner.Plan(Given.Snapshot(Given.Staged("n1"))).Of()));

        Assert.Equal(("n1", "n1-uid", "10", Given.Policy, Given.Now), (cordon.Node, cordon.NodeUid, cordon.ResourceVersion, cordon.Policy, cordon.At));
        Assert.True(cordon.Grants);
    }

    private static TheoryData<NodeFacts, bool> Rows(params (string Label, NodeFacts, bool)[] rows)
    {
        var data = new TheoryData<NodeFacts, bool>();
        foreach (var (label, node, expected) in rows)
        {
            data.Add(new TheoryDataRow<NodeFacts, bool>(node, expected) { Label = label });
        }

        return data;
    }
}
