using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.Shared;
using Ostler.Testing.Hosts;

namespace Ostler.Agent.Tests.RealOstree;

/// <summary>The agent as it runs on a node: its own process, real ostree, real HTTP, and a host that is rebooted.</summary>
public sealed class RealUpgradeTests
{
    [Theory]
    [InlineData("ostree", "direct")]
    [InlineData("ostree", "nsenter")]
    [InlineData("rpm-ostree", "nsenter")]
    [InlineData("rpm-ostree with images", "direct")]
    [InlineData("bootc", "nsenter")]
    public async Task A_node_is_brought_to_a_new_tree_and_back_with_its_own_etc(string kind, string entry)
    {
        await using var node = await RealNode.StartAsync(kind, entry);
        var next = await node.PublishAsync(OsTree.Of("2.0"));
        node.Host.WriteEtc("hostname", "edited on 1.0");
        var first = node.Host.Booted!;

        node.Stage(next);
        var staged = await node.StepAsync(NodeStep.Staged);
        Assert.Equal((next.Digest, "2.0", true), (staged.Staged?.Digest, staged.Staged?.Version, staged.Staged?.Locked));
        Assert.Equal(
            kind switch
            {
                "bootc" => $"{next.Image.Container?.Repository}@{next.Digest}",
                "rpm-ostree with images" => $"ostree-unverified-registry:{next.Image.Container?.Repository}@{next.Digest}",
                _ => "lab:lab/x86_64/stable",
            },
            staged.Staged?.Reference);
        Assert.Equal((node.First.Digest, first.BootId, kind.Split(' ')[0]), (staged.Booted?.Digest, staged.BootID, staged.Backend));

        node.Boot(next, checks: new HealthCheck { Name = "kubelet", Systemd = new SystemdCheck { Active = ["kubelet.service"], NoneFailed = true } });
        await node.StepAsync(NodeStep.Rebooting);
        var healthy = await node.StatusAsync(s => s.Conditions.IsTrue(ConditionTypes.HostHealthy));
        Assert.Equal((next.Digest, NodeStep.Verifying), (healthy.Booted?.Digest, healthy.Step));
        Assert.NotEqual(first.BootId, healthy.BootID);
        Assert.Equal("edited on 1.0", node.Host.ReadEtc("hostname"));
        node.Host.WriteEtc("hostname", "edited on 2.0");

        node.Rollback(next, node.First, first.BootId);
        await node.StepAsync(NodeStep.RollingBack);
        var back = await node.StepAsync(NodeStep.RolledBack);
        Assert.Equal(node.First.Digest, back.Booted?.Digest);
        Assert.Equal("edited on 1.0", node.Host.ReadEtc("hostname"));
        Assert.Equal(["1.0", "2.0", "1.0"], node.Host.Boots.Select(b => b.Version));
        Assert.DoesNotContain(node.Api.Written, s => s.LastError is not null);
    }

    [Theory, MemberData(nameof(RealNode.Kinds), MemberType = typeof(RealNode))]
    public async Task The_former_tree_is_pinned_until_the_new_one_is_verified(string kind)
    {
        await using var node = await RealNode.StartAsync(kind);
        var next = await node.PublishAsync(OsTree.Of("2.0"));
        node.Stage(next);
        await node.StepAsync(NodeStep.Staged);

        node.Boot(next);
        var verifying = await node.StatusAsync(s => s.Conditions.IsTrue(ConditionTypes.HostHealthy));
        Assert.Equal((node.First.Digest, true), (verifying.Rollback?.Digest, verifying.Rollback?.Pinned));

        node.Api.Ask(new NodeOSSpec { Goal = Goal.Observe, Attempt = 1, Image = next.Image });
        await node.StatusAsync(s => s.Step == NodeStep.Updated && s.Rollback is { Pinned: false } rollback && rollback.Digest == node.First.Digest);
        Assert.Null(node.Host.ReadVar("lib/ostler/known-good.json"));
    }

    [Theory, MemberData(nameof(RealNode.Kinds), MemberType = typeof(RealNode))]
    public async Task A_reboot_that_nobody_ordered_does_not_apply_the_tree_and_it_is_staged_again(string kind)
    {
        await using var node = await RealNode.StartAsync(kind);
        var next = await node.PublishAsync(OsTree.Of("2.0"));
        node.Stage(next);
        var before = await node.StepAsync(NodeStep.Staged);

        var boot = await node.Host.RebootAsync(node.Token);
        var after = await node.StatusAsync(s => s.Step == NodeStep.Staged && s.BootID != before.BootID);

        Assert.Equal("1.0", boot.Version);
        Assert.Equal((node.First.Digest, next.Digest, true), (after.Booted?.Digest, after.Staged?.Digest, after.Staged?.Locked));
    }

    [Fact]
    public async Task A_tree_whose_units_fail_is_reported_as_unhealthy()
    {
        await using var node = await RealNode.StartAsync();
        var bad = await node.PublishAsync(OsTree.Of("2.0").Unhealthy("kubelet.service"));
        node.Stage(bad);
        await node.StepAsync(NodeStep.Staged);

        node.Boot(bad, checks: new HealthCheck { Name = "kubelet", Systemd = new SystemdCheck { Active = ["kubelet.service"] } });
        var status = await node.StatusAsync(s => s.Conditions.Find(ConditionTypes.HostHealthy)?.Status == ConditionStatus.False);

        Assert.Equal("kubelet: kubelet.service is failed", status.Conditions.Find(ConditionTypes.HostHealthy)?.Message);
        node.Host.Units.SetActive("kubelet.service");
        await node.StatusAsync(s => s.Conditions.IsTrue(ConditionTypes.HostHealthy));
    }
}
