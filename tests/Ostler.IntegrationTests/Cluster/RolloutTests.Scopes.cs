using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.UpgradePolicies;
using Ostler.Kubernetes;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Core;
using Ostler.Testing.ControlPlane;

namespace Ostler.IntegrationTests.Cluster;

public sealed partial class RolloutTests
{
    [Fact]
    public async Task A_policy_of_whose_three_nodes_the_last_fails_goes_back_as_a_whole()
    {
        var name = Cluster.UniqueName("edge");
        await using var fleet = new Fleet(Cluster, name, node => new() { IsNeverHealthy = node == $"{name}-3" });
        var nodes = await fleet.StartAsync(3, Cancel);
        await using var ns = await Cluster.CreateNamespaceAsync("ostler", Cancel);
        using var client = Cluster.CreateApiClient();
        await using var controller = Running.Start(output, Cluster.CreateApiClient(), ns.Name, "a");

        await ApplyAsync(client, fleet, new() { Remote = "acme", Ref = "acme/edge", Commit = fleet.NewDigest }, s => s with
        {
            Health = new() { Timeout = Duration.FromSeconds(3) },
            Rollback = new() { Scope = RollbackScope.Policy },
            Rollout = s.Rollout with
            {
                Waves =
                [
                    new()
                    {
                        Name = "first",
                        NodeSelector = new() { MatchExpressions = [new() { Key = "kubernetes.io/hostname", Operator = LabelOperator.In, Values = nodes[..2] }] },
                    },
                ],
            },
        });
        await client.WaitForAsync(
            OstlerResources.UpgradePolicies, NamespacedName.ClusterScoped(name),
            p => p?.Status is { Nodes: { RolledBack: 3, Updating: 0, Unavailable: 0 } } status && status.Conditions.IsTrue(ConditionTypes.Stalled), Cancel, Patience);

        foreach (var node in nodes)
        {
            var os = await client.GetAsync(OstlerResources.NodeOSes, NamespacedName.ClusterScoped(node), Cancel);
            Assert.Equal(Fleet.OldDigest, fleet.Host(node).Booted.Digest);
            Assert.Equal((Goal.Observe, node == nodes[2]), (os!.Spec.Goal, os.Spec.Failure!.Reason == Reasons.HostCheckFailed));
            Assert.Equal(node != nodes[2], os.Spec.Failure.Reason == Reasons.RolledBackByScope);
            Assert.False((await client.GetAsync(CoreResources.Nodes, NamespacedName.ClusterScoped(node), Cancel))!.Unschedulable);
        }

        // As people must tell failures from nodes that went along with them, so must what watches the metrics.
        using var http = new HttpClient();
        var text = await http.GetStringAsync(new Uri(await controller.MetricsAsync(), "/metrics"), Cancel);
        Assert.Contains($"ostler_node_rollbacks_total{{policy=\"{name}\",reason=\"RolledBackByScope\"}} 2\n", text, StringComparison.Ordinal);
        Assert.DoesNotContain($"ostler_node_failures_total{{policy=\"{name}\",reason=\"RolledBackByScope\"}}", text, StringComparison.Ordinal);
    }
}
