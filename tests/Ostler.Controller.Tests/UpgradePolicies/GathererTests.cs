using Microsoft.Extensions.Time.Testing;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.Shared;
using Ostler.Api.UpgradePolicies;
using Ostler.Controller.Drain;
using Ostler.Controller.Health;
using Ostler.Controller.UpgradePolicies;
using Ostler.Kubernetes.Core;
using Ostler.Rollout.Health;
using Ostler.Rollout.Nodes;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;

namespace Ostler.Controller.Tests.UpgradePolicies;

public sealed class GathererTests
{
    private static readonly Dictionary<string, string> Edge = new() { ["role"] = "edge" };

    [Fact]
    public void Nodes_that_are_selected_or_bound_are_gathered_in_order_of_their_names()
    {
        var snapshot = Gather(
            "edge",
            [Given.Policy("edge", labels: Edge), Given.Policy("core"), Given.Policy("a")],
            [
                Given.Node("z", labels: Edge),
                Given.Node("cordoned", cordonedBy: "edge"),
                Given.Node("bound"),
                Given.Node("other"),
                Given.Node("held-by-core", cordonedBy: "core"),
                Given.Node("renewed", "new"),
            ],
            [Given.NodeOS("bound", spec: new() { Policy = "edge" }), Given.NodeOS("renewed", "old", new() { Policy = "edge" })]);

        Assert.Equal(["bound", "cordoned", "z"], snapshot.Nodes.Select(n => n.Name));
        Assert.Equal(["a", "core"], snapshot.OtherPolicies.Select(p => p.Name));
        Assert.Equal("leader", snapshot.LeaderNode);
        Assert.Equal(Given.Now, snapshot.Now);
    }

    [Fact]
    public void Pods_are_asked_for_only_on_nodes_that_hold_a_slot_of_this_policy()
    {
        var pods = new Pods();

        var snapshot = Gather("edge", [Given.Policy("edge")], [Given.Node("a", cordonedBy: "edge"), Given.Node("b"), Given.Node("c", cordonedBy: "core")], [], pods);

        Assert.NotNull(snapshot.Nodes[0].Pods);
        Assert.Null(snapshot.Nodes[1].Pods);
        Assert.Null(snapshot.Nodes[2].Pods);
    }

    [Fact]
    public void The_nodes_that_other_policies_drain_are_gathered_with_their_pods_whoever_selects_them()
    {
        var pods = new Pods();

        var snapshot = Gather(
            "edge", [Given.Policy("edge", labels: Edge), Given.Policy("core")],
            [Given.Node("own", cordonedBy: "edge", labels: Edge), Given.Node("theirs", cordonedBy: "core"), Given.Node("both", cordonedBy: "core", labels: Edge), Given.Node("idle")],
            [Given.NodeOS("theirs", spec: new() { Policy = "core", Goal = Goal.Stage })], pods);

        Assert.Equal(["both", "theirs"], snapshot.OtherDrains.Select(n => n.Name).Order(StringComparer.Ordinal));
        Assert.All(snapshot.OtherDrains, n => Assert.NotNull(n.Pods));
        Assert.Equal(("core", Goal.Stage), (snapshot.OtherDrains.Single(n => n.Name == "theirs").CordonedBy, snapshot.OtherDrains.Single(n => n.Name == "theirs").OS!.Spec.Goal));

        // The other policy has them watched; this one must not end that when it lets go.
        Assert.Equal(["own"], RolloutPlanner.Plan(snapshot).Watches.Pods);
    }

    [Fact]
    public void A_policy_that_is_gone_still_has_its_nodes()
    {
        var snapshot = Gather("gone", [], [Given.Node("a", cordonedBy: "gone"), Given.Node("b")], []);

        Assert.False(snapshot.Policy.Exists);
        Assert.Equal("gone", snapshot.Policy.Name);
        Assert.Equal(["a"], snapshot.Nodes.Select(n => n.Name));
        Assert.Null(snapshot.Image);
    }

    [Fact]
    public void The_whole_control_plane_is_gathered_whoever_selects_it()
    {
        static Node Cp(string name, string label = NodeMarks.ControlPlaneLabel, string? cordonedBy = null) =>
            Given.Node(name, cordonedBy: cordonedBy, labels: new Dictionary<string, string> { [label] = "" });
        var notReady = Cp("not-ready");
        notReady = notReady with { Status = notReady.Status! with { Conditions = [notReady.Ready! with { Status = "Unknown" }] } };

        var snapshot = Gather(
            "edge",
            [Given.Policy("edge", labels: Edge)],
            [Cp("a"), Cp("b", NodeMarks.MasterLabel), notReady, Cp("held", cordonedBy: "core"), Cp("boots"), Given.Node("worker", labels: Edge)],
            [Given.NodeOS("boots", spec: new() { Policy = "core", Goal = Goal.Boot }), Given.NodeOS("a", "former", new() { Goal = Goal.Boot })]);

        Assert.Equal(["worker"], snapshot.Nodes.Select(n => n.Name));
        Assert.Equal(
            [("a", true), ("b", true), ("boots", false), ("held", false), ("not-ready", false)],
            snapshot.ControlPlane.OrderBy(n => n.Name, StringComparer.Ordinal).Select(n => (n.Name, n.InService)));
    }

