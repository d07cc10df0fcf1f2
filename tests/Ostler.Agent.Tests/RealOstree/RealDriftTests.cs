using Ostler.Agent.Tests.Support;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Testing.Hosts;

namespace Ostler.Agent.Tests.RealOstree;

/// <summary>Hosts that people changed: what the agent sees of it, and what undoes it.</summary>
public sealed class RealDriftTests
{
    [Theory, MemberData(nameof(RealNode.Kinds), MemberType = typeof(RealNode))]
    public async Task Files_of_etc_are_counted_and_listed_and_no_drift_by_themselves(string kind)
    {
        await using var node = await RealNode.StartAsync(kind);
        await node.StepAsync(NodeStep.Idle);
        node.Host.WriteEtc("hostname", "edited");
        node.Host.WriteEtc("app.d/20-own.conf", "added");
        node.Api.Ask(HostTrees.Observe() with { Attempt = 1 });

        var status = await node.StatusAsync(s => s.Drift is not null);

        Assert.Equal((Reasons.EtcChanged, ConditionStatus.False), (status.Drift!.Reason, status.Conditions.Find(ConditionTypes.Drifted)!.Status));
        Assert.Equal(["A app.d/20-own.conf", "M hostname"], status.Drift.EtcFiles!.Intersect(["A app.d/20-own.conf", "M hostname"]));
        Assert.Equal(status.Drift.EtcChanges, status.Drift.EtcFiles!.Count);
    }

    /// <summary>What each tool lets people do to the running tree, and whether a reboot alone undoes it.</summary>
    [Theory]
    [InlineData("ostree", TreeChange.Hotfix, true)]
    [InlineData("ostree", TreeChange.Overlay, false)]
    [InlineData("rpm-ostree", TreeChange.Packages, true)]
    [InlineData("rpm-ostree with images", TreeChange.Packages, true)]
    [InlineData("rpm-ostree", TreeChange.Overlay, false)]
    [InlineData("bootc", TreeChange.Overlay, false)]
    public async Task What_was_changed_is_told_and_undone_by_the_same_tree_and_etc_is_kept(string kind, TreeChange change, bool stages)
    {
        await using var node = await RealNode.StartAsync(kind);
        await node.StepAsync(NodeStep.Idle);
        await node.Host.ChangeTreeAsync(change, node.Token);
        node.Host.WriteEtc("hostname", "edited");
        node.Api.Ask(HostTrees.Observe() with { Attempt = 1 });
        var drifted = await node.StatusAsync(s => s.Conditions.IsTrue(ConditionTypes.Drifted));
        Assert.Equal(change == TreeChange.Packages ? Reasons.PackagesLayered : Reasons.TreeUnlocked, drifted.Drift!.Reason);
        Assert.True(drifted.Drift.Findings![0].Reconcilable);
        Assert.Equal(change == TreeChange.Packages ? ["strace"] : null, drifted.Drift.Packages);

        node.Stage(node.First, attempt: 2, reconcile: drifted.Drift.Reason);
        var staged = await node.StepAsync(NodeStep.Staged);
        Assert.Equal((stages, ConditionStatus.True), (staged.Staged is { Locked: true } s && s.Digest == node.First.Digest, staged.Conditions.Find(ConditionTypes.Staged)!.Status));
        Assert.Single(node.Host.Boots);

        node.Boot(node.First, attempt: 2, reconcile: drifted.Drift.Reason);
        var healthy = await node.StatusAsync(s => s.Conditions.IsTrue(ConditionTypes.HostHealthy));
        Assert.Equal((node.First.Digest, ConditionStatus.False), (healthy.Booted?.Digest, healthy.Conditions.Find(ConditionTypes.Drifted)!.Status));
        Assert.Equal(["1.0", "1.0"], node.Host.Boots.Select(b => b.Version));
        Assert.Equal("edited", node.Host.ReadEtc("hostname"));
    }

    [Theory]
    [InlineData("rpm-ostree")]
    [InlineData("rpm-ostree with images")]
    public async Task An_upgrade_carries_packages_over_unless_it_is_to_drop_them(string kind)
    {
        await using var node = await RealNode.StartAsync(kind);
        await node.StepAsync(NodeStep.Idle);
        await node.Host.ChangeTreeAsync(TreeChange.Packages, node.Token);
        var next = await node.PublishAsync(OsTree.Of("2.0"));

        node.Stage(next);
        await node.StepAsync(NodeStep.Staged);
        Assert.Contains("strace", await StatusTextAsync(node, staged: true), StringComparison.Ordinal);
        node.Stage(next, attempt: 2, reconcile: Reasons.PackagesLayered);
        await node.StatusAsync(s => s is { Step: NodeStep.Staged, Attempt: 2 });
        Assert.DoesNotContain("strace", await StatusTextAsync(node, staged: true), StringComparison.Ordinal);

        node.Boot(next, attempt: 2, reconcile: Reasons.PackagesLayered);
        var healthy = await node.StatusAsync(s => s.Conditions.IsTrue(ConditionTypes.HostHealthy));
        Assert.Equal((next.Digest, ConditionStatus.False), (healthy.Booted?.Digest, healthy.Conditions.Find(ConditionTypes.Drifted)!.Status));
    }

    private static async Task<string> StatusTextAsync(RealNode node, bool staged)
    {
        var text = (await node.Host.RunAsync(["rpm-ostree", "status", "--json"], node.Token)).Stdout;
        var entry = System.Text.Json.JsonDocument.Parse(text).RootElement.GetProperty("deployments").EnumerateArray().Single(d => d.GetProperty("staged").GetBoolean() == staged && (staged || d.GetProperty("booted").GetBoolean()));
        return entry.GetProperty("requested-packages").GetRawText();
    }
}
