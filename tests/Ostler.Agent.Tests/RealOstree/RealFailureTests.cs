using Ostler.Api;
using Ostler.Testing.Hosts;

namespace Ostler.Agent.Tests.RealOstree;

/// <summary>What goes wrong on real hosts, in the words of the real tool.</summary>
public sealed class RealFailureTests
{
    [Fact]
    public async Task Killed_while_it_stages_the_agent_stages_when_it_is_back()
    {
        await using var node = await RealNode.StartAsync();
        var next = await node.CommitAsync(OsTree.Of("2.0"));
        using (node.Repository.Inject(RepositoryFault.Stall, "node-1", ".filez"))
        {
            node.Stage(next);
            await node.StepAsync(NodeStep.Staging);
            await node.Host.RemoveServiceAsync("agent", node.Token);
        }

        await node.Host.AddServiceAsync("agent", node.AgentCommand, node.AgentEnvironment("direct"));
        var staged = await node.StepAsync(NodeStep.Staged);

        Assert.Equal((next.Checksum, true), (staged.Staged?.Digest, staged.Staged?.Locked));
    }

    [Fact]
    public async Task A_repository_that_is_away_is_waited_for()
    {
        await using var node = await RealNode.StartAsync();
        var next = await node.CommitAsync(OsTree.Of("2.0"));
        node.Host.Inject(HostFault.StagingFails);
        node.Stage(next);
        var failed = await node.StatusAsync(s => s.LastError is not null);
        node.Host.Clear(HostFault.StagingFails);
        var staged = await node.StepAsync(NodeStep.Staged);

        Assert.Equal((Reasons.PullFailed, NodeStep.Staging), (failed.LastError?.Reason, failed.Step));
        Assert.Contains("503", failed.LastError?.Message, StringComparison.Ordinal);
        Assert.Null(staged.LastError);
    }

    [Fact]
    public async Task A_full_disk_is_told_and_staging_goes_on_when_there_is_room()
    {
        await using var node = await RealNode.StartAsync();
        var next = await node.CommitAsync(OsTree.Of("2.0"));
        node.Host.Inject(HostFault.SysrootFull);
        node.Stage(next);
        var failed = await node.StatusAsync(s => s.LastError is not null);
        node.Host.Clear(HostFault.SysrootFull);
        await node.StepAsync(NodeStep.Staged);

        Assert.Equal(Reasons.DiskFull, failed.LastError?.Reason);
    }

    [Fact]
    public async Task A_boot_partition_without_room_is_found_before_anything_is_rebooted()
    {
        await using var node = await RealNode.StartAsync();
        var next = await node.CommitAsync(OsTree.Of("2.0"));
        node.Host.Inject(HostFault.BootFull);
        node.Stage(next);
        var failed = await node.StatusAsync(s => s.LastError is not null);
        node.Host.Clear(HostFault.BootFull);
        await node.StepAsync(NodeStep.Staged);

        Assert.Equal(Reasons.BootFull, failed.LastError?.Reason);
        Assert.Single(node.Host.Boots);
    }

    [Fact]
    public async Task A_conflict_in_etc_is_warned_of_and_its_failure_is_told_in_ostrees_words()
    {
        await using var node = await RealNode.StartAsync();
        var next = await node.CommitAsync(OsTree.Of("2.0").WithAppConfAsDirectory());
        node.Host.WriteEtc("app.conf", "edited");
        node.Stage(next);
        var staged = await node.StepAsync(NodeStep.Staged);
        Assert.Contains("/etc/app.conf", staged.Conditions.Find(ConditionTypes.Staged)?.Message, StringComparison.Ordinal);

        node.Boot(next);
        var back = await node.StepAsync(NodeStep.RolledBack);

        Assert.Equal((Reasons.FinalizationFailed, node.First.Checksum), (back.LastError?.Reason, back.Booted?.Digest));
        Assert.Contains("newly defaults to directory 'app.conf'", back.LastError?.Message, StringComparison.Ordinal);
        Assert.Equal(2, node.Host.Boots.Count);
    }

    [Fact]
    public async Task A_power_cut_instead_of_the_reboot_is_told_from_a_bad_tree()
    {
        await using var node = await RealNode.StartAsync();
        var next = await node.CommitAsync(OsTree.Of("2.0"));
        node.Stage(next);
        await node.StepAsync(NodeStep.Staged);
        node.Host.Inject(HostFault.PowerCut);

        node.Boot(next);
        var back = await node.StepAsync(NodeStep.RolledBack);
        Assert.Equal((Reasons.FinalizationNeverRan, node.First.Checksum), (back.LastError?.Reason, back.Booted?.Digest));

        node.Stage(next, attempt: 2);
        Assert.Equal(2, (await node.StepAsync(NodeStep.Staged)).Attempt);
        node.Boot(next, attempt: 2);
        Assert.Equal(next.Checksum, (await node.StepAsync(NodeStep.Verifying)).Booted?.Digest);
    }
}
