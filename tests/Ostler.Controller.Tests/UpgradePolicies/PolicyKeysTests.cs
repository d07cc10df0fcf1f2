using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;
using Ostler.Controller.UpgradePolicies;
using Ostler.Kubernetes.Core;
using Ostler.Kubernetes.Informers;

namespace Ostler.Controller.Tests.UpgradePolicies;

public sealed class PolicyKeysTests
{
    private static readonly Dictionary<string, string> Edge = new() { ["role"] = "edge" };
    private static readonly Dictionary<string, string> Core = new() { ["role"] = "core" };

    private readonly List<string> _woken = [];
    private readonly PolicyKeys _keys;

    public PolicyKeysTests()
    {
        _keys = new(Given.Lister(CoreResources.Nodes, Given.Node("e1", labels: Edge), Given.Node("held", cordonedBy: "gone")), _woken.Add);
        _keys.OnPolicy(new(InformerEventType.Added, null, Given.Policy("edge", "edge-os", Edge)));
        _keys.OnPolicy(new(InformerEventType.Added, null, Given.Policy("core", "core-os", Core)));
        _woken.Clear();
    }

    [Fact]
    public void A_node_wakes_the_policies_that_select_it_now_or_did_before()
    {
        _keys.OnNode(new(InformerEventType.Added, null, Given.Node("n", labels: Edge)));
        Assert.Equal(["edge"], Woken());

        _keys.OnNode(new(InformerEventType.Updated, Given.Node("n", labels: Edge), Given.Node("n", labels: Core)));
        Assert.Equal(["core", "edge"], Woken());
    }

    [Fact]
    public void A_node_wakes_the_policy_that_cordoned_it_though_that_is_gone()
    {
        _keys.OnNode(new(InformerEventType.Added, null, Given.Node("n", cordonedBy: "gone")));
        Assert.Equal(["gone"], Woken());

        _keys.OnNode(new(InformerEventType.Updated, Given.Node("n", cordonedBy: "gone"), Given.Node("n")));
        Assert.Equal(["gone"], Woken());
    }

    [Fact]
    public void The_labels_of_a_namespace_wake_the_policies_whose_drain_rules_ask_for_them()
    {
        var asks = Given.Policy("asks", "edge-os", Edge);
        _keys.OnPolicy(new(InformerEventType.Added, null, asks with { Spec = asks.Spec with { Drain = new() { Rules = [new() { NamespaceSelector = Given.AllNodes }] } } }));
        _woken.Clear();
        var apps = new Namespace { Metadata = new() { Name = "apps" } };
        var labelled = apps with { Metadata = apps.Metadata with { Labels = Edge } };

        _keys.OnNamespace(new(InformerEventType.Added, null, apps));
        Assert.Equal(["asks"], Woken());
        _keys.OnNamespace(new(InformerEventType.Updated, apps, labelled));
        Assert.Equal(["asks"], Woken());
        _keys.OnNamespace(new(InformerEventType.Updated, labelled, labelled with { Metadata = labelled.Metadata with { ResourceVersion = "2" } }));
        Assert.Empty(Woken());
    }

    [Fact]
    public void A_heartbeat_wakes_nobody_unless_the_node_holds_a_slot()
    {
        _keys.OnNode(new(InformerEventType.Updated, Given.Node("n", labels: Edge), Heartbeat(Given.Node("n", labels: Edge))));
        Assert.Empty(Woken());

        _keys.OnNode(new(InformerEventType.Updated, Given.Node("n", cordonedBy: "edge"), Heartbeat(Given.Node("n", cordonedBy: "edge"))));
        Assert.Equal(["edge"], Woken());
    }

    public static TheoryData<string, Func<Node, Node>> Changes => new()
    {
        { "another node under the name", n => n with { Metadata = n.Metadata with { Uid = "other" } } },
        { "deletion asked for", n => n with { Metadata = n.Metadata with { DeletionTimestamp = Given.Now } } },
        { "held by a person", n =>
            n with { Metadata = n.Metadata with { Annotations = new Dictionary<string, string> { [NodeMarks.Hold] = "" } } } },
        { "cordoned by a person", n => n with { Spec = new() { Unschedulable = true } } },
        { "not ready", n => n with { Status = n.Status! with { Conditions = [n.Ready! with { Status = "False" }] } } },
        { "another boot", n => n with { Status = n.Status! with { NodeInfo = new() { BootID = "boot-2" } } } },
    };

