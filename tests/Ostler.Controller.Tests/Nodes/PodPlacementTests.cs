using System.Text;
using Ostler.Controller.Nodes;
using Ostler.Kubernetes.Core;

namespace Ostler.Controller.Tests.Nodes;

public sealed class PodPlacementTests
{
    private const string Affinity = "\"affinity\":{\"nodeAffinity\":{\"requiredDuringSchedulingIgnoredDuringExecution\":{\"nodeSelectorTerms\":[";

    [Theory]
    [InlineData("{}", "", true)]
    [InlineData("""{"taints":[{"key":"a","effect":"PreferNoSchedule"}]}""", "", true)]
    [InlineData("""{"unschedulable":true}""", """ "tolerations":[{"operator":"Exists"}]""", false)]
    [InlineData("""{"taints":[{"key":"a","value":"b","effect":"NoSchedule"}]}""", "", false)]
    [InlineData("""{"taints":[{"key":"a","value":"b","effect":"NoExecute"}]}""", "", false)]
    [InlineData("""{"taints":[{"key":"a","value":"b","effect":"Unheard"}]}""", "", false)]
    [InlineData("""{"taints":[{"key":"a","value":"b","effect":"NoSchedule"}]}""", """ "tolerations":[{"operator":"Exists"}]""", true)]
    [InlineData("""{"taints":[{"key":"a","value":"b","effect":"NoSchedule"}]}""", """ "tolerations":[{"key":"a","operator":"Exists"}]""", true)]
    [InlineData("""{"taints":[{"key":"a","value":"b","effect":"NoSchedule"}]}""", """ "tolerations":[{"key":"a","value":"b"}]""", true)]
    [InlineData("""{"taints":[{"key":"a","value":"b","effect":"NoSchedule"}]}""", """ "tolerations":[{"key":"a","value":"c"}]""", false)]
    [InlineData("""{"taints":[{"key":"a","value":"b","effect":"NoSchedule"}]}""", """ "tolerations":[{"key":"a","operator":"Exists","effect":"NoExecute"}]""", false)]
    [InlineData("""{"taints":[{"key":"a","effect":"NoSchedule"}]}""", """ "tolerations":[{"key":"a","operator":"Equal"}]""", true)]
    [InlineData("""{"taints":[{"key":"a","effect":"NoSchedule"},{"key":"z","effect":"NoSchedule"}]}""", """ "tolerations":[{"key":"a","operator":"Exists"}]""", false)]
    [InlineData("{}", """ "nodeSelector":{"disk":"ssd"}""", true)]
    [InlineData("{}", """ "nodeSelector":{"disk":"hdd"}""", false)]
    [InlineData("{}", Affinity + """{"matchExpressions":[{"key":"disk","operator":"In","values":["ssd"]}]}]}}}""", true)]
    [InlineData("{}", Affinity + """{"matchExpressions":[{"key":"disk","operator":"NotIn","values":["ssd"]}]}]}}}""", false)]
    [InlineData("{}", Affinity + """{"matchExpressions":[{"key":"disk","operator":"Exists"},{"key":"gpu","operator":"DoesNotExist"}]}]}}}""", true)]
    [InlineData("{}", Affinity + """{"matchExpressions":[{"key":"cores","operator":"Gt","values":["4"]}]}]}}}""", true)]
    [InlineData("{}", Affinity + """{"matchExpressions":[{"key":"cores","operator":"Lt","values":["4"]}]}]}}}""", false)]
    [InlineData("{}", Affinity + """{"matchExpressions":[{"key":"disk","operator":"Lt","values":["4"]}]}]}}}""", false)]
    [InlineData("{}", Affinity + """{"matchExpressions":[{"key":"disk","operator":"Unheard","values":["ssd"]}]}]}}}""", false)]
    [InlineData("{}", Affinity + """{"matchFields":[{"key":"metadata.name","operator":"In","values":["n2"]}]}]}}}""", true)]
    [InlineData("{}", Affinity + """{"matchFields":[{"key":"metadata.name","operator":"In","values":["n1"]}]}]}}}""", false)]
    [InlineData("{}", Affinity + """{}]}}}""", false)]
    [InlineData("{}", Affinity + """{},{"matchExpressions":[{"key":"disk","operator":"Exists"}]}]}}}""", true)]
    public void A_node_takes_a_pod_that_its_taints_and_labels_allow(string nodeSpec, string podSpec, bool expected)
    {
        var node = Given.Node("n2", labels: new Dictionary<string, string> { ["disk"] = "ssd", ["cores"] = "8" }) with
        {
            Spec = CoreResources.Nodes.Deserialize(Encoding.UTF8.GetBytes($$"""{"metadata":{"name":"n2"},"spec":{{nodeSpec}}}""")).Spec,
        };
        var pod = CoreResources.Pods.Deserialize(Encoding.UTF8.GetBytes($$$"""{"metadata":{"namespace":"a","name":"p","uid":"p"},"spec":{ {{{podSpec}}} }}"""));

        Assert.Equal(expected, PodPlacement.CanTake(node, pod));
        Assert.False(PodPlacement.CanTake(node with { Status = new() }, pod));
        Assert.False(PodPlacement.CanTake(node with { Metadata = node.Metadata with { DeletionTimestamp = Given.Now } }, pod));
    }

    [Fact]
    public void What_decides_where_the_controller_can_run_is_kept_in_its_pods()
    {
        const string Tolerations = """ "spec":{"tolerations":[{"key":"node-role.kubernetes.io/control-plane","operator":"Exists","effect":"NoSchedule"}]}""";
        var own = CoreResources.Pods.Deserialize(Encoding.UTF8.GetBytes(
            """{"metadata":{"namespace":"o","name":"c","uid":"c","labels":{"app.kubernetes.io/name":"ostler","app.kubernetes.io/component":"controller"}},""" + Tolerations + "}"));
        var other = CoreResources.Pods.Deserialize(Encoding.UTF8.GetBytes("""{"metadata":{"namespace":"o","name":"c","uid":"c"},""" + Tolerations + "}"));

        Assert.Single(own.Trimmed().Spec!.Tolerations!);
        Assert.Null(other.Trimmed().Spec!.Tolerations);
    }
}
