using Ostler.Agent.Reboot;
using Ostler.Agent.Tests.Support;
using Ostler.Agent.Watchdog;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.Shared;
using Ostler.Rollout.Hosts.Facts;
using static Ostler.Testing.Agents.HostTrees;

namespace Ostler.Agent.Tests.Watchdog;

/// <summary>The agent's side: installed, armed, disarmed and taken away at the right moments.</summary>
public sealed class HostWatchdogTests
{
    private static readonly Duration Ten = Duration.FromMinutes(10);

    [Fact]
    public async Task It_is_installed_with_the_staging_armed_before_the_unlocking_disarmed_after_the_report_and_gone_in_the_end()
    {
        await using var run = new AgentRun("1*");
        run.Api.Ask(Stage(2) with { Watchdog = Ten });
        run.Start();
        await run.RestAsync();
        Assert.Equal(NodeStep.Staged, run.Api.Written[^1].Step);
        Assert.True(run.Ostree.WatchdogEnabled);
        Assert.Null(Record(run));

        WatchdogRecord? atUnlock = null;
        run.Ostree.Before = (command, _) =>
        {
            atUnlock ??= command.StartsWith("systemctl start ostree-finalize", StringComparison.Ordinal) ? Record(run) : null;
            return Task.CompletedTask;
        };
        await OrderedAsync(run);
        Assert.Equal((Commit(2), Commit(1), FirstBoot, 600, WatchdogState.Armed), (atUnlock?.Target, atUnlock?.Previous, atUnlock?.ArmedIn, atUnlock?.TimeoutSeconds, atUnlock?.State));

        var armedAtReport = false;
        run.Api.Interrupt = (_, _) =>
        {
            armedAtReport |= run.Api.Written.Count > 0 && run.Api.Written[^1].Conditions.IsTrue(ConditionTypes.HostHealthy) && Record(run) is not null;
            return Task.CompletedTask;
        };
        await run.RebootAsync();
        await run.RestAsync();
        Assert.True(run.Api.Written[^1].Conditions.IsTrue(ConditionTypes.HostHealthy));
        Assert.True(armedAtReport);
        Assert.Null(Record(run));

        run.Api.Ask(Observe(2));
        await run.RestAsync();
        Assert.False(run.Ostree.WatchdogEnabled);
        Assert.DoesNotContain("/var/lib/ostler/bin", Directory.EnumerateFiles(run.Host.Root, "*", SearchOption.AllDirectories).Select(f => f[run.Host.Root.Length..]));
        Assert.Empty(run.Host.Files.Names("/etc/systemd/system"));
    }

    [Fact]
    public async Task As_long_as_the_api_server_cannot_be_told_it_stays_armed()
    {
        await using var run = await BootedAsync();
        run.Api.IsDown = true;
        run.Start();
        await run.Log.LoggedAsync("ApiFailed", run.Token);

        Assert.Equal(WatchdogState.Armed, Record(run)?.State);
    }

    [Fact]
    public async Task An_api_server_that_goes_away_during_the_trial_is_noted_and_no_failure_of_the_image()
    {
        await using var run = await BootedAsync();
        run.Api.Interrupt = (call, _) =>
        {
            run.Api.IsDown |= call.Contains("appl", StringComparison.Ordinal);
            return Task.CompletedTask;
        };
        run.Start();
        await run.Log.LoggedAsync("ApiFailed", run.Token);

        var record = Record(run)!;
        Assert.Equal((WatchdogState.Armed, true), (record.State, record.LackedOnlyApi));
    }

    [Fact]
    public async Task As_long_as_a_host_check_fails_it_stays_armed()
    {
        await using var run = await BootedAsync(new HealthCheck { Name = "kubelet", Systemd = new SystemdCheck { Active = ["kubelet.service"] } });
        run.Ostree.UnitState = "failed";
        run.Start();
        await WrittenAsync(run, s => s.Conditions.Find(ConditionTypes.HostHealthy)?.Status == ConditionStatus.False);

        Assert.Equal(WatchdogState.Armed, Record(run)?.State);
    }

    [Fact]
    public async Task A_NodeOS_that_is_made_anew_during_the_trial_neither_disarms_it_nor_unpins_the_previous_tree()
    {
        await using var run = await BootedAsync();
        run.Api.Change(_ => new NodeOS { Metadata = new() { Name = "node-1", Uid = "another", Generation = 1 } });
        run.Start();
        await WrittenAsync(run, s => s.Step == NodeStep.Idle);
        await run.RestAsync();

        Assert.Equal(WatchdogState.Armed, Record(run)?.State);
        Assert.True(run.Host.Files.Exists(KnownGood.Path));

        // The controller has what runs verified: then both go.
        run.Api.Change(os => os! with
        {
            Metadata = os.Metadata with { Generation = 2 },
            Spec = Boot(2, 1) with { Attempt = 1, Watchdog = Ten, Previous = Previous(1) with { BootID = PreviousOS.LostBootID } },
        });
        await WrittenAsync(run, s => s.Conditions.IsTrue(ConditionTypes.HostHealthy));
        await run.RestAsync();
        Assert.Null(Record(run));
        run.Api.Change(os => os! with { Metadata = os.Metadata with { Generation = 3 }, Spec = Observe(2) });
        await run.RestAsync();
        Assert.False(run.Host.Files.Exists(KnownGood.Path));
    }

