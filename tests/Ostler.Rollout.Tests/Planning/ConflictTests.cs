using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Status;
using Ostler.Rollout.Tests.Support;

namespace Ostler.Rollout.Tests.Planning;

public class ConflictTests
{
    private static readonly LabelSelector Canaries = new() { MatchLabels = new Dictionary<string, string> { ["canary"] = "yes" } };

    [Fact]
    public void A_node_that_two_policies_select_is_touched_by_neither_and_the_others_go_on()
    {
        var plan = RolloutPlanner.Plan(Conflict(
            Canary(Given.Idle("n1")), Canary(Given.Staged("n2")), Canary(Given.Cordoned("n3", Given.Pod("web"))), Given.Staged("n4"), Given.Idle("n5")));

        Assert.Equal("", plan.Kinds("n1"));
        Assert.Equal("ApplySpec", plan.Kinds("n2"));
        Assert.Equal("ApplySpec Uncordon", plan.Kinds("n3"));
        Assert.Equal((Goal.Observe, Goal.Observe), (plan.Written("n2").Goal, plan.Written("n3").Goal));
        Assert.Equal(["n4"], plan.Granted());
        Assert.All(plan.Nodes.Take(3), n => Assert.Equal(Reasons.PolicyConflict, n.Reason));
        var conflict = Assert.Single(plan.Conflicts);
        Assert.Equal(("other", 3, "n1 n2 n3"), (conflict.Policy, conflict.Count, string.Join(' ', conflict.Examples)));
    }

    [Fact]
    public void A_node_that_was_told_to_boot_is_brought_to_its_end_although_two_policies_select_it()
    {
        var plan = RolloutPlanner.Plan(Conflict(Canary(Given.Soaking("n1", 60)), Canary(Given.Healthy("n2")), Canary(Given.Back("n3"))));

        Assert.Equal("Uncordon ApplySpec", plan.Kinds("n1"));
        Assert.Equal(NodeStep.Soaking, plan.Verdict("n2").Step);
        Assert.Equal("Uncordon ApplySpec", plan.Kinds("n3"));
    }

    /// <summary>The controller hands over who selects each node, so that no plan has to match all selectors with all nodes.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Conflicts_are_the_same_whether_selectors_are_matched_or_who_selects_is_known(int seed)
    {
        var random = new Random(seed);
        string[] pools = ["a", "b", "c", "d"];
        var others = Enumerable.Range(0, 12).Select(i => new OtherPolicy
        {
            Name = $"other-{random.Next(100)}-{i}",
            Deleting = random.Next(5) == 0,
            NodeSelector = random.Next(3) == 0
                ? new() { MatchExpressions = [new() { Key = "pool", Operator = LabelOperator.NotIn, Values = [pools[random.Next(4)]] }] }
                : new() { MatchLabels = new Dictionary<string, string> { ["pool"] = pools[random.Next(4)] } },
        }).ToArray();
        var names = Enumerable.Range(0, 40).Select(i => $"n{i}");
        NodeFacts[] nodes = [.. names.Select(n => Given.Idle(n) with { Labels = Pool(pools[random.Next(4)], random.Next(8)) })];
        var matched = Given.Snapshot(nodes) with
        {
            OtherPolicies = others,
        };
        var known = matched with
        {
            Nodes = [.. matched.Nodes.Select(n => n with
            {
                SelectedBy = [.. others.Where(o => o.NodeSelector.Matches(n.Labels)).Select(o => o.Name).Order(StringComparer.Ordinal)],
            })],
        };

        var (naive, indexed) = (RolloutPlanner.Plan(matched), RolloutPlanner.Plan(known));

        Assert.NotEmpty(naive.Conflicts);
        Assert.Equal(naive.Conflicts.Select(Text), indexed.Conflicts.Select(Text));
        Assert.Equal(naive.Nodes.Select(n => (n.Node, n.Reason, n.Message)), indexed.Nodes.Select(n => (n.Node, n.Reason, n.Message)));

        static string Text(PolicyConflict conflict) => $"{conflict.Policy} {conflict.Count} {string.Join(' ', conflict.Examples)}";

        static Dictionary<string, string> Pool(string pool, int os) => new()
        {
            ["pool"] = pool,
            ["kubernetes.io/os"] = os > 0 ? "linux" : "windows",
        };
    }

    [Fact]
    public void Both_policies_say_so_naming_the_other()
    {
        var node = Canary(Given.Staged("n1").Spec(s => s with { Policy = null }));
        var mine = Given.Snapshot(node) with { OtherPolicies = [new() { Name = "other", NodeSelector = Canaries }] };
        var theirs = mine with
        {
            Policy = mine.Policy with { Name = "other", Spec = mine.Policy.Spec! with { NodeSelector = Canaries } },
            OtherPolicies = [new() { Name = Given.Policy, NodeSelector = Trees.AllNodes }],
        };

        foreach (var (snapshot, other) in new[] { (mine, "other"), (theirs, Given.Policy) })
        {
            var conflicted = RolloutStatus.Compute(snapshot, RolloutPlanner.Plan(snapshot)).Conditions.Find(ConditionTypes.Conflicted)!;
            Assert.Equal(ConditionStatus.True, conflicted.Status);
            Assert.Contains($"Policy {other} also selects 1 of the same nodes (n1)", conflicted.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("deleting")]
    [InlineData("itself")]
    [InlineData("disjoint")]
    public void There_is_no_conflict_with_a_policy_that_is(string what)
    {
        OtherPolicy other = what switch
        {
            "deleting" => new() { Name = "other", NodeSelector = Trees.AllNodes, Deleting = true },
            "itself" => new() { Name = Given.Policy, NodeSelector = Trees.AllNodes },
            _ => new() { Name = "other", NodeSelector = Canaries },
        };

        var plan = RolloutPlanner.Plan(Given.Snapshot(Given.Staged("n1")) with { OtherPolicies = [other] });

        Assert.Empty(plan.Conflicts);
        Assert.Equal(["n1"], plan.Granted());
    }

    private static NodeFacts Canary(NodeFacts node) => node.Label("canary", "yes");

    private static RolloutSnapshot Conflict(params NodeFacts[] nodes) => Given.Snapshot(nodes)
        .With(s => s with { Rollout = s.Rollout with { MaxUnavailable = IntOrPercent.Count(2), StageAhead = IntOrPercent.Count(0) } }) with
    {
        OtherPolicies = [new() { Name = "other", NodeSelector = Canaries }],
    };
}
