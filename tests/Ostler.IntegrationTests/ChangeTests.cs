using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.UpgradePolicies;
using Ostler.IntegrationTests.Support;
using Ostler.Kubernetes;
using Ostler.Kubernetes.Core;
using Ostler.Testing.Fleet;
using Ostler.Testing.Hosts;

namespace Ostler.IntegrationTests;

/// <summary>What changes under a rollout.</summary>
public sealed class ChangeTests
{
    [Fact]
    public async Task A_node_that_is_replaced_under_its_name_in_mid_upgrade_starts_afresh()
    {
        await using var rig = await Rig.StartAsync(1);
        var held = await TestWorkload.ApplyAsync(rig, "held", replicas: 1, node: "node-1", stubborn: true);
        var next = await rig.PublishAsync(OsTree.Of("2.0"));
        await rig.ApplyPolicyAsync(Rig.Spec);
        await rig.NodeAsync("node-1", n => n is { Unschedulable: true, CordonedBy: Rig.Policy });
        var before = await rig.NodeOSAsync("node-1", o => o is not null);

        await rig.Fleet.RemoveNodeAsync("node-1", Rig.Cancel);
        await held.ScaleAsync(0);
        await held.LetGoAsync();
        await rig.NodeAsync("node-1", n => n is null);
        await rig.Fleet.AddNodeAsync("node-1", rig.Fleet.First, Rig.Cancel);

        var after = await rig.NodeOSAsync("node-1", o => o is not null && o.Metadata.Uid != before!.Metadata.Uid && o.Status?.Booted?.Version == "1.0");
        Assert.NotEqual(before!.Metadata.OwnerReferences![0].Uid, after!.Metadata.OwnerReferences![0].Uid);
        await rig.EverywhereAsync(next);
        await rig.AssertInOrderAsync();
    }

    [Fact]
    public async Task A_node_that_two_policies_select_is_touched_by_neither_and_both_say_so()
    {
        await using var rig = await Rig.StartAsync(2);
        await rig.PublishAsync(OsTree.Of("2.0"));
        await rig.ApplyPolicyAsync(Rig.Spec with { Paused = true });
        await rig.ApplyPolicyAsync(
            Rig.Spec with { NodeSelector = new() { MatchLabels = new Dictionary<string, string> { ["kubernetes.io/hostname"] = "node-1" } } }, "other");

        var edge = await rig.PolicyAsync(p => p?.Status?.Conditions.IsTrue(ConditionTypes.Conflicted) == true);
        var other = await rig.PolicyAsync(p => p?.Status?.Conditions.IsTrue(ConditionTypes.Conflicted) == true, "other");
        Assert.Contains("Policy other", edge.Status!.Conditions.Find(ConditionTypes.Conflicted)!.Message, StringComparison.Ordinal);
        Assert.Contains("Policy edge", other.Status!.Conditions.Find(ConditionTypes.Conflicted)!.Message, StringComparison.Ordinal);

        // The node that only one of them selects goes on, and the other one when there is but one policy left.
        await rig.ApplyPolicyAsync(Rig.Spec);
        await rig.NodeOSAsync("node-2", o => o is { Spec.Goal: Goal.Observe, Status.Booted.Version: "2.0" });
        Assert.Single(rig.Fleet.Host("node-1").Boots);
        await rig.Api.DeleteAsync(OstlerResources.UpgradePolicies, NamespacedName.ClusterScoped("other"), null, null, Rig.Cancel);
        await rig.NodeOSAsync("node-1", o => o is { Spec.Goal: Goal.Observe, Status.Booted.Version: "2.0" });
        await rig.PolicyAsync(p => p?.Status is { Nodes: { Updated: 2, Unavailable: 0 } });
        await rig.AssertInOrderAsync();
    }

    [Fact]
    public async Task A_policy_that_is_deleted_while_a_node_is_drained_gives_it_back()
    {
        await using var rig = await Rig.StartAsync(1);
        await TestWorkload.ApplyAsync(rig, "held", replicas: 1, node: "node-1", stubborn: true);
        await rig.PublishAsync(OsTree.Of("2.0"));
        await rig.ApplyPolicyAsync(Rig.Spec);
        await rig.NodeAsync("node-1", n => n is { Unschedulable: true, CordonedBy: Rig.Policy });

        await rig.Api.DeleteAsync(OstlerResources.UpgradePolicies, NamespacedName.ClusterScoped(Rig.Policy), null, null, Rig.Cancel);

        await rig.NodeAsync("node-1", n => n is { Unschedulable: false, CordonedBy: null });
        await rig.NodeOSAsync("node-1", o => o is { Spec: { Goal: Goal.Observe, Policy: null } });
        Assert.Single(rig.Fleet.Host("node-1").Boots);
    }

    [Fact]
    public async Task A_policy_that_is_deleted_while_a_node_reboots_has_it_brought_to_its_end_and_uncordoned()
    {
        await using var rig = await Rig.StartAsync(1, rebootLatency: TimeSpan.FromSeconds(3));
        await rig.PublishAsync(OsTree.Of("2.0"));
        await rig.ApplyPolicyAsync(Rig.Spec);
        await rig.NodeOSAsync("node-1", o => o?.Status?.Step == NodeStep.Rebooting);

        await rig.Api.DeleteAsync(OstlerResources.UpgradePolicies, NamespacedName.ClusterScoped(Rig.Policy), null, null, Rig.Cancel);

        await rig.NodeOSAsync("node-1", o => o is { Spec: { Goal: Goal.Observe, Policy: null }, Status.Booted.Version: "2.0" });
        await rig.NodeAsync("node-1", n => n is { Unschedulable: false, CordonedBy: null });
        await rig.AssertInOrderAsync();
    }
}
