using Ostler.Api.Meta;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Tests.Support;

namespace Ostler.Rollout.Tests.Context;

/// <summary>
/// Two policies, a node of each, and pods that wait for each other's sisters. Neither policy may write to the other's node, so both must
/// come to the same answer which of the two is given back.
/// </summary>
public class BudgetBlockedPodsAcrossPoliciesTests
{
    private const string Other = "canary";

    private static readonly PodController A = new("Cluster", "a", "a-uid");
    private static readonly PodController B = new("Cluster", "b", "b-uid");

    [Theory]
    [InlineData(5, 4, "n2")]
    [InlineData(4, 5, "n1")]
    [InlineData(4, 4, "n2")]
    [InlineData(5, 1, "")]
    public void Of_two_nodes_of_two_policies_that_wait_for_each_other_just_the_later_one_is_given_back(double firstAgo, double secondAgo, string released)
    {
        var first = Given.Cordoned("n1", Held("a-1", A), Sister("b-2", B)) with { CordonedAt = Given.Ago(firstAgo) };
        var second = Given.Cordoned("n2", Held("b-1", B), Sister("a-2", A)) with { CordonedAt = Given.Ago(secondAgo) };

        string[] uncordoned = [.. Uncordoned(Snapshot(first, Of(Other, second))), .. Uncordoned(Snapshot(second, Of(Other, first)))];

        Assert.Equal(released.Length == 0 ? [] : [released], uncordoned);
    }

    [Fact]
    public void The_node_that_is_given_back_backs_off_and_says_why()
    {
        var plan = RolloutPlanner.Plan(Snapshot(
            Given.Cordoned("n2", Held("b-1", B)) with { CordonedAt = Given.Ago(4) },
            Of(Other, Given.Cordoned("n1", Held("a-1", A)) with { CordonedAt = Given.Ago(5) })));

        Assert.Equal((Reasons.CordonDeadlock, Given.In(5)), (plan.Written("n2").Backoff!.Reason, plan.Written("n2").Backoff!.Until));
        Assert.Contains("apps/a-1 on n1 is blocked by PodDisruptionBudget a-1-pdb", plan.Verdict("n2").Message, StringComparison.Ordinal);
    }

    [Fact]
    public void No_node_with_a_sister_of_a_pod_that_is_held_on_a_node_of_another_policy_is_cordoned()
    {
        var asked = Given.Staged("n2") with { Preflight = new() { At = Given.Ago(0.1), Pods = [Sister("a-2", A)] } };

        var plan = RolloutPlanner.Plan(Snapshot(asked, Of(Other, Given.Cordoned("n1", Held("a-1", A)))));

        Assert.Empty(plan.Granted());
        Assert.Equal(Reasons.DrainWouldBlock, plan.Verdict("n2").Reason);
    }

    public static TheoryData<string, NodeFacts> Harmless => new()
    {
        { "its pod is on its way out", Given.Cordoned("n1", Held("a-1", A) with { DeletionTimestamp = Given.Now }) },
        { "it was told to boot", Given.Booting("n1") with { Pods = [Held("a-1", A)] } },
        { "nobody knows since when it is cordoned", Given.Cordoned("n1", Held("a-1", A)) with { CordonedAt = null } },
        { "its pods are not known", Given.Cordoned("n1") with { Pods = null } },
        { "it is being deleted", Given.Cordoned("n1", Held("a-1", A)) with { Deleting = true } },
    };

    [Theory]
    [MemberData(nameof(Harmless))]
    public void A_node_of_another_policy_stands_in_nobodys_way_when(string what, NodeFacts other)
    {
        Assert.NotEmpty(what);
        var asked = Given.Staged("n2") with { Preflight = new() { At = Given.Ago(0.1), Pods = [Sister("a-2", A)] } };

        Assert.Equal(["n2"], RolloutPlanner.Plan(Snapshot(asked, Of(Other, other))).Granted());
    }

    private static IEnumerable<string> Uncordoned(RolloutSnapshot snapshot) =>
        RolloutPlanner.Plan(snapshot).Actions.OfType<NodeAction.Uncordon>().Select(u => u.Node);

    private static RolloutSnapshot Snapshot(NodeFacts own, NodeFacts other) => Given.Snapshot(own) with { OtherDrains = [other] };

    private static NodeFacts Of(string policy, NodeFacts node) => (node with { CordonedBy = policy }).Spec(s => s with { Policy = policy });

    private static PodFacts Sister(string name, PodController controller) => Given.Pod(name) with { Controller = controller };

    private static PodFacts Held(string name, PodController controller) => Sister(name, controller) with
    {
        LastEviction = new()
        {
            Namespace = "apps",
            Name = name,
            Uid = name + "-uid",
            Outcome = EvictionOutcome.BlockedByBudget,
            Budget = name + "-pdb",
            At = Given.Ago(0.5),
        },
    };
}
