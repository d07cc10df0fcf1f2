using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.OSImages;
using Ostler.Api.UpgradePolicies;
using Ostler.IntegrationTests.Support;
using Ostler.Testing.Hosts;

namespace Ostler.IntegrationTests;

/// <summary>The main job.</summary>
public sealed class UpgradeTests
{
    [Theory, MemberData(nameof(Rig.Tools), MemberType = typeof(Rig))]
    public async Task Every_node_gets_the_new_tree_one_at_a_time_with_its_etc_merged_its_var_kept_and_its_pods_moved_first(HostTool tool)
    {
        await using var rig = await Rig.StartAsync(3, tool: tool);
        var web = await TestWorkload.ApplyAsync(rig, "web", replicas: 3, minAvailable: 2);
        foreach (var host in rig.Fleet.Lab.Hosts)
        {
            host.WriteEtc("hostname", $"edited on {host.Name}");
            host.WriteVar("lib/data", "kept");
        }

        var next = await rig.PublishAsync(OsTree.Of("2.0").WithFile("usr/etc/new-default.conf", "2.0"));
        await rig.ApplyPolicyAsync(Rig.Spec);
        var policy = await rig.EverywhereAsync(next);

        // The hosts' own remote has another address than the image, which is told as a drift.
        Assert.Equal(new() { Total = 3, Updated = 3 }, policy.Status!.Nodes! with { Drifted = 0 });
        foreach (var host in rig.Fleet.Lab.Hosts)
        {
            var os = await rig.NodeOSAsync(host.Name, o => o?.Spec.Goal == Goal.Observe && o.Status?.Step is NodeStep.Updated or NodeStep.Idle);
            var booted = (await host.DeploymentsAsync(Rig.Cancel)).Single(d => d.Booted);
            Assert.Equal((host.Booted!.Commit, next.Digest, host.Booted.BootId), (booted.Commit, os!.Status!.Booted!.Digest, os.Status.BootID));
            Assert.Equal(["1.0", "2.0"], host.Boots.Select(b => b.Version));
            Assert.Equal(tool switch { HostTool.Bootc => "bootc", HostTool.RpmOstree => "rpm-ostree", _ => "ostree" }, os.Status.Backend);
            Assert.Equal(($"edited on {host.Name}", "2.0", "kept"), (host.ReadEtc("hostname"), host.ReadEtc("new-default.conf"), host.ReadVar("lib/data")));
        }

        await web.ReadyAsync(3);
        await rig.AssertInOrderAsync();
    }

    [Theory, MemberData(nameof(Rig.Tools), MemberType = typeof(Rig))]
    public async Task A_tree_that_is_not_healthy_is_taken_back_quarantined_and_brought_back_by_nobody_until_a_better_one_comes(HostTool tool)
    {
        await using var rig = await Rig.StartAsync(3, tool: tool);
        var bad = await rig.PublishAsync(OsTree.Of("2.0").Unhealthy("ostler-lab.service"));
        await rig.ApplyPolicyAsync(Rig.Spec with { Health = Rig.Spec.Health with { Timeout = Duration.FromSeconds(8) } });

        var halted = await rig.PolicyAsync(
            p => p?.Status is { Nodes: { RolledBack: 1, Updating: 0, Unavailable: 0 } } s && s.Conditions.IsTrue(ConditionTypes.Halted));
        var image = await rig.ImageAsync(i => i?.Status?.Quarantined is { Count: 1 });

        Assert.Equal(bad.Digest, Assert.Single(halted.Status!.FailedDigests!).Digest);
        Assert.Equal((bad.Digest, Rig.Policy), (image!.Status!.Quarantined![0].Digest, image.Status.Quarantined[0].Policy));
        Assert.Contains("ostler-lab.service", halted.Status.Blocked![0].Message, StringComparison.Ordinal);
        var tried = Assert.Single(rig.Fleet.Lab.Hosts, h => h.Boots.Any(b => b.Version == "2.0"));
        Assert.Equal(["1.0", "2.0", "1.0"], tried.Boots.Select(b => b.Version));

        // GitOps applies what it has once more, and the controller starts afresh: the digest stays where it is.
        await rig.ApplyImageAsync("2.0");
        await rig.Fleet.RestartControllerAsync(Rig.Cancel);
        await rig.ApplyPolicyAsync(Rig.Spec with { Health = Rig.Spec.Health with { Timeout = Duration.FromSeconds(9) } });
        await rig.PolicyAsync(p => p?.Status is { } s && s.ObservedGeneration == p.Metadata.Generation && s.Conditions.IsTrue(ConditionTypes.Halted));
        Assert.Single(rig.Fleet.Lab.Hosts, h => h.Boots.Count > 1);

        var better = await rig.PublishAsync(OsTree.Of("3.0"));
        await rig.EverywhereAsync(better);
        await rig.AssertInOrderAsync();
    }

    [Fact]
    public async Task A_target_that_changes_while_nodes_are_in_flight_is_the_one_that_all_end_with()
    {
        await using var rig = await Rig.StartAsync(2, rebootLatency: TimeSpan.FromSeconds(3));
        await rig.PublishAsync(OsTree.Of("2.0"));
        await rig.ApplyPolicyAsync(Rig.Spec);
        var first = await FirstToBootAsync(rig);

        var third = await rig.PublishAsync(OsTree.Of("3.0"));
        await rig.EverywhereAsync(third);

        // The node that was told to boot 2.0 was brought to its end with it; the other one never saw it.
        Assert.Equal(["1.0", "2.0", "3.0"], rig.Fleet.Host(first).Boots.Select(b => b.Version));
        Assert.All(rig.Fleet.Lab.Hosts.Where(h => h.Name != first), h => Assert.DoesNotContain(h.Boots, b => b.Version == "2.0"));
        await rig.AssertInOrderAsync();
    }

    private static async Task<string> FirstToBootAsync(Rig rig)
    {
        var first = await await Task.WhenAny(rig.Nodes.Select(n => rig.NodeOSAsync(n, o => o?.Spec.Goal == Goal.Boot)));
        return first!.Metadata.Name;
    }
}
