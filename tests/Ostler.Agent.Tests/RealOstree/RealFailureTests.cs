using Ostler.Agent.Tests.Support;
using Ostler.Api;
using Ostler.Testing.Hosts;

namespace Ostler.Agent.Tests.RealOstree;

/// <summary>What goes wrong on real hosts, in the words of the real tool.</summary>
public sealed class RealFailureTests
{
    [Theory, MemberData(nameof(RealNode.Kinds), MemberType = typeof(RealNode))]
    public async Task Killed_while_it_stages_the_agent_stages_when_it_is_back(string kind)
    {
        await using var node = await RealNode.StartAsync(kind);
        var next = await node.PublishAsync(OsTree.Of("2.0"));
        using (node.Repository.Inject(RepositoryFault.Stall, "node-1", ".filez"))
        {
            node.Stage(next);
            await node.StepAsync(NodeStep.Staging);
            await node.Host.RemoveServiceAsync("agent", node.Token);
        }

        await node.Host.AddServiceAsync("agent", node.AgentCommand, node.AgentEnvironment("direct"));
        var staged = await node.StepAsync(NodeStep.Staged);

        Assert.Equal((next.Digest, true), (staged.Staged?.Digest, staged.Staged?.Locked));
    }

    [Theory, MemberData(nameof(RealNode.Kinds), MemberType = typeof(RealNode))]
    public async Task What_was_begun_goes_on_without_the_agent_and_is_found_again(string kind)
    {
        await using var node = await RealNode.StartAsync(kind);
        var next = await node.PublishAsync(OsTree.Of("2.0"));
        using (node.Repository.Inject(RepositoryFault.Stall, "node-1", ".filez"))
        {
            node.Stage(next);
            await node.Repository.StalledAsync("node-1", node.Token);
            await node.Host.RemoveServiceAsync("agent", node.Token);
            Assert.Equal("active", node.Host.Units["ostler-stage.service"]);
            await node.Host.AddServiceAsync("agent", node.AgentCommand, node.AgentEnvironment("direct"));
            await node.StepAsync(NodeStep.Staging);
        }

        var staged = await node.StepAsync(NodeStep.Staged);

        Assert.Equal((next.Digest, true), (staged.Staged?.Digest, staged.Staged?.Locked));
        Assert.Null(staged.LastError);
        Assert.Single(node.Host.StubCalls, call => call.StartsWith("systemd-run", StringComparison.Ordinal) && IsDownload(call));
    }

    [Theory, MemberData(nameof(RealNode.Kinds), MemberType = typeof(RealNode))]
    public async Task What_nobody_asks_for_any_more_is_stopped(string kind)
    {
        await using var node = await RealNode.StartAsync(kind);
        var next = await node.PublishAsync(OsTree.Of("2.0"));
        using var stalled = node.Repository.Inject(RepositoryFault.Stall, "node-1", ".filez");
        node.Stage(next);
        await node.Repository.StalledAsync("node-1", node.Token);
        await node.StepAsync(NodeStep.Staging);

        node.Api.Ask(Trees.Observe());
        await node.StepAsync(NodeStep.Idle);

        Assert.Equal("inactive", node.Host.Units["ostler-stage.service"]);
    }

    [Theory, MemberData(nameof(RealNode.Kinds), MemberType = typeof(RealNode))]
    public async Task A_digest_that_does_not_exist_is_told_and_nothing_is_staged(string kind)
    {
        await using var node = await RealNode.StartAsync(kind);
        var next = await node.PublishAsync(OsTree.Of("2.0"));
        var wrong = next.Digest[..^64] + new string('0', 64);
        node.Stage(new PublishedTree(next.Image with { Digest = wrong }));
        var failed = await node.StatusAsync(s => s.LastError is not null);

        Assert.Equal((Reasons.PullFailed, NodeStep.Staging), (failed.LastError?.Reason, failed.Step));
        Assert.Null(failed.Staged);
    }

    [Theory]
    [InlineData("rpm-ostree with images")]
    [InlineData("bootc")]
    public async Task An_image_that_is_not_what_its_digest_says_is_not_staged(string kind)
    {
        await using var node = await RealNode.StartAsync(kind);
        var commit = await node.Repository.CommitAsync(OsTree.Of("2.0"), node.Token);
        var image = node.Repository.PublishImage(commit);
        node.Repository.CorruptImage(image);
        node.Stage(new PublishedTree(new NodeImage
        {
            Container = new NodeContainerImage { Repository = image.Repository },
            Digest = image.Digest,
            Version = "2.0",
        }));
        var failed = await node.StatusAsync(s => s.LastError is not null);

        Assert.Contains("does not match provided manifest digest", failed.LastError?.Message, StringComparison.Ordinal);
        Assert.Null(failed.Staged);
    }

