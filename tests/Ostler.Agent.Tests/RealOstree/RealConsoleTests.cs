using System.Text.Json.Nodes;
using Ostler.Api.NodeOSes;
using Ostler.Testing.Hosts;

namespace Ostler.Agent.Tests.RealOstree;

/// <summary>A person at the console of a host whose cluster is away.</summary>
public sealed class RealConsoleTests
{
    [Theory, MemberData(nameof(RealNode.Kinds), MemberType = typeof(RealNode))]
    public async Task Without_agent_and_cluster_a_host_says_what_it_runs_and_goes_back_to_the_former_tree(string kind)
    {
        await using var node = await RealNode.StartAsync(kind);
        var next = await node.PublishAsync(OsTree.Of("2.0"));
        node.Stage(next);
        await node.StepAsync(NodeStep.Staged);
        node.Boot(next);
        await node.StepAsync(NodeStep.Verifying);
        await node.Host.RemoveServiceAsync("agent", node.Token);

        var status = JsonNode.Parse((await ConsoleAsync(node, "status", "-o", "json")).EnsureSuccess().Stdout)!;
        var text = (await ConsoleAsync(node, "status")).EnsureSuccess().Stdout;
        var back = (await ConsoleAsync(node, "rollback")).EnsureSuccess().Stdout;
        var again = (await ConsoleAsync(node, "rollback")).EnsureSuccess().Stdout;

        Assert.Equal(kind.Split(' ')[0], (string?)status["backend"]);
        Assert.Equal(
            [(next.Digest, true, false), (node.First.Digest, false, true)],
            status["trees"]!.AsArray().Select(t => ((string)t!["digest"]!, (bool)t["booted"]!, (bool)t["rollback"]!)));
        Assert.Contains("* 2.0", text, StringComparison.Ordinal);
        Assert.StartsWith("The next boot runs 1.0 (", back, StringComparison.Ordinal);
        Assert.StartsWith("The next boot already runs 1.0 (", again, StringComparison.Ordinal);
        Assert.Equal("1.0", (await node.Host.RebootAsync(node.Token)).Version);
    }

    [Theory, MemberData(nameof(RealNode.Kinds), MemberType = typeof(RealNode))]
    public async Task Without_agent_and_cluster_a_person_stages_and_boots_a_tree_and_the_watchdog_stands_guard(string kind)
    {
        await using var node = await RealNode.StartAsync(kind);
        await node.StepAsync(NodeStep.Idle);
        await node.Host.RemoveServiceAsync("agent", node.Token);
        var next = await node.PublishAsync(OsTree.Of("2.0"));
        var name = next.Image switch
        {
            { Container: { } image } => $"{image.Repository}@{next.Digest}",
            { Ostree: { } branch } => $"{branch.Remote}:{branch.Ref}@{next.Digest}",
            _ => throw new InvalidOperationException(kind),
        };
        var staged = (await ConsoleAsync(node, "stage", name)).EnsureSuccess().Stdout;
        Assert.Contains("is staged and locked: a reboot does not apply it.", staged, StringComparison.Ordinal);
        Assert.Equal("1.0", (await node.Host.RebootAsync(node.Token)).Version);
        (await ConsoleAsync(node, "stage", name)).EnsureSuccess();
        var unasked = await ConsoleAsync(node, "apply");
        Assert.Equal((2, "1.0"), (unasked.ExitCode, node.Host.Booted!.Version));

        var before = node.Host.Booted!;
        var applying = ConsoleAsync(node, "apply", "--yes");
        var booted = await node.Host.NextBootAsync(before, node.Token);
        Assert.NotEqual(0, (await applying).ExitCode); // it went down with the host
        Assert.Equal("2.0", booted.Version);
        Assert.Contains("On trial: the watchdog rolls back to 1.0", (await ConsoleAsync(node, "status")).EnsureSuccess().Stdout, StringComparison.Ordinal);

        // Nobody confirms it, and no agent comes.
        await node.Host.RunAsync([.. node.AgentCommand, "watchdog", "check", "--uptime=721"], node.Token); // it goes down with the host, too
        Assert.Equal("1.0", (await node.Host.NextBootAsync(booted, node.Token)).Version);
    }

    private static Task<CommandResult> ConsoleAsync(RealNode node, params string[] words) => node.Host.RunAsync([.. node.AgentCommand, "host", .. words], node.Token);
}
