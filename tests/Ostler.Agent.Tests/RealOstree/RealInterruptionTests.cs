using Ostler.Agent.Tests.Support;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Testing.Hosts;

namespace Ostler.Agent.Tests.RealOstree;

/// <summary>
/// Staging on real hosts that something comes in the way of: the agent dies, the order changes, another program is at work.
/// </summary>
public sealed class RealInterruptionTests
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

        node.Api.Ask(HostTrees.Observe());
        await node.StepAsync(NodeStep.Idle);

        Assert.Equal("inactive", node.Host.Units["ostler-stage.service"]);
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

    /// <summary>A plain ostree downloads and lays down in two steps, the others in one.</summary>
    private static bool IsDownload(string call) => call.Contains(" pull ", StringComparison.Ordinal) || !call.Contains("-- ostree", StringComparison.Ordinal);
}
