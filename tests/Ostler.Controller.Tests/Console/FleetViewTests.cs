using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.OSImages;
using Ostler.Api.UpgradePolicies;
using Ostler.Controller.Console.Views;
using Ostler.Kubernetes.Core;

namespace Ostler.Controller.Tests.Console;

public sealed class FleetViewTests
{
    private const string Other = "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff";

    public static IEnumerable<TheoryDataRow<NodeOSStatus?, NodeOSSpec?, string?, string>> Steps =>
    [
        Row("the agent's word", new() { Step = NodeStep.Staging }, null, null, "Staging"),
        Row("no report", null, null, null, "Unknown"),
        Row("cordoned by us while staged", new() { Step = NodeStep.Staged }, null, "edge", "Cordoned"),
        Row("staged", new() { Step = NodeStep.Staged }, null, null, "Staged"),
        Row("verifying", new() { Step = NodeStep.Verifying }, null, null, "Verifying"),
        Row("all checks pass", new() { Step = NodeStep.Verifying }, new() { HealthySince = Given.Now }, null, "Soaking"),
        Row("idle on the target, which it was installed with", new() { Step = NodeStep.Idle, Booted = new() { Digest = Given.Digest } }, null, null, "Updated"),
        Row("updated to a tree that is no more the target", new() { Step = NodeStep.Updated, Booted = new() { Digest = Other } }, null, null, "Idle"),
        Row("rolled back from the target", new() { Step = NodeStep.RolledBack, Booted = new() { Digest = Other } }, new() { Failure = Failure(Given.Digest) }, null, "RolledBack"),
        Row("rolled back from a tree before", new() { Step = NodeStep.RolledBack, Booted = new() { Digest = Other } }, new() { Failure = Failure(Other) }, null, "Idle"),
    ];

    [Theory]
    [MemberData(nameof(Steps))]
    public void A_nodes_step_is_what_node_and_NodeOS_say_together(NodeOSStatus? status, NodeOSSpec? spec, string? cordonedBy, string step) =>
        Assert.Equal(step, RowOf(Given.Node("a", cordonedBy: cordonedBy), Given.NodeOS("a", spec: spec, status: status)).Step);

    [Fact]
    public void What_the_policy_says_of_a_node_in_flight_knows_more()
    {
        var row = RowOf(
            Given.Node("a", cordonedBy: "edge"),
            Given.NodeOS("a", status: new() { Step = NodeStep.Staged }),
            new() { InFlight = [new() { Node = "a", Step = NodeStep.Drained, Reason = "WaitingForVolumes", Message = "pvc-1 is attached.", Since = Given.Now }] });

        Assert.Equal(("Drained", "WaitingForVolumes", "pvc-1 is attached.", "edge"), (row.Step, row.Reason, row.Message, row.Cordon));
        Assert.Equal((Given.Now, false), (row.Since, row.Blocked));
    }

    [Fact]
    public void A_blocked_node_says_why_and_long_texts_are_cut()
    {
        var row = RowOf(Given.Node("a"), Given.NodeOS("a", status: new()), new() { Blocked = [new() { Node = "a", Reason = "DrainBlocked", Message = new string('x', 5000) }] });

        Assert.Equal((true, "DrainBlocked", 400), (row.Blocked, row.Reason, row.Message!.Length));
    }

    [Theory]
    [InlineData("new disks", "kubectl-annotate", "kubectl-annotate: new disks")]
    [InlineData("new disks", null, "new disks")]
    [InlineData("", "argocd", "argocd")]
    [InlineData("", null, "without a reason")]
    public void A_held_node_says_by_whom_and_why(string reason, string? by, string shown)
    {
        var node = Given.Node("a");
        node = node with
        {
            Metadata = node.Metadata
            with
            { Annotations = new Dictionary<string, string> { [NodeMarks.Hold] = reason }, HoldManager = by }
        };

        Assert.Equal(shown, RowOf(node, Given.NodeOS("a")).Hold);
        Assert.Null(RowOf(Given.Node("a"), Given.NodeOS("a")).Hold);
    }

    [Fact]
    public void A_NodeOS_of_a_former_node_of_that_name_says_nothing()
    {
        var row = RowOf(Given.Node("a"), Given.NodeOS("a", nodeUid: "another", status: new() { Step = NodeStep.Updated }));

        Assert.Equal(("Unknown", Reasons.AgentMissing), (row.Step, row.Reason));
    }

    [Fact]
    public void On_a_platform_of_its_own_the_target_is_the_manifest_of_that_platform()
    {
        var image = Given.Image(status: new()
        {
            Resolved = new() { Reference = "r", Digest = Given.Digest, ResolvedAt = Given.Now, Platforms = [new() { Platform = "linux/arm64", Digest = Other }] },
        });
        var view = FleetView.Of(
            [Given.Node("a")], [Given.NodeOS("a", status: new() { Step = NodeStep.Idle, Booted = new() { Digest = Other } })], [Given.Policy("edge", status: Target())], [image]);

        Assert.Equal("Updated", Assert.Single(view.Nodes).Step);
    }

    [Fact]
    public void A_cordon_of_somebody_else_and_a_node_of_two_policies_are_told()
    {
        var node = Given.Node("a") with { Spec = new() { Unschedulable = true } };
        var row = Assert.Single(FleetView.Of([node], [], [Given.Policy("x"), Given.Policy("b")], []).Nodes);

        Assert.Equal(("another user", "b, x", (string?)null), (row.Cordon, row.Policy, row.Target));
    }

    [Fact]
    public void An_image_row_has_what_decides_when_and_whether_nodes_get_it()
    {
        var followed = Assert.Single(FleetView.Of([], [], [], [Given.Image()]).Images);
        var image = Given.Image() with
        {
            Spec = new()
            {
                Container = new() { Image = $"registry.example/os@sha256:{Given.Digest}", Verification = new() },
                Quarantine = new() { Deny = [Other] }
            },
        };
        var pinned = Assert.Single(FleetView.Of([], [], [], [image]).Images);

        Assert.Equal((false, "10m", false), (followed.Pinned, followed.PollInterval, followed.Signed));
        Assert.Equal((true, null, true, Other), (pinned.Pinned, pinned.PollInterval, pinned.Signed,
            Assert.Single(pinned.Quarantine!.Deny!)));
    }

    [Fact]
    public void What_says_the_same_is_equal()
    {
        FleetView View() => FleetView.Of([Given.Node("a")], [Given.NodeOS("a", status: new() { Step = NodeStep.Staged })], [], []);

        Assert.Equal(View().Nodes, View().Nodes);
    }

    private static NodeFailure Failure(string digest) => new() { Digest = digest, Reason = "HealthCheckFailed", At = Given.Now };

    private static UpgradePolicyStatus Target(UpgradePolicyStatus? status = null) => (status ?? new()) with { Target = new() { Digest = Given.Digest, Version = "2.0" } };

    private static NodeRow RowOf(Ostler.Kubernetes.Core.Node node, NodeOS os, UpgradePolicyStatus? status = null) =>
        Assert.Single(FleetView.Of([node], [os], [Given.Policy("edge", status: Target(status))], []).Nodes);

    private static TheoryDataRow<NodeOSStatus?, NodeOSSpec?, string?, string> Row(string label, NodeOSStatus? status, NodeOSSpec? spec, string? cordonedBy, string step) =>
        new(status, spec, cordonedBy, step) { Label = label };
}
