using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.UpgradePolicies;
using Ostler.IntegrationTests.Support;
using Ostler.Testing.Hosts;

namespace Ostler.IntegrationTests;

/// <summary>
/// Trees that do not get onto a host, whatever updates it: each node says why, none is disturbed, and a better tree goes everywhere.
/// </summary>
public sealed class StagingFailureTests
{
    /// <summary>Node, and the reason in which what befalls it ends.</summary>
    private static readonly (string Node, string Reason)[] Failures =
    [
        ("node-1", Reasons.DiskFull),
        ("node-2", Reasons.PullFailed),
        ("node-3", Reasons.SignatureRefused),
        ("node-4", Reasons.PullFailed),
    ];

    [Theory, MemberData(nameof(Rig.Tools), MemberType = typeof(Rig))]
    public async Task A_full_disk_a_broken_download_a_refused_signature_and_wrong_bytes_are_told_and_disturb_no_node(HostTool tool)
    {
        await using var signer = await TreeSigner.CreateAsync("acme", Rig.Cancel);
        await using var rig = await Rig.StartAsync(4, tool: tool, change: o => o with { Signer = signer });
        var web = await TestWorkload.ApplyAsync(rig, "web", replicas: 4);
        await web.ReadyAsync(4);
        rig.Fleet.Host("node-1").Inject(HostFault.SysrootFull);
        using var interrupted = rig.Fleet.Lab.Repository.Inject(RepositoryFault.DropMidObject, "node-2", ".filez");
        await rig.Fleet.Host("node-3").RequireSignaturesAsync(signer, Rig.Cancel);
        using var corrupted = rig.Fleet.Lab.Repository.Inject(RepositoryFault.Corrupt, "node-4", ".filez");
        var before = await DeploymentsAsync(rig);

        var unsigned = await rig.PublishAsync(OsTree.Of("2.0"));
        await rig.ApplyPolicyAsync(Rig.Spec with { Rollout = Rig.Spec.Rollout with { StageAhead = IntOrPercent.Percent(100) } });
        foreach (var (node, reason) in Failures)
        {
            var os = await rig.NodeOSAsync(node, o => o?.Status?.LastError is not null, description: $"{node} says why");
            Assert.Equal((node, reason, NodeStep.Staging), (node, os!.Status!.LastError!.Reason, os.Status.Step));
            Assert.Equal((unsigned.Digest, ConditionStatus.False), (os.Spec.Image!.Digest, os.Status.Conditions.Find(ConditionTypes.Staged)!.Status));
        }

        var policy = await rig.PolicyAsync(p => Failures.All(f => p?.Status?.Blocked?.Any(b => b.Node == f.Node && b.Message!.Contains(f.Reason, StringComparison.Ordinal)) == true));
        Assert.Equal((0, 0, 0), (policy.Status!.Nodes!.Updating, policy.Status.Nodes.Unavailable, policy.Status.Nodes.Updated));
        Assert.Equal(before, await DeploymentsAsync(rig));
        Assert.All(rig.Fleet.Lab.Hosts, h => Assert.Single(h.Boots));
        Assert.Equal(0, rig.Witness.MostAway);
        await web.ReadyAsync(4);

        rig.Fleet.Host("node-1").Clear(HostFault.SysrootFull);
        interrupted.Dispose();
        corrupted.Dispose();
        var signed = await rig.PublishAsync(OsTree.Of("3.0"), signer);
        await rig.EverywhereAsync(signed);
        Assert.All(rig.Fleet.Lab.Hosts, h => Assert.Equal(["1.0", "3.0"], h.Boots.Select(b => b.Version)));
        await rig.AssertInOrderAsync();
    }

    private static async Task<string> DeploymentsAsync(Rig rig)
    {
        var all = new List<string>();
        foreach (var host in rig.Fleet.Lab.Hosts.OrderBy(h => h.Name, StringComparer.Ordinal))
        {
            all.Add($"{host.Name}: {string.Join(", ", await host.DeploymentsAsync(Rig.Cancel))}");
        }

        return string.Join('\n', all);
    }
}
