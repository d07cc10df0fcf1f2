using System.Text.Json.Nodes;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.UpgradePolicies;
using Ostler.IntegrationTests.Support;
using Ostler.Kubernetes;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Core;
using Ostler.Testing.Fleet;
using Ostler.Testing.Hosts;

namespace Ostler.IntegrationTests;

/// <summary>What stands in the way of a drain, and whose cordons are whose.</summary>
public sealed class DrainTests
{
    private static readonly UpgradePolicySpec ShortDrain = Rig.Spec with { Drain = new() { Timeout = Duration.FromSeconds(6) } };

    [Fact]
    public async Task A_node_whose_budget_allows_no_eviction_is_named_with_budget_and_pods_and_the_others_go_on()
    {
        await using var rig = await Rig.StartAsync(2);
        var pinned = await TestWorkload.ApplyAsync(rig, "quorum", replicas: 1, node: "node-1", minAvailable: 1);
        var pod = (await pinned.PodsAsync()).Single();
        var next = await rig.PublishAsync(OsTree.Of("2.0"));
        await rig.ApplyPolicyAsync(ShortDrain);

        var policy = await rig.PolicyAsync(
            p => p?.Status is { Nodes: { Updated: 1, Updating: 0, Unavailable: 0 } } && p.Status.Blocked?.Any(b => b.Node == "node-1") == true);

        var blocked = policy.Status!.Blocked!.Single(b => b.Node == "node-1");
        Assert.Contains("PodDisruptionBudget quorum", blocked.Message, StringComparison.Ordinal);
        Assert.Contains(pod.Metadata.Name, blocked.Message, StringComparison.Ordinal);
        Assert.Equal("2.0", rig.Fleet.Host("node-2").Booted!.Version);
        Assert.Equal(("1.0", 1), (rig.Fleet.Host("node-1").Booted!.Version, rig.Fleet.Host("node-1").Boots.Count));
        Assert.Equal(pod.Metadata.Uid, (await pinned.PodsAsync()).Single().Metadata.Uid);
        Assert.Equal(next.Digest, policy.Status.Target!.Digest);
        await rig.AssertInOrderAsync();
    }

    [Fact]
    public async Task A_pod_that_does_not_end_keeps_its_node_from_being_rebooted_until_it_does()
    {
        await using var rig = await Rig.StartAsync(1);
        var held = await TestWorkload.ApplyAsync(rig, "held", replicas: 1, node: "node-1", stubborn: true);
        var pod = (await held.PodsAsync()).Single();
        var next = await rig.PublishAsync(OsTree.Of("2.0"));
        await rig.ApplyPolicyAsync(Rig.Spec);
        var waiting = await rig.PolicyAsync(p => p?.Status?.InFlight?.Any(n => n.Message?.Contains("terminating", StringComparison.Ordinal) == true) == true);
        Assert.Equal(NodeStep.Cordoned, waiting.Status!.InFlight!.Single().Step);
        Assert.Contains(pod.Metadata.Name, waiting.Status.InFlight!.Single().Message, StringComparison.Ordinal);
        Assert.Single(rig.Fleet.Host("node-1").Boots);

        await held.LetGoAsync();
        await rig.EverywhereAsync(next);
        await rig.AssertInOrderAsync();
    }

    [Fact]
    public async Task A_pod_that_has_ended_and_is_kept_by_a_finalizer_keeps_no_node_from_being_rebooted()
    {
        await using var rig = await Rig.StartAsync(1);
        var kept = await TestWorkload.ApplyAsync(rig, "kept", replicas: 1, node: "node-1", finalizer: "test.example/keep");
        var pod = (await kept.PodsAsync()).Single();
        var next = await rig.PublishAsync(OsTree.Of("2.0"));
        await rig.ApplyPolicyAsync(Rig.Spec);

        await rig.EverywhereAsync(next);

        // Its object is still there, for whoever put the finalizer on it; nothing of it ran when the node went down.
        Assert.Contains(await kept.PodsAsync(), p => p.Metadata.Uid == pod.Metadata.Uid && p.Metadata.DeletionTimestamp is not null);
    }

    [Fact]
    public async Task A_pod_that_never_goes_gives_the_node_back_at_the_timeout_and_another_node_is_taken()
    {
        await using var rig = await Rig.StartAsync(2);
        await TestWorkload.ApplyAsync(rig, "held", replicas: 1, node: "node-1", stubborn: true);
        await rig.PublishAsync(OsTree.Of("2.0"));
        await rig.ApplyPolicyAsync(ShortDrain);

        var os = await rig.NodeOSAsync("node-1", o => o?.Spec.Backoff is not null);
        await rig.NodeOSAsync("node-2", o => o is { Spec.Goal: Goal.Observe, Status.Booted.Version: "2.0" });
        await rig.NodeAsync("node-2", n => n is { Unschedulable: false });

        Assert.Equal((Reasons.DrainTimedOut, 1), (os!.Spec.Backoff!.Reason, os.Spec.Backoff.Count));
        Assert.Contains("terminating", os.Spec.Backoff.Message, StringComparison.Ordinal);
        Assert.Single(rig.Fleet.Host("node-1").Boots);
        await rig.AssertInOrderAsync();
    }