    [Theory, MemberData(nameof(RealNode.Kinds), MemberType = typeof(RealNode))]
    public async Task A_download_whose_bytes_are_not_what_their_names_say_or_that_breaks_off_is_told_and_tried_again(string kind)
    {
        await using var node = await RealNode.StartAsync(kind);
        var next = await node.PublishAsync(OsTree.Of("2.0"));
        using (node.Repository.Inject(RepositoryFault.Corrupt, "node-1", ".filez"))
        {
            node.Stage(next);
            var corrupted = await node.StatusAsync(s => s.LastError is not null);
            Assert.Equal(Reasons.PullFailed, corrupted.LastError?.Reason);
            // By which of its bytes it is found out depends on the file.
            Assert.Matches("Corrupted|Invalid compressed data", corrupted.LastError?.Message);
            Assert.Null(corrupted.Staged);
        }

        using (node.Repository.Inject(RepositoryFault.DropMidObject, "node-1", ".filez"))
        {
            node.Stage(next, attempt: 2);
            var broken = await node.StatusAsync(s => s is { Attempt: 2, LastError: not null });
            Assert.Equal(Reasons.PullFailed, broken.LastError?.Reason);
        }

        node.Stage(next, attempt: 3);
        Assert.Equal(next.Digest, (await node.StatusAsync(s => s is { Step: NodeStep.Staged, Attempt: 3 })).Staged?.Digest);
    }

    [Fact]
    public async Task Another_client_of_rpm_ostree_is_waited_for_and_its_end_is_seen()
    {
        await using var node = await RealNode.StartAsync("rpm-ostree");
        var next = await node.PublishAsync(OsTree.Of("2.0"));
        await node.Host.RunAsync(["sh", "-c", "mkdir -p /run/ostler-fake; echo upgrade >/run/ostler-fake/rpm-ostree.transaction"], node.Token);
        var other = await node.Host.StartProcessAsync(["flock", "--close", "/run/ostler-fake/rpm-ostree.transaction", "sleep", "3600"]);
        await node.Host.RunAsync(["sh", "-c", "while flock -n /run/ostler-fake/rpm-ostree.transaction true; do sleep 0.05; done"], node.Token);
        node.Stage(next);
        var waiting = await node.StatusAsync(s => s.Conditions.Find(ConditionTypes.Ready)?.Reason == Reasons.TransactionInProgress);
        Assert.Null(waiting.LastError);
        Assert.Equal(NodeStep.Staging, waiting.Step);
        Assert.Contains("upgrade", waiting.Conditions.Find(ConditionTypes.Ready)?.Message, StringComparison.Ordinal);

        await node.Host.SignalAsync(other, "KILL", node.Token);
        await node.StepAsync(NodeStep.Staged);
        Assert.DoesNotContain(node.Api.Written, s => s.LastError is not null);
    }

    [Theory, MemberData(nameof(RealNode.Kinds), MemberType = typeof(RealNode))]
    public async Task A_repository_that_is_away_is_waited_for(string kind)
    {
        await using var node = await RealNode.StartAsync(kind);
        var next = await node.PublishAsync(OsTree.Of("2.0"));
        node.Host.Inject(HostFault.StagingFails);
        node.Stage(next);
        var failed = await node.StatusAsync(s => s.LastError is not null);
        node.Host.Clear(HostFault.StagingFails);
        var staged = await node.StepAsync(NodeStep.Staged);

        Assert.Equal((Reasons.PullFailed, NodeStep.Staging), (failed.LastError?.Reason, failed.Step));
        Assert.Contains("503", failed.LastError?.Message, StringComparison.Ordinal);
        Assert.Null(staged.LastError);
    }

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

    [Theory, MemberData(nameof(RealNode.Kinds), MemberType = typeof(RealNode))]
    public async Task A_conflict_in_etc_is_warned_of_and_its_failure_is_told_in_ostrees_words(string kind)
    {
        await using var node = await RealNode.StartAsync(kind);
        var next = await node.PublishAsync(OsTree.Of("2.0").WithAppConfAsDirectory());
        node.Host.WriteEtc("app.conf", "edited");
        node.Stage(next);
        var staged = await node.StepAsync(NodeStep.Staged);
        Assert.Contains("/etc/app.conf", staged.Conditions.Find(ConditionTypes.Staged)?.Message, StringComparison.Ordinal);

        node.Boot(next);
        var back = await node.StepAsync(NodeStep.RolledBack);

        Assert.Equal((Reasons.FinalizationFailed, node.First.Digest), (back.LastError?.Reason, back.Booted?.Digest));
        Assert.Contains("newly defaults to directory 'app.conf'", back.LastError?.Message, StringComparison.Ordinal);
        Assert.Equal(2, node.Host.Boots.Count);
    }

    [Theory, MemberData(nameof(RealNode.Kinds), MemberType = typeof(RealNode))]
    public async Task A_power_cut_instead_of_the_reboot_is_told_from_a_bad_tree(string kind)
    {
        await using var node = await RealNode.StartAsync(kind);
        var next = await node.PublishAsync(OsTree.Of("2.0"));
        node.Stage(next);
        await node.StepAsync(NodeStep.Staged);
        node.Host.Inject(HostFault.PowerCut);

        node.Boot(next);
        var back = await node.StepAsync(NodeStep.RolledBack);
        Assert.Equal((Reasons.FinalizationNeverRan, node.First.Digest), (back.LastError?.Reason, back.Booted?.Digest));

        node.Stage(next, attempt: 2);
        Assert.Equal(2, (await node.StepAsync(NodeStep.Staged)).Attempt);
        node.Boot(next, attempt: 2);
        Assert.Equal(next.Digest, (await node.StepAsync(NodeStep.Verifying)).Booted?.Digest);
    }

    /// <summary>A plain ostree downloads and lays down in two steps, the others in one.</summary>
    private static bool IsDownload(string call) => call.Contains(" pull ", StringComparison.Ordinal) || !call.Contains("-- ostree", StringComparison.Ordinal);
}