    [Fact]
    public async Task While_the_NodeOS_is_being_deleted_the_trial_is_finished_and_nothing_new_begins()
    {
        await using var run = await BootedAsync();
        run.Api.Change(os => os! with { Metadata = os.Metadata with { DeletionTimestamp = DateTimeOffset.UnixEpoch } });
        run.Start();
        await WrittenAsync(run, s => s.Conditions.IsTrue(ConditionTypes.HostHealthy));
        await run.RestAsync();
        Assert.Null(Record(run));

        run.Ostree.RebootRequested = () => Assert.Fail("rebooted");
        run.Api.Change(os => os! with
        {
            Metadata = os.Metadata with { Generation = os.Metadata.Generation + 1 },
            Spec = Stage(3) with { Attempt = 2 }
        });
        await WrittenAsync(run, s => s.Attempt == 2);
        Assert.DoesNotContain("3", run.Ostree.List, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_host_that_cannot_have_it_is_not_staged_and_says_why()
    {
        await using var run = new AgentRun("1*");
        run.Ostree.Fail("/usr/bin/env", "Permission denied");
        run.Api.Ask(Stage(2) with { Watchdog = Ten });
        run.Start();

        var status = await run.Api.NextWriteAsync(run.Token);

        Assert.Equal((Reasons.WatchdogUnavailable, NodeStep.Staging), (status.LastError?.Reason, status.Step));
        Assert.Equal("1*", run.Ostree.List);
    }

    [Fact]
    public async Task A_host_that_cannot_have_it_any_more_is_neither_unlocked_nor_rebooted()
    {
        await using var run = new AgentRun("1*");
        await UpgradeTests.StagedAsync(run);
        run.Ostree.Fail("systemctl enable", "masked");
        run.Api.Ask(Boot(2, 1) with { Watchdog = Ten });
        await run.Log.LoggedAsync(Reasons.WatchdogUnavailable, run.Token);

        Assert.Equal("2l 1*", run.Ostree.List);
        Assert.DoesNotContain("systemctl reboot", run.Ostree.Ran);
    }

    [Fact]
    public async Task While_the_host_goes_back_by_itself_the_agent_does_nothing_and_says_so()
    {
        await using var run = await BootedAsync();
        Store(run).Write(Record(run)! with { State = WatchdogState.Fired, FiredIn = run.Host.Files.Read("/proc/sys/kernel/random/boot_id"), FiredUptimeSeconds = 600 });
        run.Ostree.RebootRequested = () => Assert.Fail("rebooted");
        run.Start();

        var status = await WrittenAsync(run, s => s.Step != NodeStep.Rebooting && s.BootID == SecondBoot);

        Assert.Equal((NodeStep.RollingBack, Reasons.WatchdogExpired), (status.Step, status.LastError?.Reason));
        Assert.Null(status.Conditions.Find(ConditionTypes.HostHealthy));
        Assert.Equal(WatchdogState.Fired, Record(run)?.State);
    }

    [Fact]
    public async Task An_order_that_is_withdrawn_disarms_it()
    {
        await using var run = new AgentRun("1*");
        await UpgradeTests.StagedAsync(run);
        run.Ostree.RebootRequested = () => { };
        run.Api.Ask(Boot(2, 1) with { Watchdog = Ten });
        await run.Log.LoggedAsync("WatchdogArmed", run.Token);
        await run.Log.LoggedAsync(Reasons.WaitingForReboot, run.Token);

        run.Api.Ask(Stage(2) with { Watchdog = Ten });
        await run.Log.LoggedAsync("WatchdogDisarmed", run.Token);

        Assert.Null(Record(run));
    }

    private static WatchdogStore Store(AgentRun run) => new(run.Host.Files);

    private static WatchdogRecord? Record(AgentRun run) => Store(run).Read();

    private static async Task<NodeOSStatus> WrittenAsync(AgentRun run, Func<NodeOSStatus, bool> wanted)
    {
        while (true)
        {
            if (await run.Api.NextWriteAsync(run.Token) is var status && wanted(status))
            {
                return status;
            }
        }
    }

    private static async Task OrderedAsync(AgentRun run, params HealthCheck[] checks)
    {
        var reboot = new TaskCompletionSource();
        run.Ostree.RebootRequested = () => reboot.TrySetResult();
        run.Api.Ask(Boot(2, 1) with { Watchdog = Ten, HostChecks = checks });
        await reboot.Task.WaitAsync(run.Token);
    }

    /// <summary>In the boot on trial, armed, with an agent that has yet to be started.</summary>
    private static async Task<AgentRun> BootedAsync(params HealthCheck[] checks)
    {
        var run = new AgentRun("1*");
        await UpgradeTests.StagedAsync(run);
        await OrderedAsync(run, checks);
        await run.KillAsync();
        run.Ostree.Reboot(SecondBoot);
        return run;
    }
}
