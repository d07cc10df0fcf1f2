using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Status;
using Ostler.Rollout.Tests.Support;

namespace Ostler.Rollout.Tests.Planning;

public class TopologyTests
{
    private const string Zone = NodeMarks.ZoneLabel;

    public static TheoryData<NodeFacts[], int, string[]> Domains => Rows(
        ("one domain at a time, all of it", [In("n1", "a"), In("n2", "a"), In("n3", "b")], 1, ["n1", "n2"]),
        ("two domains at a time", [In("n1", "a"), In("n2", "b"), In("n3", "c")], 2, ["n1", "n2"]),
        ("the domain of the node in flight first", [In("n1", "a"), Given.Booting("n2").Label(Zone, "b"), In("n3", "b")], 1, ["n3"]),
        ("a domain whose last node soaks is disrupted still", [In("n1", "a"), Given.Soaking("n2", 1).Label(Zone, "b")], 1, []),
        ("a node that is held after a failure disrupts its domain", [In("n1", "a"), Given.Held("n2").Label(Zone, "b"), In("n3", "b")], 1, ["n3"]),
        ("a node in flight that is no longer selected disrupts its domain", [In("n1", "a"), Given.Booting("n2").Label(Zone, "b").Label("role", "away")], 1, []),
        ("a node that is out of service for other reasons does not", [In("n1", "a"), In("n2", "b") with { Ready = false }], 1, ["n1"]),
        ("each node without the label is a domain of its own", [Given.Staged("n1"), Given.Staged("n2")], 1, ["n1"]),
        ("and none is the domain of a node that is called like it", [Given.Staged("a"), Given.Booting("n2").Label(Zone, "a")], 1, []));

    [Theory]
    [MemberData(nameof(Domains))]
    public void Domains_are_disrupted(NodeFacts[] nodes, int most, string[] granted)
    {
        var plan = Plan(nodes, new() { MaxDomainsAtOnce = most });

        Assert.Equal(granted, plan.Granted());
    }

    [Fact]
    public void A_node_that_waits_for_another_domain_says_for_which()
    {
        var plan = Plan([In("n1", "a"), Given.Booting("n2").Label(Zone, "b")], new());

        Assert.Equal(Reasons.WaitingForDomain, plan.Verdict("n1").Reason);
        Assert.Contains("nodes of b finish (topology.kubernetes.io/zone, spec.rollout.topology.maxDomainsAtOnce 1)", plan.Verdict("n1").Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_key_names_another_label_which_decides_the_order_too()
    {
        var plan = Plan([In("n1", "a").Label("rack", "r2"), In("n2", "b").Label("rack", "r1"), In("n3", "a").Label("rack", "r1")], new() { Key = "rack" });

        Assert.Equal(["n2", "n3"], plan.Granted());
    }

    [Fact]
    public void Nodes_whose_wave_has_come_go_though_a_former_domain_would_be_next()
    {
        var snapshot = Snapshot([In("n1", "a"), In("n2", "b").Label("canary", "yes")], new());
        snapshot = snapshot.With(s => s with
        {
            Rollout = s.Rollout with { Waves = [new() { Name = "canary", NodeSelector = new() { MatchLabels = new Dictionary<string, string> { ["canary"] = "yes" } } }] },
        });

        Assert.Equal(["n2"], RolloutPlanner.Plan(snapshot).Granted());
    }

    [Fact]
    public void With_every_domain_taken_by_a_node_that_is_held_the_policy_is_stalled_and_says_so()
    {
        var snapshot = Snapshot([In("n1", "a"), Given.Held("n2").Label(Zone, "b")], new());

        var ready = RolloutStatus.Compute(snapshot, RolloutPlanner.Plan(snapshot)).Conditions;

        Assert.Equal(Reasons.WaitingForDomain, ready.Find(ConditionTypes.Ready)!.Reason);
        Assert.True(ready.IsTrue(ConditionTypes.Stalled));
    }

    private static NodeFacts In(string name, string zone) => Given.Staged(name).Label(Zone, zone);

    private static RolloutPlan Plan(NodeFacts[] nodes, TopologySpec topology) => RolloutPlanner.Plan(Snapshot(nodes, topology));

    private static RolloutSnapshot Snapshot(NodeFacts[] nodes, TopologySpec topology) => Given.Snapshot(nodes).With(s => s with
    {
        NodeSelector = new() { MatchExpressions = [new() { Key = "role", Operator = LabelOperator.DoesNotExist }] },
        Rollout = s.Rollout with { MaxUnavailable = IntOrPercent.Count(9), Topology = topology },
        Rollback = new() { Automatic = false, MaxFailures = IntOrPercent.Count(5) },
    });

    private static TheoryData<NodeFacts[], int, string[]> Rows(params (string Label, NodeFacts[], int, string[])[] rows)
    {
        var data = new TheoryData<NodeFacts[], int, string[]>();
        foreach (var (label, nodes, most, granted) in rows)
        {
            data.Add(new TheoryDataRow<NodeFacts[], int, string[]>(nodes, most, granted) { Label = label });
        }

        return data;
    }
}
