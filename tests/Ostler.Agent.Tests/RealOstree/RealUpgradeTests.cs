using Ostler.Api;
using Ostler.Testing.Hosts;

namespace Ostler.Agent.Tests.RealOstree;

/// <summary>The agent as it runs on a node: its own process, real ostree, real HTTP, and a host that is rebooted.</summary>
public sealed class RealUpgradeTests
{
    [Theory]
    [InlineData("direct")]
    [InlineData("nsenter")]
    public async Task A_node_is_brought_to_a_new_tree_and_back_with_its_own_etc(string entry)
    {
        await using var node = await RealNode.StartAsync(entry);
        var next = await node.CommitAsync(OsTree.Of("2.0"));
        node.Host.WriteEtc("hostname", "edited on 1.0");
        var first = node.Host.Booted!;

        node.Stage(next);
        var staged = await node.StepAsync(NodeStep.Staged);
        Assert.Equal((next.Checksum, "2.0", true), (staged.Staged?.Digest, staged.Staged?.Version, staged.Staged?.Locked));
        Assert.Equal("lab:lab/x86_64/stable", staged.Staged?.Reference);
        Assert.Equal((first.Commit, first.BootId, "ostree"), (staged.Booted?.Digest, staged.BootID, staged.Backend));

        node.Boot(next, checks: new HealthCheck { Name = "kubelet", Systemd = new SystemdCheck { Active = ["kubelet.service"], NoneFailed = true } });
        await node.StepAsync(NodeStep.Rebooting);
        var healthy = await node.StatusAsync(s => s.Conditions.IsTrue(ConditionTypes.HostHealthy));
        Assert.Equal((next.Checksum, NodeStep.Verifying), (healthy.Booted?.Digest, healthy.Step));
        Assert.NotEqual(first.BootId, healthy.BootID);
        Assert.Equal("edited on 1.0", node.Host.ReadEtc("hostname"));
        node.Host.WriteEtc("hostname", "edited on 2.0");

        node.Rollback(next, node.First, first.BootId);
        await node.StepAsync(NodeStep.RollingBack);
        var back = await node.StepAsync(NodeStep.RolledBack);
        Assert.Equal(node.First.Checksum, back.Booted?.Digest);
        Assert.Equal("edited on 1.0", node.Host.ReadEtc("hostname"));
        Assert.Equal([first.Commit, next.Checksum, first.Commit], node.Host.Boots.Select(b => b.Commit));
        Assert.DoesNotContain(node.Api.Written, s => s.LastError is not null);
    }

    [Fact]
    public async Task A_reboot_that_nobody_ordered_does_not_apply_the_tree_and_it_is_staged_again()
    {
        await using var node = await RealNode.StartAsync();
        var next = await node.CommitAsync(OsTree.Of("2.0"));
        node.Stage(next);
        var before = await node.StepAsync(NodeStep.Staged);

        var boot = await node.Host.RebootAsync(node.Token);
        var after = await node.StatusAsync(s => s.Step == NodeStep.Staged && s.BootID != before.BootID);

        Assert.Equal(node.First.Checksum, boot.Commit);
        Assert.Equal((node.First.Checksum, next.Checksum, true), (after.Booted?.Digest, after.Staged?.Digest, after.Staged?.Locked));
    }

    [Fact]
    public async Task A_tree_whose_units_fail_is_reported_as_unhealthy()
    {
        await using var node = await RealNode.StartAsync();
        var bad = await node.CommitAsync(OsTree.Of("2.0").Unhealthy("kubelet.service"));
        node.Stage(bad);
        await node.StepAsync(NodeStep.Staged);

        node.Boot(bad, checks: new HealthCheck { Name = "kubelet", Systemd = new SystemdCheck { Active = ["kubelet.service"] } });
        var status = await node.StatusAsync(s => s.Conditions.Find(ConditionTypes.HostHealthy)?.Status == ConditionStatus.False);

        Assert.Equal("kubelet: kubelet.service is failed", status.Conditions.Find(ConditionTypes.HostHealthy)?.Message);
        node.Host.Units.SetActive("kubelet.service");
        await node.StatusAsync(s => s.Conditions.IsTrue(ConditionTypes.HostHealthy));
    }
}
