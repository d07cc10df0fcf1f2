using System.Text.Json.Nodes;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.Shared;
using Ostler.Testing.Hosts;

namespace Ostler.Agent.Tests.RealOstree;

/// <summary>Where a policy allows soft reboots and the host cannot have them: the upgrade goes its way, and the status says why.</summary>
public sealed class RealSoftRebootTests
{
    private const string Target = "usr/lib/systemd/system/soft-reboot.target";

    [Theory, MemberData(nameof(RealNode.Kinds), MemberType = typeof(RealNode))]
    public async Task A_host_that_cannot_is_rebooted_in_full_and_says_so(string kind)
    {
        await using var node = await RealNode.StartAsync(kind);
        var next = await node.PublishAsync(OsTree.Of("2.0").WithKernel("1.0"));
        node.Stage(next);
        await node.StepAsync(NodeStep.Staged);
        var first = node.Host.Booted!;

        node.BootSoftly(next);
        var healthy = await node.StatusAsync(s => s.Conditions.IsTrue(ConditionTypes.HostHealthy));

        Assert.Equal((next.Digest, RebootKind.Reboot), (healthy.Booted?.Digest, healthy.Reboot?.Method));
        Assert.Contains("does not count its soft reboots", healthy.Reboot?.Message, StringComparison.Ordinal);
        Assert.NotEqual(first.BootId, healthy.BootID);
    }

    [Fact]
    public async Task Bootc_tells_a_tree_with_the_same_kernel_from_one_with_another()
    {
        await using var node = await RealNode.StartAsync("bootc");
        async Task<bool?> StagedAsync(PublishedTree tree, long attempt)
        {
            node.Stage(tree, attempt);
            await node.StatusAsync(s => s.Attempt == attempt && s.Step == NodeStep.Staged);
            var status = JsonNode.Parse((await node.Host.RunAsync(["bootc", "status", "--json", "--format-version=1"], node.Token)).EnsureSuccess().Stdout)!;
            return (bool?)status["status"]!["staged"]!["softRebootCapable"];
        }

        // The first tree has no soft-reboot.target: bootc says no to all.
        var same = await node.PublishAsync(OsTree.Of("2.0").WithKernel("1.0").WithFile(Target, "[Unit]\n"));
        Assert.False(await StagedAsync(same, 1));
        node.Boot(same);
        await node.StatusAsync(s => s.Conditions.IsTrue(ConditionTypes.HostHealthy));
        Assert.False(await StagedAsync(await node.PublishAsync(OsTree.Of("3.0").WithFile(Target, "[Unit]\n")), 2));
        Assert.True(await StagedAsync(await node.PublishAsync(OsTree.Of("4.0").WithKernel("1.0")), 3));
    }
}
