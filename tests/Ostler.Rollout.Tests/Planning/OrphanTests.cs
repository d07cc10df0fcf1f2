using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Tests.Support;

namespace Ostler.Rollout.Tests.Planning;

/// <summary>Nodes that are bound to a policy that is gone, or does not select them any more.</summary>
public class OrphanTests
{
    public static TheoryData<string> Ways => ["gone", "deleting", "not selecting"];

    [Theory]
    [MemberData(nameof(Ways))]
    public void A_node_before_the_order_to_boot_is_let_go(string way)
    {
        var plan = RolloutPlanner.Plan(Orphaned(way, Given.Updated("n1"), Given.Staging("n2"), Given.Cordoned("n3", Given.Pod("web"))));

        Assert.Equal(("ApplySpec", "ApplySpec", "ApplySpec Uncordon"), (plan.Kinds("n1"), plan.Kinds("n2"), plan.Kinds("n3")));
        foreach (var node in new[] { "n1", "n2", "n3" })
        {
            Assert.Equal(new NodeOSSpec { Goal = Goal.Observe, Attempt = 1 }, plan.Written(node));
        }
    }

    [Theory]
    [MemberData(nameof(Ways))]
    public void A_node_past_the_order_to_boot_is_brought_to_its_end_and_then_let_go(string way)
    {
        var plan = RolloutPlanner.Plan(Orphaned(
            way,
            Given.Soaking("n1", 60),
            Given.Back("n2"),
            Given.Booted("n3").Spec(s => s with { Deadlines = new() { Reboot = Given.Ago(9), Healthy = Given.Now } }),
            Given.Healthy("n4")));

        Assert.Equal("Uncordon ApplySpec", plan.Kinds("n1"));
        Assert.Equal((Goal.Observe, null), (plan.Written("n1").Goal, plan.Written("n1").Policy));
        Assert.Equal("Uncordon ApplySpec", plan.Kinds("n2"));
        Assert.Equal((null, Reasons.HostCheckFailed), (plan.Written("n2").Policy, plan.Written("n2").Failure!.Reason));
        Assert.Equal((Goal.Rollback, Given.Policy), (plan.Written("n3").Goal, plan.Written("n3").Policy));
        Assert.Equal(Given.Now, plan.Written("n4").HealthySince);
        Assert.All(plan.Nodes, n => Assert.False(n.Selected));
    }

    [Fact]
    public void A_mark_of_a_policy_that_is_gone_is_removed_although_the_NodeOS_is_missing() =>
        Assert.Equal("Uncordon", RolloutPlanner.Plan(Orphaned("gone", Given.Cordoned("n1") with { OS = null })).Kinds());

    [Fact]
    public void A_node_that_is_let_go_already_is_not_written_again() =>
        Assert.Empty(RolloutPlanner.Plan(Orphaned("gone", Given.Idle("n1"))).Actions);

    [Fact]
    public void A_deleting_policy_still_has_its_own_timeouts()
    {
        var snapshot = Orphaned("deleting", Given.Soaking("n1", 40)).With(s => s with { Rollout = s.Rollout with { Soak = Duration.FromMinutes(5) } });

        Assert.Empty(RolloutPlanner.Plan(snapshot).Actions);
    }

    [Fact]
    public void A_node_of_another_policy_is_taken_over_once_that_one_has_let_go()
    {
        var bound = Given.Updated("n1").Spec(s => s with { Policy = "former" }) with { };
        var snapshot = Given.Snapshot(bound) with { Image = Given.Image(Trees.Newer) };

        Assert.Equal((Given.Policy, Goal.Stage), (RolloutPlanner.Plan(snapshot).Written().Policy, RolloutPlanner.Plan(snapshot).Written().Goal));
    }

    [Fact]
    public void A_spec_is_written_only_over_the_one_that_was_read() =>
        Assert.Equal("20", Assert.IsType<NodeAction.ApplySpec>(RolloutPlanner.Plan(Given.Snapshot(Given.Idle("n1"))).Of()[0]).ResourceVersion);

    private static RolloutSnapshot Orphaned(string way, params NodeFacts[] nodes)
    {
        var snapshot = Given.Snapshot(nodes);
        return way switch
        {
            "gone" => snapshot with { Policy = new() { Name = Given.Policy }, Image = null },
            "deleting" => snapshot with { Policy = snapshot.Policy with { Deleting = true } },
            _ => snapshot.With(s => s with { NodeSelector = new() { MatchLabels = new Dictionary<string, string> { ["role"] = "edge" } } }),
        };
    }
}
