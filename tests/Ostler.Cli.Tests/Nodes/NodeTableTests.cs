using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Cli.Nodes;
using Ostler.Kubernetes.Core;
using Ostler.Testing;

namespace Ostler.Cli.Tests.Nodes;

public class NodeTableTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Each_node_says_what_it_runs_how_far_it_is_and_what_holds_it(bool wide)
    {
        Node[] nodes =
        [
            Given.Node("node-1", labels: ("topology.kubernetes.io/zone", "a")), Given.Node("node-05", cordonedBy: "edge"), Given.Node("node-07", cordoned: true), Given.Node("broken", ready: false), Given.Node("mute"),
            Held(Given.Node("new")), Given.Node("odd"), Given.Node("drifted"), Given.Node("own-etc"),
        ];
        var target = new NodeImage { Digest = Given.New, Version = "42.2" };
        NodeOS[] systems =
        [
            Given.System("node-1", Given.New, "42.2", NodeStep.Updated), Given.System("node-05", step: NodeStep.Staged, spec: new() { Goal = Goal.Boot, Image = target }), Given.System("node-07", version: null), Given.System("mute", booted: null),
            Given.System("broken", step: NodeStep.RolledBack, spec: new() { Image = target, Failure = new() { Digest = Given.New, Reason = Reasons.HealthTimedOut, Message = "app is not active", At = Given.Now } }),
            Given.System("odd") with { Status = Given.System("odd").Status! with { LastError = new() { Reason = Reasons.PullFailed, Message = "404", At = Given.Now } } },
            Changed("drifted", Reasons.PackagesLayered, ConditionStatus.True), Changed("own-etc", Reasons.EtcChanged, ConditionStatus.False),
        ];

        var lines = NodeTable.Lines(nodes, systems, [Given.Policy(status: Given.RollingOut), Given.Policy("other", spec: s => s with { NodeSelector = new() { MatchLabels = new Dictionary<string, string> { ["topology.kubernetes.io/zone"] = "a" } } })], wide);

        Golden.Verify(string.Join('\n', lines), wide ? "nodes-wide.txt" : "nodes.txt");
    }

    private static Node Held(Node node) =>
        node with { Metadata = node.Metadata with { Annotations = new Dictionary<string, string> { [NodeMarks.Hold] = "new disks" } } };

    private static NodeOS Changed(string name, string reason, ConditionStatus drifted) => Given.System(name) with
    {
        Status = Given.System(name).Status! with
        {
            Drift = new() { Reason = reason, EtcChanges = 14, Findings = [new() { Reason = reason, Message = "strace is layered." }] },
            Conditions = [Given.Condition(ConditionTypes.Drifted, drifted, reason)],
        },
    };

    [Fact]
    public void No_node_is_said() => Assert.Equal("No such node.", Assert.Single(NodeTable.Lines([], [], [], wide: false)).Text);
}
