using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Testing.Hosts;

namespace Ostler.Agent.Tests.RealOstree;

/// <summary>Trees that are not applied when a real host goes down.</summary>
public sealed class RealShutdownTests
{
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
}