    [Fact]
    public void Another_policy_is_gathered_with_what_those_that_depend_on_it_ask()
    {
        var core = Given.Policy("core", status: new() { ObservedGeneration = 2 });

        var other = Assert.Single(Gather("edge", [Given.Policy("edge"), core with { Spec = core.Spec with { DependsOn = ["base"] } }], [], []).OtherPolicies);

        Assert.Equal((2L, 2L, null), (other.Generation, other.Status!.ObservedGeneration, other.ImageDigest));
        Assert.Equal(["base"], other.DependsOn);
    }

    [Fact]
    public void The_image_is_the_one_that_the_policy_names()
    {
        Assert.Equal("edge", Gather("p", [Given.Policy("p")], [], []).Image?.Name);
        Assert.Null(Gather("p", [Given.Policy("p", image: "missing")], [], []).Image);
    }

    [Fact]
    public void What_was_found_of_a_node_that_is_verified_is_in_the_snapshot()
    {
        var policy = Given.Policy("edge", labels: Edge);
        policy = policy with
        {
            Spec = policy.Spec with
            {
                Health = new()
                {
                    Checks =
                    [
                        new() { Name = "web", Http = new() { Url = "http://{address}/", From = HttpCheckOrigin.Controller } },
                        new() { Name = "host", Exec = new() { Command = ["/bin/true"] } },
                    ],
                },
            },
        };
        var told = new NodeOSSpec
        {
            Policy = "edge",
            Goal = Goal.Boot,
            Attempt = 2,
            Image = new() { Digest = Given.Digest, Ostree = new() { Remote = "acme", Ref = "acme/edge" } },
            Previous = new() { Digest = new('1', 64), BootID = "boot-0" },
        };
        var up = new NodeOSStatus { Attempt = 2, BootID = "boot-1", Booted = new() { Digest = Given.Digest } };
        var rebooting = up with { BootID = "boot-0" };
        var checks = new Checks();

        var snapshot = Gather(
            "edge", [policy], [Given.Node("up", labels: Edge), Given.Node("rebooting", labels: Edge)],
            [Given.NodeOS("up", spec: told, status: up), Given.NodeOS("rebooting", spec: told, status: rebooting)], checks: checks);

        var subject = Assert.Single(checks.Asked);
        Assert.Equal(("up", new CheckEpoch("uid-up", 2, "boot-1")), (subject.Node, subject.Epoch));
        Assert.Equal(["web"], subject.Checks.Select(c => c.Name));
        Assert.Empty(snapshot.Nodes.Single(n => n.Name == "rebooting").Checks);
        Assert.Equal("edge up", Assert.Single(snapshot.Nodes.Single(n => n.Name == "up").Checks).Message);
    }

    private static RolloutSnapshot Gather(string policy, UpgradePolicy[] policies, Node[] nodes, NodeOS[] nodeOSes, Pods? pods = null, Checks? checks = null) => new Gatherer(
        Given.Lister(OstlerResources.UpgradePolicies, policies),
        Given.Lister(OstlerResources.OSImages, Given.Image()),
        Given.Lister(CoreResources.Nodes, nodes),
        Given.Lister(OstlerResources.NodeOSes, nodeOSes),
        pods ?? new(),
        new ProbeCache(TimeProvider.System),
        checks ?? new(),
        "ostler-system",
        "leader",
        new FakeTimeProvider(Given.Now)).Gather(policy);

    private sealed class Pods : IDrainingPods
    {
        public IReadOnlyList<PodFacts>? PodsOf(string node) => [];

        public void Retain(string policy, IReadOnlyCollection<string> nodes) => throw new InvalidOperationException("Gathering only reads.");
    }

    private sealed class Checks : IHealthChecks
    {
        public List<CheckSubject> Asked { get; } = [];

        public void Retain(string policy, IReadOnlyList<CheckSubject> subjects) => throw new InvalidOperationException("Gathering only reads.");

        public IReadOnlyList<CheckObservation> Of(string policy, CheckSubject subject)
        {
            Asked.Add(subject);
            return [new("web", CheckOutcome.Passed, $"{policy} {subject.Node}", 1, Given.Now)];
        }
    }
}
