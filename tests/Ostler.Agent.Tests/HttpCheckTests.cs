using Ostler.Agent.Tests.Support;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.Shared;
using Ostler.Testing.Scripted;
using static Ostler.Testing.Agents.HostTrees;

namespace Ostler.Agent.Tests;

/// <summary>The whole agent, and a check of a server that it asks from its host.</summary>
public sealed class HttpCheckTests
{
    [Fact]
    public async Task A_host_is_healthy_when_its_server_answers_and_is_not_when_it_does_not()
    {
        var code = 503;
        await using var server = new ScriptedServer((_, response, _) => response.WholeAsync(code, "text/plain", "warming up"u8.ToArray()));
        await using var run = new AgentRun("1*");
        await UpgradeTests.StagedAsync(run);
        var interval = TimeSpan.FromSeconds(20);
        HealthCheck[] checks = [new() { Name = "web", Interval = interval, Http = new HttpCheck { Url = $"{server.Address}ready" } }];
        await UpgradeTests.RebootAsync(run, Boot(2, 1) with { HostChecks = checks });

        await run.Clock.WaitedForAsync(interval);
        var warming = run.Api.Written[^1].Conditions.Find(ConditionTypes.HostHealthy)!;
        Assert.Equal(
            (ConditionStatus.False, Reasons.HostCheckFailed, $"web: GET {server.Address}ready answers 503 Scripted: \"warming up\""), (warming.Status, warming.Reason, warming.Message));

        code = 200;
        run.Clock.Advance(interval);
        await run.Clock.WaitedForAsync(interval);
        Assert.True(run.Api.Written[^1].Conditions.IsTrue(ConditionTypes.HostHealthy));
        Assert.Equal(NodeStep.Verifying, run.Api.Written[^1].Step);

        var written = run.Api.Written.Count;
        run.Clock.Advance(interval);
        await run.Clock.WaitedForAsync(interval);
        Assert.Equal((written, 3), (run.Api.Written.Count, server.Received.Count(r => r.Path == "/ready")));
    }
}
