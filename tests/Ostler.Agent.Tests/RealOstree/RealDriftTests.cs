using Ostler.Agent.Tests.Support;
using Ostler.Api;

namespace Ostler.Agent.Tests.RealOstree;

/// <summary>Hosts that people changed: what the agent sees of it, and what undoes it.</summary>
public sealed class RealDriftTests
{
    private const string Hotfix = "hotfix", Packages = "packages", Overlay = "overlay";

    [Theory, MemberData(nameof(RealNode.Kinds), MemberType = typeof(RealNode))]
    public async Task Files_of_etc_are_counted_and_listed_and_no_drift_by_themselves(string kind)
    {
        await using var node = await RealNode.StartAsync(kind);
        await node.StepAsync(NodeStep.Idle);
        node.Host.WriteEtc("hostname", "edited");
        node.Host.WriteEtc("app.d/20-own.conf", "added");
        node.Api.Ask(Trees.Observe() with { Attempt = 1 });

        var status = await node.StatusAsync(s => s.Drift is not null);

        Assert.Equal((Reasons.EtcChanged, ConditionStatus.False), (status.Drift!.Reason, status.Conditions.Find(ConditionTypes.Drifted)!.Status));
        Assert.Equal(["A app.d/20-own.conf", "M hostname"], status.Drift.EtcFiles!.Intersect(["A app.d/20-own.conf", "M hostname"]));
        Assert.Equal(status.Drift.EtcChanges, status.Drift.EtcFiles!.Count);
    }

    /// <summary>What each tool lets people do to the running tree, and whether a reboot alone undoes it.</summary>
    [Theory]
    [InlineData("ostree", Hotfix, true)]
    [InlineData("ostree", Overlay, false)]
    [InlineData("rpm-ostree", Packages, true)]
    [InlineData("rpm-ostree with images", Packages, true)]
    [InlineData("rpm-ostree", Overlay, false)]
    [InlineData("bootc", Overlay, false)]
    public async Task What_was_changed_is_told_and_undone_by_the_same_tree_and_etc_is_kept(string kind, string change, bool stages)
    {
        await using var node = await RealNode.StartAsync(kind);
        await node.StepAsync(NodeStep.Idle);
        await ChangeAsync(node, change);
        node.Host.WriteEtc("hostname", "edited");
        node.Api.Ask(Trees.Observe() with { Attempt = 1 });
        var drifted = await node.StatusAsync(s => s.Conditions.IsTrue(ConditionTypes.Drifted));
        Assert.Equal(change == Packages ? Reasons.PackagesLayered : Reasons.TreeUnlocked, drifted.Drift!.Reason);
        Assert.True(drifted.Drift.Findings![0].Reconcilable);
        Assert.Equal(change == Packages ? ["strace"] : null, drifted.Drift.Packages);

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
        await ChangeAsync(node, Packages);
        var next = await node.PublishAsync(Testing.Hosts.OsTree.Of("2.0"));

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

    /// <summary>As the tools themselves note it: a hotfix and packages in the deployment's origin, an overlay in /run.</summary>
    private static async Task ChangeAsync(RealNode node, string change)
    {
        var booted = (await node.Host.DeploymentsAsync(node.Token)).Single(d => d.Booted);
        var name = $"{booted.Commit}.{booted.Serial}";
        var origin = $"/ostree/deploy/{Testing.Hosts.OstreeHost.StateRoot}/deploy/{name}.origin";
        var script = change switch
        {
            Hotfix => $"sed -i 's/^\\[origin\\]$/[origin]\\nunlocked=hotfix/' {origin}",
            Packages => $"printf '\\n[packages]\\nrequested=strace;\\n' >>{origin}",
            _ => $"mkdir -p /run/ostree/deployment-state/{name} && touch /run/ostree/deployment-state/{name}/unlocked-development",
        };
        var result = await node.Host.RunAsync(["sh", "-c", $"mount -o remount,rw /sysroot 2>/dev/null; {script}"], node.Token);
        Assert.Equal((0, ""), (result.ExitCode, result.Stderr));
    }
}
