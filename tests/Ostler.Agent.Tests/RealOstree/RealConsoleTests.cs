using System.Text.Json.Nodes;
using Ostler.Api;
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
        Assert.Contains(" already.", again, StringComparison.Ordinal);
        Assert.Equal("1.0", (await node.Host.RebootAsync(node.Token)).Version);
    }

    private static Task<CommandResult> ConsoleAsync(RealNode node, params string[] words) => node.Host.RunAsync([.. node.AgentCommand, "host", .. words], node.Token);
}