    [Theory, MemberData(nameof(Changes))]
    public void What_can_change_a_plan_wakes_the_policy(string label, Func<Node, Node> change)
    {
        Assert.NotEmpty(label);
        var node = Given.Node("n", labels: Edge);

        _keys.OnNode(new(InformerEventType.Updated, node, change(node)));

        Assert.Equal(["edge"], Woken());
    }

    [Fact]
    public void A_nodeos_wakes_the_policies_of_its_node_and_those_that_it_names()
    {
        _keys.OnNodeOS(new(InformerEventType.Updated, Given.NodeOS("e1", spec: new() { Policy = "former" }), Given.NodeOS("e1", spec: new() { Policy = "next" })));
        Assert.Equal(["edge", "former", "next"], Woken());

        _keys.OnNodeOS(new(InformerEventType.Added, null, Given.NodeOS("held")));
        Assert.Equal(["gone"], Woken());

        _keys.OnNodeOS(new(InformerEventType.Added, null, Given.NodeOS("no-node")));
        Assert.Empty(Woken());
    }

    [Fact]
    public void An_image_wakes_the_policies_that_name_it()
    {
        _keys.OnImage(new(InformerEventType.Added, null, Given.Image("core-os")));

        Assert.Equal(["core"], Woken());
    }

    [Fact]
    public void A_changed_policy_wakes_all_for_a_conflict_may_begin_or_end_and_a_changed_status_none()
    {
        var policy = Given.Policy("edge", "edge-os", Edge);

        _keys.OnPolicy(new(InformerEventType.Updated, policy, policy with { Status = new() { ObservedGeneration = 2 } }));
        Assert.Empty(Woken());

        _keys.OnPolicy(new(InformerEventType.Updated, policy, policy with { Metadata = policy.Metadata with { Generation = 3 } }));
        Assert.Equal(["core", "edge"], Woken());

        _keys.OnPolicy(new(InformerEventType.Deleted, policy, null));
        Assert.Equal(["core", "edge"], Woken());
    }

    public static TheoryData<string, Func<UpgradePolicyStatus, UpgradePolicyStatus>, bool> Reports => new()
    {
        { "Ready", s => s with { Conditions = [new() { Type = ConditionTypes.Ready, Status = ConditionStatus.True, Reason = Reasons.UpToDate }] }, true },
        { "another generation", s => s with { ObservedGeneration = 2 }, true },
        { "another tree", s => s with { Target = new() { Digest = Given.Digest } }, true },
        { "one node more", s => s with { Nodes = new() { Updated = 3 } }, false },
    };

    [Theory, MemberData(nameof(Reports))]
    public void What_a_policy_reports_wakes_those_that_depend_on_it(string report, Func<UpgradePolicyStatus, UpgradePolicyStatus> change, bool wakes)
    {
        Assert.NotEmpty(report);
        var workers = Given.Policy("workers", "edge-os", new Dictionary<string, string> { ["role"] = "worker" });
        _keys.OnPolicy(new(InformerEventType.Added, null, workers with { Spec = workers.Spec with { DependsOn = ["core"] } }));
        Woken();
        var former = new UpgradePolicyStatus
        {
            ObservedGeneration = 1,
            Conditions = [new() { Type = ConditionTypes.Ready, Status = ConditionStatus.False, Reason = Reasons.RollingOut }],
        };
        var core = Given.Policy("core", "core-os", Core);

        _keys.OnPolicy(new(InformerEventType.Updated, core with { Status = former }, core with { Status = change(former) }));

        Assert.Equal(wakes ? ["workers"] : [], Woken());
    }

    [Fact]
    public void A_node_of_the_control_plane_wakes_all_and_a_join_taint_matters()
    {
        var labels = new Dictionary<string, string> { [NodeMarks.ControlPlaneLabel] = "" };
        _keys.OnNode(new(InformerEventType.Updated, Given.Node("cp", labels: labels), Given.Node("cp", labels: labels) with { Spec = new() { Unschedulable = true } }));
        Assert.Equal(["core", "edge"], Woken());

        var node = Given.Node("n", labels: Edge);
        _keys.OnNode(new(InformerEventType.Updated, node, node with { Spec = new() { Taints = [new() { Key = NodeMarks.OutdatedTaint, Effect = "NoSchedule" }] } }));
        Assert.Equal(["edge"], Woken());
    }

    private static Node Heartbeat(Node node) => node with { Status = node.Status! with { Conditions = [node.Ready! with { LastHeartbeatTime = Given.Now.AddMinutes(5) }] } };

    private string[] Woken()
    {
        string[] woken = [.. _woken.Order(StringComparer.Ordinal)];
        _woken.Clear();
        return woken;
    }
}
