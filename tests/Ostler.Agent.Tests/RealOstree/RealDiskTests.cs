using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Testing.Hosts;

namespace Ostler.Agent.Tests.RealOstree;

/// <summary>Disks without room on real hosts.</summary>
public sealed class RealDiskTests
{
    [Theory, MemberData(nameof(RealNode.Kinds), MemberType = typeof(RealNode))]
    public async Task A_full_disk_is_told_and_staging_goes_on_when_there_is_room(string kind)
    {
        await using var node = await RealNode.StartAsync(kind);
        var next = await node.PublishAsync(OsTree.Of("2.0"));
        node.Host.Inject(HostFault.SysrootFull);
        node.Stage(next);
        var failed = await node.StatusAsync(s => s.LastError is not null);
        node.Host.Clear(HostFault.SysrootFull);
        await node.StepAsync(NodeStep.Staged);

        Assert.Equal(Reasons.DiskFull, failed.LastError?.Reason);
    }

    [Theory, MemberData(nameof(RealNode.Kinds), MemberType = typeof(RealNode))]
    public async Task A_boot_partition_without_room_is_found_before_anything_is_rebooted(string kind)
    {
        await using var node = await RealNode.StartAsync(kind);
        var next = await node.PublishAsync(OsTree.Of("2.0"));
        node.Host.Inject(HostFault.BootFull);
        node.Stage(next);
        var failed = await node.StatusAsync(s => s.LastError is not null);
        node.Host.Clear(HostFault.BootFull);
        await node.StepAsync(NodeStep.Staged);

        Assert.Equal(Reasons.BootFull, failed.LastError?.Reason);
        Assert.Single(node.Host.Boots);
    }
}
