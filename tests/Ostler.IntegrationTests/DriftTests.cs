using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.UpgradePolicies;
using Ostler.IntegrationTests.Support;
using Ostler.Testing.Hosts;

namespace Ostler.IntegrationTests;

/// <summary>A node that somebody changed by hand is told of, and brought back as by an upgrade when the policy wants it.</summary>
public sealed class DriftTests
{
    [Fact]
    public async Task A_package_that_somebody_layered_is_reported_and_undone_in_a_slot_with_its_etc_kept_and_not_for_ever()
    {
        await using var rig = await Rig.StartAsync(2, tool: HostTool.RpmOstree);
        var next = await rig.PublishAsync(OsTree.Of("2.0"));
        await rig.ApplyPolicyAsync(Rig.Spec);
        var consistent = await rig.EverywhereAsync(next);
        Assert.Equal((1, next.Digest, 2), (consistent.Status!.DistinctDigests, consistent.Status.Digests![0].Digest, consistent.Status.Digests[0].Nodes));

        // Reported, and left as it is.
        var host = rig.Fleet.Host("node-1");
        host.WriteEtc("hostname", "edited");
        await LayerAsync(rig, host);
        var reported = await rig.PolicyAsync(p => p?.Status?.Drifted?.Any(d => d is { Node: "node-1", Reason: Reasons.PackagesLayered }) == true);
        Assert.Equal((2, reported.Status!.Drifted!.Count), (reported.Status.Nodes!.Updated, reported.Status.Nodes.Drifted));
        Assert.True(reported.Status.Conditions.IsTrue(ConditionTypes.Ready));
        Assert.Equal(2, host.Boots.Count);

        // Undone, in a slot.
        var web = await TestWorkload.ApplyAsync(rig, "web", replicas: 1, node: "node-1", minAvailable: 0);
        await rig.ApplyPolicyAsync(Rig.Spec with { Drift = DriftHandling.Reconcile });
        for (var count = 1; count <= 3; count++)
        {
            var os = await rig.NodeOSAsync(
                "node-1",
                o => o is { Spec: { Goal: Goal.Observe, Reconcile: { } r }, Status: { } s } && !Layered(s) && r.Count == count && host.Boots.Count == 2 + count,
                description: $"undone {count} times");
            Assert.Equal(next.Digest, os!.Status!.Booted!.Digest);
            await rig.EverywhereAsync(next);
            await LayerAsync(rig, host);
        }

        // And then left to a person.
        var blocked = await rig.PolicyAsync(p => p?.Status is { Blocked: [{ Node: "node-1", Reason: Reasons.DriftsAgain }] } s && s.Conditions.IsTrue(ConditionTypes.Stalled));
        Assert.Equal((1, 0), (blocked.Status!.Nodes!.Failed, blocked.Status.Nodes.Unavailable));
        Assert.False(blocked.Status.Conditions.IsTrue(ConditionTypes.Halted));
        Assert.Equal("edited", host.ReadEtc("hostname"));
        Assert.Equal(["1.0", "2.0", "2.0", "2.0", "2.0"], host.Boots.Select(b => b.Version));
        Assert.Equal(2, rig.Fleet.Host("node-2").Boots.Count);
        await web.ReadyAsync(1);
        await rig.AssertInOrderAsync();
    }

    // The hosts' own remote has another address than the image, which is told as a drift, too, and never undone.
    private static bool Layered(NodeOSStatus status) => status.Drift?.Findings?.Any(f => f.Reason == Reasons.PackagesLayered) == true;

    /// <summary>An agent looks when it starts, and else every few minutes.</summary>
    private static async Task LayerAsync(Rig rig, OstreeHost host)
    {
        await host.ChangeTreeAsync(TreeChange.Packages, Rig.Cancel);
        await rig.Fleet.KillAgentAsync(host.Name, Rig.Cancel);
        await rig.Fleet.StartAgentAsync(host.Name);
    }
}
