using System.Text.Json;
using Ostler.Agent.Tests.Support;
using Ostler.Agent.Watchdog;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Hosts.Facts;
using Ostler.Testing.Hosts;

namespace Ostler.Agent.Tests.RealOstree;

/// <summary>
/// The watchdog as it runs on a node: installed by the agent's own process, carried into the new tree by the real ostree, run by the host's
/// timer.
/// </summary>
public sealed class RealWatchdogTests
{
    /// <summary>The host's kernel is the machine's, which is up for long: without an argument every time is up.</summary>
    private static readonly Duration Ten = Duration.FromMinutes(10);

    [Theory, MemberData(nameof(RealNode.Kinds), MemberType = typeof(RealNode))]
    public async Task A_tree_in_which_neither_kubelet_nor_agent_starts_goes_back_by_itself_and_the_agent_tells(string kind)
    {
        await using var node = await RealNode.StartAsync(kind);
        var bad = await node.PublishAsync(OsTree.Of("2.0").NeverComesBack());
        node.Host.WriteEtc("hostname", "edited on 1.0");
        await OrderedAsync(node, bad);

        var trial = await BootedAsync(node, "2.0");
        Assert.False(trial.CameBack);
        Assert.Equal([WatchdogUnits.Timer], node.Host.ArmedTimers);
        Assert.Equal(0, await CheckAsync(node, "--uptime=599"));
        Assert.Equal("2.0", node.Host.Booted?.Version);

        await node.Host.ElapseTimerAsync(WatchdogUnits.Timer, node.Token);
        var back = await node.Host.NextBootAsync(trial, node.Token);

        Assert.Equal(("1.0", true), (back.Version, back.CameBack));
        var told = await node.StepAsync(NodeStep.RolledBack);
        Assert.Equal((Reasons.WatchdogExpired, node.First.Digest), (told.LastError?.Reason, told.Booted?.Digest));
        Assert.Contains("within 10 min", told.LastError?.Message, StringComparison.Ordinal);
        Assert.Equal("edited on 1.0", node.Host.ReadEtc("hostname"));

        // As the controller does: back in order, at rest, and then nothing of it is left.
        node.Rollback(bad, node.First, trial.BootId);
        Assert.Equal(Reasons.WatchdogExpired, (await node.StepAsync(NodeStep.RolledBack)).Conditions.Find(ConditionTypes.Ready)?.Reason);
        node.Api.Ask(HostTrees.Observe() with { Attempt = 2 });
        await node.StepAsync(NodeStep.Idle);
        Assert.Null(node.Host.ReadVar("lib/ostler/watchdog.json"));
        Assert.Null(node.Host.ReadEtc("systemd/system/ostler-watchdog.timer"));
        Assert.Equal(["1.0", "2.0", "1.0"], node.Host.Boots.Select(b => b.Version));
    }

    [Theory, MemberData(nameof(RealNode.Kinds), MemberType = typeof(RealNode))]
    public async Task In_a_healthy_boot_it_is_disarmed_and_never_fires(string kind)
    {
        await using var node = await RealNode.StartAsync(kind);
        var next = await node.PublishAsync(OsTree.Of("2.0"));
        await OrderedAsync(node, next);
        await node.StatusAsync(s => s.Conditions.IsTrue(ConditionTypes.HostHealthy));

        // It is disarmed after the report, and nobody tells of that; the token is the deadline.
        await node.Host.RunAsync(["sh", "-c", "while [ -e /var/lib/ostler/watchdog.json ]; do sleep 0.05; done"], node.Token);

        Assert.Equal(0, await CheckAsync(node));
        Assert.Equal("2.0", node.Host.Booted?.Version);

        // The next reboot, by hand: no record, and a timer that systemd would not start.
        node.Api.Ask(new NodeOSSpec { Goal = Goal.Observe, Attempt = 1, Image = next.Image });
        await node.StepAsync(NodeStep.Updated);
        var boot = await node.Host.RebootAsync(node.Token);
        Assert.Equal("2.0", boot.Version);
        Assert.Empty(node.Host.ArmedTimers);
    }

