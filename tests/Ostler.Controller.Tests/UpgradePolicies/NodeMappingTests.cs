using System.Text;
using Ostler.Api.Meta;
using Ostler.Controller.Nodes;
using Ostler.Kubernetes.Core;
using Ostler.Rollout.Snapshot;

namespace Ostler.Controller.Tests.UpgradePolicies;

public sealed class NodeMappingTests
{
    [Fact]
    public void A_node_as_the_api_server_sends_it_becomes_facts()
    {
        var node = CoreResources.Nodes.Deserialize(Encoding.UTF8.GetBytes(
            """
            {"kind":"Node","apiVersion":"v1","metadata":{"name":"n1","uid":"u1","resourceVersion":"12","creationTimestamp":"2026-01-02T03:04:05Z",
              "labels":{"zone":"a"},
              "annotations":{"ostler.dev/cordoned-by":"edge","ostler.dev/cordoned-at":"2026-11-01T12:00:00Z","ostler.dev/hold":"disks","other":"x"},
              "managedFields":[{"manager":"kubelet","fieldsV1":{"f:metadata":{"f:labels":{}}}},
                {"manager":"ops","fieldsV1":{"f:metadata":{"f:annotations":{"f:ostler.dev/hold":{}}}}}]},
             "spec":{"unschedulable":true,"podCIDR":"10.0.0.0/24"},
             "status":{"conditions":[{"type":"MemoryPressure","status":"False"},
               {"type":"Ready","status":"False","reason":"KubeletNotReady","message":"cni","lastHeartbeatTime":"2026-11-01T12:00:01Z"}],
               "addresses":[{"type":"Hostname","address":"n1"},{"type":"InternalIP","address":"192.0.2.7"},{"type":"InternalIP","address":"2001:db8::7"}],
               "nodeInfo":{"bootID":"b1","kernelVersion":"6","architecture":"arm64","operatingSystem":"linux"},"images":[{"names":["a"]}]}}
            """)).Trimmed();

        var facts = NodeMapping.ToFacts(node, Given.NodeOS("n1", "u1"), null);

        Assert.Equal(
            new NodeFacts
            {
                Name = "n1",
                Uid = "u1",
                CreatedAt = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero),
                Labels = facts.Labels,
                Platform = "linux/arm64",
                Unschedulable = true,
                CordonedBy = "edge",
                CordonedAt = Given.Now,
                Hold = new("disks", "ops"),
                Ready = false,
                ReadyReason = "KubeletNotReady",
                ReadyMessage = "cni",
                ReadyHeartbeat = Given.Now.AddSeconds(1),
                BootID = "b1",
                Address = "192.0.2.7",
                ResourceVersion = "12",
                OS = facts.OS,
            },
            facts);
        Assert.Equal("a", facts.Labels!["zone"]);
        Assert.Equal(("os-uid-n1", 3L, "20"), (facts.OS!.Uid, facts.OS.Generation, facts.OS.ResourceVersion));
        Assert.Equal(3, node.Metadata.Annotations!.Count);
        Assert.Equal([new() { Type = "MemoryPressure", Status = "False" }, node.Ready!], node.Status!.Conditions!);
        Assert.Single(node.Status!.Addresses!);
    }

    [Fact]
    public void A_node_whose_kubelet_has_not_reported_tells_its_platform_by_labels()
    {
        var labels = new Dictionary<string, string> { ["kubernetes.io/arch"] = "arm64", ["kubernetes.io/os"] = "linux" };

        Assert.Equal("linux/arm64", NodeMapping.ToFacts(Given.Node("n1", labels: labels), null, null).Platform);
        Assert.Null(NodeMapping.ToFacts(Given.Node("n1"), null, null).Platform);
    }

    [Fact]
    public void A_nodeos_of_a_former_node_of_the_name_counts_as_none()
    {
        Assert.Null(NodeMapping.ToFacts(Given.Node("n1", "new"), Given.NodeOS("n1", "old"), null).OS);
        Assert.Null(NodeMapping.ToFacts(Given.Node("n1"), Given.NodeOS("n1") with { Metadata = new() { Name = "n1" } }, null).OS);
    }

    [Fact]
    public void A_mark_that_cannot_be_read_is_no_time()
    {
        var node = Given.Node("n1", cordonedBy: "edge");
        node = node with { Metadata = node.Metadata with { Annotations = new Dictionary<string, string> { [NodeAnnotations.CordonedBy] = "edge", [NodeAnnotations.CordonedAt] = "soon" } } };

        var facts = NodeMapping.ToFacts(node, null, null);

        Assert.Equal("edge", facts.CordonedBy);
        Assert.Null(facts.CordonedAt);
    }

    [Fact]
    public void A_pod_as_the_api_server_sends_it_becomes_facts()
    {
        var pod = CoreResources.Pods.Deserialize(Encoding.UTF8.GetBytes(
            """
            {"metadata":{"namespace":"apps","name":"web-1","uid":"p1","resourceVersion":"5","labels":{"app":"web"},"finalizers":["x/y"],
              "annotations":{"kubernetes.io/config.mirror":"h","big":"value"},"deletionTimestamp":"2026-11-01T12:00:00Z","deletionGracePeriodSeconds":5,
              "ownerReferences":[{"apiVersion":"v1","kind":"Other","name":"o","uid":"o1"},{"apiVersion":"apps/v1","kind":"ReplicaSet","name":"web","uid":"r1","controller":true}]},
             "spec":{"nodeName":"n1","terminationGracePeriodSeconds":30,"volumes":[{"name":"c","configMap":{}},{"name":"t","emptyDir":{"medium":"Memory"}}],"containers":[{"name":"c"}]},
             "status":{"phase":"Running","conditions":[{"type":"ContainersReady","status":"False"},{"type":"Ready","status":"True"}]}}
            """)).Trimmed();

        var facts = NodeMapping.ToFacts(pod, null);

        Assert.True(facts.Ready);
        Assert.Single(pod.Status!.Conditions!);
        Assert.False(NodeMapping.ToFacts(pod with { Status = new() { Conditions = [new() { Type = "Ready", Status = "False" }] } }, null).Ready);
        Assert.False(NodeMapping.ToFacts(pod with { Status = null }, null).Ready);

        Assert.Equal(new PodController("ReplicaSet", "web", "r1"), facts.Controller);
        Assert.True(facts.IsMirror);
        Assert.True(facts.HasEmptyDir);
        Assert.Equal(5, facts.GracePeriodSeconds);
        Assert.Equal(Given.Now, facts.DeletionTimestamp);
        Assert.Equal(("apps", "web-1", "p1", "Running"), (facts.Namespace, facts.Name, facts.Uid, facts.Phase));
        Assert.Equal(["x/y"], facts.Finalizers!);
        Assert.Null(facts.Claims);
    }

    [Theory]
    [InlineData("""[{"operator":"Exists"}]""", "operator: Exists")]
    [InlineData("""[{"operator":"Exists","effect":"NoSchedule"}]""", "operator: Exists")]
    [InlineData("""[{"key":"node.kubernetes.io/unschedulable","operator":"Exists","effect":"NoSchedule"}]""", "node.kubernetes.io/unschedulable: Exists")]
    [InlineData("""[{"key":"node.kubernetes.io/unschedulable"}]""", "node.kubernetes.io/unschedulable: Equal")]
    [InlineData("""[{"key":"node.kubernetes.io/unschedulable","operator":"Equal","value":"x"}]""", null)]
    [InlineData("""[{"operator":"Exists","effect":"NoExecute"}]""", null)]
    [InlineData("""[{"key":"node.kubernetes.io/not-ready","operator":"Exists","effect":"NoExecute","tolerationSeconds":300}]""", null)]
    [InlineData("""[{"key":"gpu","operator":"Exists"}]""", null)]
    public void A_toleration_of_the_cordon_is_known(string tolerations, string? expected) =>
        Assert.Equal(expected, FactsOf($$"""{"tolerations":{{tolerations}}}""").CordonToleration);

    [Theory]
    [InlineData("""{"nodeSelector":{"kubernetes.io/hostname":"n1"}}""", "nodeSelector kubernetes.io/hostname")]
    [InlineData("""{"nodeSelector":{"disktype":"ssd"}}""", null)]
    [InlineData("""{"nodeName":"n1"}""", null)]
    [InlineData("""{"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchFields":[{"key":"metadata.name","operator":"In","values":["n1"]}]}]}}}}""", "required node affinity")]
    [InlineData("""{"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"kubernetes.io/hostname","operator":"In","values":["n1"]},{"key":"cpu","operator":"Gt","values":["4"]}]}]}}}}""", "required node affinity")]
    [InlineData("""{"affinity":{"nodeAffinity":{"requiredDuringSchedulingIgnoredDuringExecution":{"nodeSelectorTerms":[{"matchExpressions":[{"key":"kubernetes.io/hostname","operator":"In","values":["n1","n2"]}]}]}}}}""", null)]
    [InlineData("""{"affinity":{"podAntiAffinity":{}}}""", null)]
    public void What_binds_a_pod_to_its_node_is_known(string spec, string? expected) => Assert.Equal(expected, FactsOf(spec).BoundBy);

    private static PodFacts FactsOf(string spec) => NodeMapping.ToFacts(
        CoreResources.Pods.Deserialize(Encoding.UTF8.GetBytes($$"""{"metadata":{"namespace":"apps","name":"a","uid":"a"},"spec":{{spec}}}""")).Trimmed(), null);

    [Theory]
    [InlineData("""{"name":"h","hostPath":{"path":"/var"}}""", false, "")]
    [InlineData("""{"name":"t","emptyDir":{}}""", true, "")]
    [InlineData("""{"name":"d","persistentVolumeClaim":{"claimName":"data"}},{"name":"e","ephemeral":{"volumeClaimTemplate":{}}}""", false, "data web-1-e")]
    public void Of_a_pods_volumes_its_own_data_and_its_claims_matter(string volumes, bool hasEmptyDir, string claims)
    {
        var pod = CoreResources.Pods.Deserialize(Encoding.UTF8.GetBytes(
            $$$"""{"metadata":{"namespace":"apps","name":"web-1","uid":"p1"},"spec":{"volumes":[{{{volumes}}}]}}""")).Trimmed();

        var facts = NodeMapping.ToFacts(pod, null);

        Assert.Equal(hasEmptyDir, facts.HasEmptyDir);
        Assert.Equal(claims, string.Join(' ', facts.Claims ?? []));
    }
}
