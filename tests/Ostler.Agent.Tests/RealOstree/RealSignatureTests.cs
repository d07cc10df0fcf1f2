using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Testing.Hosts;

namespace Ostler.Agent.Tests.RealOstree;

/// <summary>
/// A host that asks for signatures gets no tree without the right one, whatever the controller granted: and is not rebooted, nor changed.
/// </summary>
public sealed class RealSignatureTests
{
    private const string Unsigned = "unsigned", Foreign = "signed by another key";

    [Theory]
    [InlineData("ostree", Unsigned)]
    [InlineData("ostree", Foreign)]
    [InlineData("rpm-ostree", Unsigned)]
    [InlineData("rpm-ostree", Foreign)]
    [InlineData("rpm-ostree with images", Unsigned)]
    [InlineData("rpm-ostree with images", Foreign)]
    [InlineData("bootc", Unsigned)]
    [InlineData("bootc", Foreign)]
    public async Task What_is_not_signed_by_the_hosts_key_is_refused_and_what_is_goes_on(string kind, string bad)
    {
        await using var hosts = await TreeSigner.CreateAsync("hosts", TestContext.Current.CancellationToken);
        await using var foreign = await TreeSigner.CreateAsync("foreign", TestContext.Current.CancellationToken);
        await using var node = await RealNode.StartAsync(kind, signer: hosts);
        await node.Host.RequireSignaturesAsync(hosts, node.Token);
        await node.StepAsync(NodeStep.Idle);
        var before = await node.Host.DeploymentsAsync(node.Token);
        var next = await node.PublishAsync(OsTree.Of("2.0"), bad == Unsigned ? null : foreign);

        node.Stage(next);
        var refused = await node.StatusAsync(s => s.LastError is not null);

        Assert.Equal((Reasons.SignatureRefused, NodeStep.Staging), (refused.LastError?.Reason, refused.Step));
        Assert.Contains("ignature", refused.LastError?.Message, StringComparison.Ordinal);
        Assert.Equal((ConditionStatus.False, Reasons.StagingFailed), (refused.Conditions.Find(ConditionTypes.Staged)!.Status, refused.Conditions.Find(ConditionTypes.Staged)!.Reason));
        Assert.Null(refused.Staged);
        Assert.Equal(before, await node.Host.DeploymentsAsync(node.Token));
        Assert.False(node.Host.ExistsInRun("ostree/staged-deployment-locked"));
        Assert.Single(node.Host.Boots);

        // The same agent, and the same host, with a tree that is signed.
        var good = await node.PublishAsync(OsTree.Of("3.0"), hosts);
        node.Stage(good, attempt: 2);
        Assert.Equal(good.Digest, (await node.StatusAsync(s => s is { Step: NodeStep.Staged, Attempt: 2 })).Staged?.Digest);
    }
}