    [Fact]
    public async Task Killed_between_arming_and_reboot_it_does_nothing_and_the_next_agent_goes_on()
    {
        await using var node = await RealNode.StartAsync();
        var next = await node.PublishAsync(OsTree.Of("2.0"));
        node.Stage(next, watchdog: Ten);
        await node.StepAsync(NodeStep.Staged);
        await node.Host.RemoveServiceAsync("agent", node.Token);

        // What an agent leaves that was killed when it had armed: a record of this boot.
        var boot = node.Host.Booted!;
        node.Host.WriteVar("lib/ostler/watchdog.json", JsonSerializer.Serialize(
            HostTrees.Armed() with
            {
                Target = next.Digest,
                TargetCommit = next.Digest,
                Previous = node.First.Digest,
                PreviousCommit = node.First.Digest,
                ArmedIn = boot.BootId,
            },
            WatchdogJson.Default.WatchdogRecord));
        Assert.Equal(0, await CheckAsync(node));
        Assert.Equal(boot, node.Host.Booted);

        // A power cut: the old tree comes up, with a record that is not about it.
        await node.Host.PowerCutAsync(node.Token);
        Assert.Equal("1.0", (await node.Host.BootAsync(node.Token)).Version);
        Assert.Equal([WatchdogUnits.Timer], node.Host.ArmedTimers);
        Assert.Equal(0, await CheckAsync(node));
        Assert.Equal("1.0", node.Host.Booted?.Version);

        await node.Host.AddServiceAsync("agent", node.AgentCommand, node.AgentEnvironment("nsenter"));
        await node.StepAsync(NodeStep.Staged);
        Assert.Null(node.Host.ReadVar("lib/ostler/watchdog.json"));
    }

    [Fact]
    public async Task It_fires_once_and_an_agent_that_is_gone_for_good_leaves_nothing_that_acts()
    {
        await using var node = await RealNode.StartAsync();
        var bad = await node.PublishAsync(OsTree.Of("2.0").NeverComesBack());
        await OrderedAsync(node, bad);
        var trial = await BootedAsync(node, "2.0");
        await node.Host.RemoveServiceAsync("agent", node.Token);
        await node.Host.ElapseTimerAsync(WatchdogUnits.Timer, node.Token);
        var back = await node.Host.NextBootAsync(trial, node.Token);

        // By hand once more into the tree that failed, and time passes.
        var index = (await node.Host.RunAsync(["ostree", "admin", "status"], node.Token)).EnsureSuccess();
        Assert.Contains(bad.Digest, index.Stdout, StringComparison.Ordinal);
        (await node.Host.RunAsync(["ostree", "admin", "deploy", bad.Digest], node.Token)).EnsureSuccess();
        var again = await node.Host.RebootAsync(node.Token);
        Assert.Equal(("1.0", "2.0"), (back.Version, again.Version));
        Assert.Equal(0, await CheckAsync(node));
        Assert.Equal(again, node.Host.Booted);
        Assert.Equal(4, node.Host.Boots.Count);

        var uninstall = await node.Host.RunAsync(["/usr/bin/env", WatchdogUnits.Program, "watchdog", "uninstall"], node.Token);
        Assert.Equal(0, uninstall.EnsureSuccess().ExitCode);
        Assert.Null(node.Host.ReadEtc("systemd/system/ostler-watchdog.timer"));
        Assert.Null(node.Host.ReadVar("lib/ostler/watchdog.json"));
        Assert.Empty((await node.Host.RunAsync(["ls", "/var/lib/ostler/bin"], node.Token)).EnsureSuccess().Stdout);
    }

    private static async Task OrderedAsync(RealNode node, PublishedTree tree)
    {
        node.Stage(tree, watchdog: Ten);
        await node.StepAsync(NodeStep.Staged);
        node.Boot(tree, watchdog: Ten);
        await node.StepAsync(NodeStep.Rebooting);
    }

    private static async Task<BootRecord> BootedAsync(RealNode node, string version)
    {
        var boot = await node.Host.NextBootAsync(node.Host.Boots[0], node.Token);
        Assert.Equal(version, boot.Version);
        return boot;
    }

    /// <summary>What the timer's service runs.</summary>
    private static async Task<int> CheckAsync(RealNode node, params string[] options) =>
        (await node.Host.RunAsync(["/usr/bin/env", WatchdogUnits.Program, "watchdog", "check", .. options], node.Token)).ExitCode;
}
