using Microsoft.Extensions.Time.Testing;
using Ostler.Kubernetes.Core;

namespace Ostler.Controller.Tests.UpgradePolicies;

/// <content>Grants that rest on gates.</content>
public sealed partial class ExecutorTests
{
    [Theory]
    [InlineData(30, true)]
    [InlineData(31, false)]
    public async Task A_grant_is_written_only_while_the_answers_of_its_gates_are_fresh(int seconds, bool written)
    {
        await using var server = Given.Server(
            (_, response) => response.JsonAsync(Given.Written(CoreResources.Nodes, Given.Node("a", cordonedBy: "edge"), "11")));
        var run = new Run(server, Given.Node("a"));
        run.Time.Advance(TimeSpan.FromSeconds(seconds));

        var result = await run.ExecuteAsync(Cordon("a") with { Grants = true, NotAfter = Given.Now.AddSeconds(30) });

        Assert.Equal((written ? 1 : 0, !written), (server.Received.Count, result.Conflicted));
    }

    private sealed partial class Run
    {
        public FakeTimeProvider Time { get; } = new(Given.Now);
    }
}
