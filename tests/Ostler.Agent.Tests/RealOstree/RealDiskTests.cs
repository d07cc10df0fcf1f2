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

    /// <summary>
    /// Seen on real hosts: the agent took it for an API server that cannot be reached, and said nothing until the controller blamed the
    /// image.
    /// </summary>
    [Fact]
    public async Task A_full_state_directory_is_told_before_the_reboot_which_follows_when_there_is_room()
    {
        await using var node = await RealNode.StartAsync();
        var next = await node.PublishAsync(OsTree.Of("2.0"));
        node.Stage(next);
        await node.StepAsync(NodeStep.Staged);
        const string Fill = "mkdir -p /var/lib/ostler && mount -t tmpfs -o size=64k none /var/lib/ostler && head -c 65536 /dev/zero > /var/lib/ostler/filler";
        (await node.Host.RunAsync(["sh", "-c", Fill], node.Token)).EnsureSuccess();
        node.Boot(next);
        var failed = await node.StatusAsync(s => s.LastError is not null);
        Assert.Single(node.Host.Boots);
        (await node.Host.RunAsync(["rm", "/var/lib/ostler/filler"], node.Token)).EnsureSuccess();
        var healthy = await node.StatusAsync(s => s.Conditions.IsTrue(ConditionTypes.HostHealthy));

        Assert.Equal(Reasons.DiskFull, failed.LastError?.Reason);
        Assert.Contains("/var/lib/ostler/known-good.json on the host cannot be written: no space left on the device", failed.LastError!.Message, StringComparison.Ordinal);
        Assert.Equal(next.Digest, healthy.Booted?.Digest);
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