    [Fact]
    public async Task A_node_that_a_person_cordoned_is_left_alone_counts_as_unavailable_and_is_taken_when_it_is_given_back()
    {
        await using var rig = await Rig.StartAsync(3);
        await CordonAsync(rig, "node-2", true);
        var next = await rig.PublishAsync(OsTree.Of("2.0"));
        await rig.ApplyPolicyAsync(Rig.Spec);

        // maxUnavailable is 1, and one is unavailable: nothing may move.
        var stuck = await rig.PolicyAsync(p => p?.Status?.Conditions.Find(ConditionTypes.Ready)?.Reason == Reasons.NodesBlocked);
        Assert.Contains("node-2 (cordoned)", stuck.Status!.Conditions.Find(ConditionTypes.Ready)!.Message, StringComparison.Ordinal);
        Assert.All(rig.Fleet.Lab.Hosts, h => Assert.Single(h.Boots));

        await rig.ApplyPolicyAsync(Rig.Spec with { Rollout = Rig.Spec.Rollout with { MaxUnavailable = IntOrPercent.Count(2) } });
        await rig.NodeOSAsync("node-1", o => o is { Spec.Goal: Goal.Observe, Status.Booted.Version: "2.0" });
        await rig.NodeOSAsync("node-3", o => o is { Spec.Goal: Goal.Observe, Status.Booted.Version: "2.0" });
        await rig.NodeAsync("node-3", n => n is { Unschedulable: false });
        Assert.Single(rig.Fleet.Host("node-2").Boots);
        await rig.AssertInOrderAsync(1, cordonedByPeople: "node-2");

        await CordonAsync(rig, "node-2", false);
        await rig.EverywhereAsync(next);
        await rig.AssertInOrderAsync(2);
    }

    [Fact]
    public async Task A_node_that_a_person_uncordons_while_it_is_drained_is_cordoned_again_before_it_is_rebooted()
    {
        await using var rig = await Rig.StartAsync(1);
        var held = await TestWorkload.ApplyAsync(rig, "held", replicas: 1, node: "node-1", stubborn: true);
        var next = await rig.PublishAsync(OsTree.Of("2.0"));
        await rig.ApplyPolicyAsync(Rig.Spec);
        await rig.NodeAsync("node-1", n => n is { Unschedulable: true, CordonedBy: Rig.Policy });

        await CordonAsync(rig, "node-1", false);
        await rig.NodeAsync("node-1", n => n is { Unschedulable: true, CordonedBy: Rig.Policy });
        await held.LetGoAsync();
        await rig.EverywhereAsync(next);
        await rig.AssertInOrderAsync();
    }

    [Fact]
    public async Task A_drained_node_waits_until_its_volumes_are_detached_before_it_is_rebooted()
    {
        await using var rig = await Rig.StartAsync(1);
        await AttachAsync(rig, "pv-1", "node-1");
        await AttachAsync(rig, "pv-elsewhere", "node-9");
        var next = await rig.PublishAsync(OsTree.Of("2.0"));
        await rig.ApplyPolicyAsync(Rig.Spec with { Drain = new() { VolumeDetachTimeout = Duration.FromMinutes(30) } });

        var waiting = await rig.PolicyAsync(p => p?.Status?.InFlight?.Any(n => n.Reason == Reasons.WaitingForVolumes && n.Message!.Contains("pv-1", StringComparison.Ordinal)) == true);
        Assert.Equal(NodeStep.Drained, waiting.Status!.InFlight!.Single().Step);
        Assert.DoesNotContain("pv-elsewhere", waiting.Status.InFlight!.Single().Message, StringComparison.Ordinal);
        Assert.NotNull((await rig.NodeOSAsync("node-1", o => o is { Spec.Goal: Goal.Stage, Spec.Deadlines.Detached: not null }))!.Spec.Deadlines!.Detached);
        Assert.Single(rig.Fleet.Host("node-1").Boots);

        await rig.Api.DeleteAsync(CoreResources.VolumeAttachments, NamespacedName.ClusterScoped("pv-1"), null, null, Rig.Cancel);
        await rig.EverywhereAsync(next);
        await rig.AssertInOrderAsync();
    }

    [Fact]
    public async Task The_only_node_of_a_cluster_is_upgraded_although_Ostlers_own_budget_protects_the_controller_on_it()
    {
        await using var rig = await Rig.StartAsync(1);
        var own = await TestWorkload.ApplyControllerAsync(rig);
        var pods = (await own.PodsAsync()).Select(p => p.Metadata.Uid).Order(StringComparer.Ordinal).ToArray();
        var next = await rig.PublishAsync(OsTree.Of("2.0"));
        await rig.ApplyPolicyAsync(Rig.Spec);

        await rig.EverywhereAsync(next);

        Assert.Equal(pods, (await own.PodsAsync()).Select(p => p.Metadata.Uid).Order(StringComparer.Ordinal));
        await rig.AssertInOrderAsync();
    }

    // As an attacher of a storage driver does; there is none here, so that it stays until the test deletes it.
    private static async Task AttachAsync(Rig rig, string volume, string node) => await Manifests.ApplyAsync(
        rig.Api,
        new JsonObject
        {
            ["apiVersion"] = "storage.k8s.io/v1",
            ["kind"] = "VolumeAttachment",
            ["metadata"] = new JsonObject { ["name"] = volume },
            ["spec"] = new JsonObject
            {
                ["attacher"] = "csi.test.example",
                ["nodeName"] = node,
                ["source"] = new JsonObject { ["persistentVolumeName"] = volume },
            },
        },
        Rig.Cancel);

    private static async Task CordonAsync(Rig rig, string node, bool cordoned) => await rig.Api.PatchAsync(
        CoreResources.Nodes,
        NamespacedName.ClusterScoped(node),
        Patch.Merge(new JsonObject { ["spec"] = new JsonObject { ["unschedulable"] = cordoned } }).By("kubectl-cordon"),
        Rig.Cancel);
}
