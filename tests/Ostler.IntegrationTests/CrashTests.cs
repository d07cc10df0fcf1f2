using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.UpgradePolicies;
using Ostler.IntegrationTests.Support;
using Ostler.Testing.Hosts;

namespace Ostler.IntegrationTests;

/// <summary>Whoever dies, wherever: the end is the same.</summary>
public sealed class CrashTests
{
    [Theory, MemberData(nameof(Rig.Tools), MemberType = typeof(Rig))]
    public async Task A_controller_that_is_killed_in_every_step_of_a_node_brings_it_to_the_same_end(HostTool tool)
    {
        await using var rig = await Rig.StartAsync(1, TimeSpan.FromSeconds(4), tool);
        var host = rig.Fleet.Host("node-1");
        var held = await TestWorkload.ApplyAsync(rig, "held", replicas: 1, node: "node-1", stubborn: true);
        host.Inject(HostFault.UnhealthyAfterBoot, "2.0");
        var spec = Rig.Spec with { Paused = true, Rollout = Rig.Spec.Rollout with { Soak = Duration.FromSeconds(5) } };

        // Each step is held until the controller is dead, so that it dies in just that step.
        var stalled = rig.Fleet.Lab.Repository.Inject(RepositoryFault.Stall, "node-1", ".filez");
        var next = await rig.PublishAsync(OsTree.Of("2.0"));
        await rig.ApplyPolicyAsync(spec);
        await rig.NodeOSAsync("node-1", o => o?.Status?.Step == NodeStep.Staging);
        await KillAsync(rig);
        stalled.Dispose();

        await rig.NodeOSAsync("node-1", o => o?.Status?.Step == NodeStep.Staged);
        await KillAsync(rig);
        await rig.ApplyPolicyAsync(spec with { Paused = false });

        await rig.PolicyAsync(p => p?.Status?.InFlight?.SingleOrDefault()?.Step == NodeStep.Cordoned);
        await KillAsync(rig);

        // Stopped in the middle of a pass, the agent would keep the controller waiting for its answer to the last change of the order.
        await rig.NodeOSAsync("node-1", o => o is { Spec.Displaced.Count: > 0 } && o.Status?.ObservedGeneration == o.Metadata.Generation);
        var agent = (await host.RunAsync(["pgrep", "-f", "ostler-agent.dll"], Rig.Cancel)).EnsureSuccess().Stdout.Split('\n')[0];
        await host.RunAsync(["kill", "-STOP", agent], Rig.Cancel);
        await held.LetGoAsync();

        await rig.NodeOSAsync("node-1", o => o?.Spec.Goal == Goal.Boot);
        await KillAsync(rig);
        var off = PowerOffAsync(host);
        await host.RunAsync(["kill", "-CONT", agent], Rig.Cancel);

        await off.WaitAsync(Rig.Cancel);
        await KillAsync(rig);

        await rig.NodeOSAsync("node-1", o => o is { Status: { Step: NodeStep.Verifying, Booted.Version: "2.0" } });
        await KillAsync(rig);
        host.Units.SetActive("ostler-lab.service");

        await rig.NodeOSAsync("node-1", o => o?.Spec.HealthySince is not null);
        await KillAsync(rig);
        await rig.EverywhereAsync(next);
        await KillAsync(rig);
        await rig.EverywhereAsync(next);

        // And on the way back.
        await held.ReadyAsync(1);
        var bad = await rig.PublishAsync(OsTree.Of("3.0").Unhealthy("ostler-lab.service"));
        await rig.ApplyPolicyAsync(spec with { Paused = false, Health = spec.Health with { Timeout = Duration.FromSeconds(5) } });
        await rig.PolicyAsync(p => p?.Status?.InFlight?.Any(n => n.Message?.Contains("terminating", StringComparison.Ordinal) == true) == true);
        await held.LetGoAsync();
        await rig.NodeOSAsync("node-1", o => o?.Spec.Goal == Goal.Rollback);
        await KillAsync(rig);
        await rig.NodeOSAsync("node-1", o => o?.Status?.Step == NodeStep.RolledBack);
        await KillAsync(rig);
        await rig.PolicyAsync(p => p?.Status is { Nodes: { RolledBack: 1, Unavailable: 0 } } s && s.Conditions.IsTrue(ConditionTypes.Halted));
        await rig.ImageAsync(i => i?.Status?.Quarantined?.Any(q => q.Digest == bad.Digest) == true);

        Assert.Equal(["1.0", "2.0", "3.0", "2.0"], host.Boots.Select(b => b.Version));
        await rig.AssertInOrderAsync();
    }

    [Theory, MemberData(nameof(Rig.Tools), MemberType = typeof(Rig))]
    public async Task An_agent_that_is_killed_while_it_stages_stages_when_it_is_back(HostTool tool)
    {
        await using var rig = await Rig.StartAsync(1, tool: tool);
        var host = rig.Fleet.Host("node-1");
        var stalled = rig.Fleet.Lab.Repository.Inject(RepositoryFault.Stall, "node-1", ".filez");
        var next = await rig.PublishAsync(OsTree.Of("2.0"));
        await rig.ApplyPolicyAsync(Rig.Spec);
        await rig.Fleet.Lab.Repository.StalledAsync("node-1", Rig.Cancel);
        await rig.NodeOSAsync("node-1", o => o?.Status?.Step == NodeStep.Staging);

        await rig.Fleet.KillAgentAsync("node-1", Rig.Cancel);
        stalled.Dispose();
        await rig.Fleet.StartAgentAsync("node-1");

        await rig.EverywhereAsync(next);
        Assert.Equal(["1.0", "2.0"], host.Boots.Select(b => b.Version));
        await rig.AssertInOrderAsync();
    }

    [Fact]
    public async Task An_API_server_that_is_away_for_a_while_in_the_middle_of_a_rollout_is_waited_for()
    {
        await using var rig = await Rig.StartAsync(2, rebootLatency: TimeSpan.FromSeconds(2));
        Assert.SkipUnless(rig.Fleet.Cluster.Capabilities.CanRestartApiServer, "this cluster's API server is not ours to restart");
        var next = await rig.PublishAsync(OsTree.Of("2.0"));
        await rig.ApplyPolicyAsync(Rig.Spec);
        var off = Task.WhenAny(rig.Fleet.Lab.Hosts.Select(PowerOffAsync));
        await off.WaitAsync(Rig.Cancel);

        // The node comes up while nobody can be told of it.
        var first = await await off;
        await rig.Fleet.Cluster.StopApiServerAsync(graceful: false, Rig.Cancel);
        await first.NextBootAsync(first.Boots[0], Rig.Cancel);
        await rig.Fleet.Cluster.StartApiServerAsync(Rig.Cancel);

        await rig.EverywhereAsync(next);
        Assert.All(rig.Fleet.Lab.Hosts, h => Assert.Equal(["1.0", "2.0"], h.Boots.Select(b => b.Version)));
        await rig.AssertInOrderAsync(maxUnavailable: 2);
    }

    private static Task KillAsync(Rig rig) => rig.Fleet.RestartControllerAsync(Rig.Cancel);

    private static async Task<OstreeHost> PowerOffAsync(OstreeHost host)
    {
        var off = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        host.PowerChanged += change =>
        {
            if (!change.IsOn)
            {
                off.TrySetResult();
            }
        };
        await off.Task;
        return host;
    }
}
