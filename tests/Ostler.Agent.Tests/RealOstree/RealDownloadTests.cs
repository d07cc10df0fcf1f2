using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Testing.Hosts;

namespace Ostler.Agent.Tests.RealOstree;

/// <summary>Downloads that go wrong on real hosts, in the words of the real tool.</summary>
public sealed class RealDownloadTests
{
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

    [Fact]
    public async Task A_commit_that_is_older_than_the_branch_was_is_refused_until_the_image_allows_it()
    {
        await using var node = await RealNode.StartAsync();
        var older = await node.PublishAsync(OsTree.Of("2.0"));
        var newer = await node.PublishAsync(OsTree.Of("3.0"));
        node.Stage(newer);
        await node.StatusAsync(s => s.Staged?.Digest == newer.Digest);

        node.Stage(older, attempt: 2);
        var refused = await node.StatusAsync(s => s is { Attempt: 2, LastError: not null });
        Assert.Equal(Reasons.Downgrade, refused.LastError?.Reason);
        Assert.Equal(newer.Digest, refused.Staged?.Digest);

        node.Stage(new(older.Image with { Ostree = older.Image.Ostree! with { AllowDowngrade = true } }), attempt: 3);
        Assert.Equal(older.Digest, (await node.StatusAsync(s => s is { Step: NodeStep.Staged, Attempt: 3 })).Staged?.Digest);
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
}
