using Ostler.Agent.Logging;
using Ostler.Agent.Tests.Support;
using Ostler.Agent.Watchdog;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.Shared;
using Ostler.Rollout.Hosts.Decisions;
using Ostler.Rollout.Hosts.Facts;
using static Ostler.Testing.Agents.HostTrees;

namespace Ostler.Agent.Tests;

/// <summary>
/// A new tree is entered by a soft reboot where that is allowed and possible; else by a full one, and the status says which and why.
/// </summary>
public sealed class SoftRebootTests
{
    private const string LoaderCounted = "/sys/firmware/efi/efivars/LoaderBootCountPath-4a67b082-0a4c-41cf-b6c7-440b29bb8c4f";

    private static readonly Duration Watchdog = Duration.FromMinutes(10);

    private static NodeOSSpec Softly => Boot(2, 1) with { RebootMethod = RebootMethod.Auto };

    [Fact]
    public async Task A_soft_reboot_is_verified_by_what_runs_and_by_systemds_count_since_the_boot_ID_stays()
    {
        await using var run = await StagedAsync();
        await OrderAsync(run, Softly, soft: true);

        var told = run.Api.Written[^1];
        Assert.Equal((NodeStep.Rebooting, RebootKind.SoftReboot, null), (told.Step, told.Reboot?.Method, told.Reboot?.Message));
        Assert.Contains("soft-reboots into 2.0", told.Conditions.Find(ConditionTypes.Ready)!.Message, StringComparison.Ordinal);
        Assert.True(IndexOf(run, "systemctl stop ostree-finalize-staged.service") < IndexOf(run, "ostree admin prepare-soft-reboot 0"));
        await run.SoftRebootAsync();
        await run.RestAsync();

        var verified = run.Api.Written[^1];
        Assert.Equal((NodeStep.Verifying, FirstBoot, 1, Commit(2)), (verified.Step, verified.BootID, verified.SoftReboots, verified.Booted?.Digest));
        Assert.True(verified.Conditions.IsTrue(ConditionTypes.HostHealthy));
        Assert.Equal(RebootKind.SoftReboot, verified.Reboot?.Method);
        Assert.Equal(Noon.AddMinutes(-1), verified.Timings?.BootedAt);
        Assert.Equal(0, run.Ostree.Reboots);

        run.Api.Ask(Observe(2));
        await run.RestAsync();
        Assert.Equal(NodeStep.Updated, run.Api.Written[^1].Step);
    }

    [Fact]
    public async Task The_second_soft_reboot_in_one_boot_is_told_from_the_first()
    {
        await using var run = await StagedAsync(softReboots: 1);
        var spec = Softly with { Previous = Previous(1) with { SoftReboots = 1 } };
        await OrderAsync(run, spec, soft: true);
        await run.KillAsync();
        run.Start();
        await run.Clock.WaitedForAsync(AgentDecision.RebootGrace);
        Assert.Equal(NodeStep.Rebooting, run.Api.Written[^1].Step);

        await run.SoftRebootAsync();
        await run.RestAsync();
        Assert.Equal((NodeStep.Verifying, 2), (run.Api.Written[^1].Step, run.Api.Written[^1].SoftReboots));
    }

    /// <summary>
    /// ostree's list still says that the previous deployment is booted: before its unit has run after the first soft reboot, and for good
    /// after the second one, as the unit is still active from the first.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_list_from_before_the_soft_reboot_is_never_taken_for_a_boot_that_fell_back(bool fast)
    {
        await using var run = await StagedAsync();
        run.Ostree.BootsFast = fast;
        await OrderAsync(run, Softly, soft: true);
        await run.SoftRebootAsync();
        await run.RestAsync();
        Assert.Equal((NodeStep.Verifying, Commit(2)), (run.Api.Written[^1].Step, run.Api.Written[^1].Booted?.Digest));

        // The next one within the same boot, back to a tree that has never failed.
        run.Api.Ask(Observe(2));
        await run.RestAsync();
        var third = Stage(3) with { Attempt = 2 };
        run.Api.Ask(third);
        await run.RestAsync();
        Assert.Equal(NodeStep.Staged, run.Api.Written[^1].Step);
        await OrderAsync(run, Softly with { Attempt = 2, Image = third.Image, Previous = Previous(2) with { SoftReboots = 1 } }, soft: true);
        await run.SoftRebootAsync();
        await run.RestAsync();

        Assert.Equal((NodeStep.Verifying, Commit(3), 2), (run.Api.Written[^1].Step, run.Api.Written[^1].Booted?.Digest, run.Api.Written[^1].SoftReboots));
        Assert.DoesNotContain(run.Api.Written, s => s.Step is NodeStep.RolledBack or NodeStep.Failed);
        Assert.Equal(2, run.Ostree.BootCompletions);

        // Stopped before each soft reboot, the unit is started by systemd itself.
        Assert.Equal(fast ? 0 : 2, run.Ostree.Ran.Count(c => c == "systemctl restart ostree-boot-complete.service"));
    }

    [Fact]
    public async Task As_long_as_ostree_does_not_notice_the_soft_reboot_nothing_is_concluded()
    {
        await using var run = await StagedAsync();
        await OrderAsync(run, Softly, soft: true);
        run.Ostree.Fail("systemctl restart ostree-boot-complete.service", "Job for ostree-boot-complete.service failed.");
        await run.SoftRebootAsync();
        await run.Clock.WaitedForAsync(TimeSpan.FromSeconds(5));

        var stuck = run.Api.Written[^1];
        Assert.Equal((NodeStep.Rebooting, Reasons.HostToolFailed), (stuck.Step, stuck.LastError?.Reason));
        Assert.Contains("ostree has not noticed the soft reboot", stuck.LastError!.Message, StringComparison.Ordinal);

        run.Ostree.Heal("systemctl restart ostree-boot-complete.service");
        run.Clock.Advance(TimeSpan.FromSeconds(5));
        await run.RestAsync();
        Assert.Equal((NodeStep.Verifying, Commit(2)), (run.Api.Written[^1].Step, run.Api.Written[^1].Booted?.Digest));
    }

    [Fact]
    public async Task The_watchdog_does_not_believe_a_list_from_before_the_soft_reboot()
    {
        await using var run = await StagedAsync();
        await OrderAsync(run, Softly with { Watchdog = Watchdog }, soft: true);
        await run.KillAsync();
        run.Ostree.SoftReboot();
        var store = new WatchdogStore(run.Host.Files);
        run.Host.Put("/proc/uptime", "90000.00 1.00\n");
        Task<int> LookAsync() => new WatchdogCheck(run.Ostree, run.Host.Files, store, new AgentLog(TextWriter.Null, run.Clock), run.Clock).RunAsync(null, run.Token);

        // "The previous deployment runs" would leave a bad image on trial forever.
        run.Ostree.Fail("systemctl restart ostree-boot-complete.service", "Job canceled.");
        Assert.Equal(1, await LookAsync());
        Assert.Equal(WatchdogState.Armed, store.Read()?.State);

        run.Ostree.Heal("systemctl restart ostree-boot-complete.service");
        Assert.Equal(0, await LookAsync());
        Assert.Equal(WatchdogState.Fired, store.Read()?.State);
    }

    [Fact]
    public async Task A_preparation_does_not_mount_over_an_earlier_one()
    {
        await using var run = await StagedAsync();
        run.Ostree.Mounts = 2;
        await OrderAsync(run, Softly, soft: true);

        Assert.Equal(1, run.Ostree.Mounts);
        Assert.Equal(2, run.Ostree.Ran.Count(c => c == "ostree admin prepare-soft-reboot --reset"));
    }

    [Fact]
    public async Task A_tree_whose_etc_cannot_be_merged_ends_the_attempt_in_ostrees_words_and_without_a_reboot()
    {
        const string Conflict = "Finalizing deployment: During /etc merge: Modified config file newly defaults to directory 'edge/app.conf', cannot merge";
        await using var run = await StagedAsync();
        run.Ostree.MergeConflict = Conflict;
        run.Api.Ask(Softly with { Watchdog = Watchdog });
        await run.Clock.WaitedForAsync(TimeSpan.FromSeconds(5));
        Assert.Equal(Reasons.FinalizationFailed, run.Api.Written[^1].LastError?.Reason);
        run.Clock.Advance(TimeSpan.FromSeconds(5));
        await run.RestAsync();

        var said = run.Api.Written[^1];
        Assert.Equal((NodeStep.RolledBack, Reasons.FinalizationFailed, Commit(1), FirstBoot), (said.Step, said.LastError?.Reason, said.Booted?.Digest, said.BootID));
        Assert.Contains(Conflict, said.LastError!.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(run.Ostree.Ran, c => c.StartsWith("systemctl", StringComparison.Ordinal) && c.EndsWith("reboot", StringComparison.Ordinal));

        // The same after the agent was replaced: the host remembers, not the agent.
        await run.KillAsync();
        run.Start();
        await run.RestAsync();
        Assert.Equal((NodeStep.RolledBack, Reasons.FinalizationFailed), (run.Api.Written[^1].Step, run.Api.Written[^1].LastError?.Reason));
        Assert.DoesNotContain(run.Api.Written, s => s.LastError?.Reason is Reasons.NotStaged or Reasons.HostToolFailed);
    }

    [Fact]
    public async Task A_stamp_of_an_earlier_attempt_does_not_explain_an_image_that_was_never_staged()
    {
        await using var run = await StagedAsync();
        run.Host.Put("/boot/ostree/finalize-failure.stamp", "Finalizing deployment: something else");
        run.Api.Ask(Softly with { Attempt = 7, Image = Image(3) });
        await run.RestAsync();

        Assert.Equal((NodeStep.Idle, Reasons.NotStaged), (run.Api.Written[^1].Step, run.Api.Written[^1].LastError?.Reason));
    }

    public static TheoryData<string, string> Obstacles => new()
    {
        { "not allowed", "" },
        { "an old systemd", "does not count its soft reboots" },
        { "no target", "no soft-reboot.target" },
        { "an old ostree", "ostree 2025.7 has no reliable soft reboot (2026.1 and later do)" },
        { "mounts that stay", "/run/nextroot stays mounted" },
        { "a unit that does not stop", "ostree-boot-complete.service, which must run after a soft reboot, does not stop" },
        { "another kernel", "Cannot soft-reboot to deployment with different kernel state" },
        { "a pretender", "its status shows no target" },
        { "an unapplied tree", "could not be applied beforehand" },
        { "greenboot", "greenboot judges this host's boots" },
        { "a counting boot loader", "boot counting judges this host's boots" },
    };

    [Theory]
    [MemberData(nameof(Obstacles))]
    public async Task Whatever_is_in_the_way_leads_to_a_full_reboot_and_is_told(string what, string why)
    {
        await using var run = await StagedAsync(what == "an old ostree" ? "2025.7" : "2026.4", what == "an old systemd" ? null : 0);
        switch (what)
        {
            case "no target":
                run.Host.Files.Delete("/usr/lib/systemd/system/soft-reboot.target");
                break;
            case "another kernel":
                run.Ostree.SoftRebootRefusal = why;
                break;
            case "a pretender":
                run.Ostree.Pretend("prepare-soft-reboot");
                break;
            case "an unapplied tree":
                run.Ostree.Pretend("apply");
                break;
            case "greenboot":
                run.Host.Put("/usr/lib/systemd/system/greenboot-healthcheck.service", "");
                run.Ostree.UnitFileState = "enabled";
                break;
            case "a counting boot loader":
                run.Host.Put(LoaderCounted, "");
                break;
            case "mounts that stay":
                run.Ostree.Mounts = 9;
                break;
            case "a unit that does not stop":
                run.Ostree.Fail("systemctl stop ostree-boot-complete.service", "Job canceled.");
                break;
        }

        await OrderAsync(run, what == "not allowed" ? Boot(2, 1) : Softly, soft: false);
        var told = run.Api.Written[^1];
        Assert.Equal(RebootKind.Reboot, told.Reboot?.Method);
        Assert.Equal(why.Length == 0, told.Reboot?.Message is null);
        Assert.Contains(why, told.Reboot?.Message ?? "", StringComparison.Ordinal);
        Assert.Contains(why, told.Conditions.Find(ConditionTypes.Ready)!.Message, StringComparison.Ordinal);
        Assert.Equal(0, run.Ostree.Ran.Count(c => c == "systemctl soft-reboot"));

        // Whoever judges boots has done, so that the agent's own verdict need not wait.
        run.Host.Files.Delete("/usr/lib/systemd/system/greenboot-healthcheck.service");
        run.Host.Files.Delete(LoaderCounted);
        await run.RebootAsync();
        await run.RestAsync();
        var verified = run.Api.Written[^1];
        Assert.Equal((NodeStep.Verifying, Commit(2), "boot-2"), (verified.Step, verified.Booted?.Digest, verified.BootID));
        Assert.Equal(told.Reboot, verified.Reboot);
    }

    [Fact]
    public async Task A_full_reboot_does_not_become_a_soft_one_because_a_tree_is_mounted_for_that()
    {
        await using var run = await StagedAsync();
        run.Host.PutFolder("/run/nextroot");
        await OrderAsync(run, Boot(2, 1), soft: false);
        Assert.Contains("/usr/bin/env SYSTEMCTL_SKIP_AUTO_SOFT_REBOOT=1 systemctl reboot", run.Ostree.Ran);
    }

    [Fact]
    public async Task A_soft_reboot_that_enters_another_tree_than_the_ordered_one_is_a_failure_like_any_other()
    {
        await using var run = await StagedAsync();
        await OrderAsync(run, Softly, soft: true);
        run.Ostree.ForgetSoftRebootTarget();
        await run.SoftRebootAsync();
        await run.RestAsync();

        Assert.Equal((NodeStep.RolledBack, Reasons.BootFellBack, Commit(1)), (run.Api.Written[^1].Step, run.Api.Written[^1].LastError?.Reason, run.Api.Written[^1].Booted?.Digest));
    }

    [Fact]
    public async Task The_watchdog_is_armed_for_a_soft_reboot_and_counts_from_it()
    {
        await using var run = await StagedAsync();
        await OrderAsync(run, Softly with { Watchdog = Watchdog }, soft: true);
        var store = new WatchdogStore(run.Host.Files);
        Assert.Equal(WatchdogState.Armed, store.Read()?.State);

        // Up for days before: in the boot in which it was armed it must not fire, nor before its time after the soft reboot.
        async Task LookAsync(double uptimeMinutes)
        {
            run.Host.Put("/proc/uptime", FormattableString.Invariant($"{uptimeMinutes * 60:0.00} 1.00\n"));
            Assert.Equal(0, await new WatchdogCheck(run.Ostree, run.Host.Files, store, new AgentLog(TextWriter.Null, run.Clock), run.Clock).RunAsync(null, run.Token));
        }

        await LookAsync(60 * 24 * 3);
        Assert.Equal(WatchdogState.Armed, store.Read()?.State);
        await run.KillAsync();
        run.Ostree.SoftReboot();

        // User space began two minutes after the kernel.
        await LookAsync(2 + 9.9);
        Assert.Equal(WatchdogState.Armed, store.Read()?.State);
        await LookAsync(2 + 10.1);
        Assert.Equal((WatchdogState.Fired, FirstBoot + "+1"), (store.Read()?.State, store.Read()?.FiredIn));
        Assert.Equal("/usr/bin/env SYSTEMCTL_SKIP_AUTO_SOFT_REBOOT=1 systemctl reboot", run.Ostree.Ran[^1]);
        Assert.Equal(1, run.Ostree.Ran.Count(c => c.EndsWith("systemctl reboot", StringComparison.Ordinal)));

        await run.RebootAsync();
        await run.RestAsync();
        Assert.Equal((NodeStep.RolledBack, Reasons.WatchdogExpired), (run.Api.Written[^1].Step, run.Api.Written[^1].LastError?.Reason));
    }

    [Fact]
    public async Task A_healthy_tree_disarms_the_watchdog_after_a_soft_reboot()
    {
        await using var run = await StagedAsync();
        await OrderAsync(run, Softly with { Watchdog = Watchdog }, soft: true);
        await run.SoftRebootAsync();
        await run.RestAsync();
        Assert.False(new WatchdogStore(run.Host.Files).Exists);
        Assert.Equal(NodeStep.Verifying, run.Api.Written[^1].Step);
    }

    [Fact]
    public async Task A_tree_that_was_applied_without_the_watchdogs_units_is_not_entered()
    {
        await using var run = await StagedAsync();
        run.Ostree.After = (line, _) =>
        {
            if (line.StartsWith("systemctl stop ostree-finalize", StringComparison.Ordinal))
            {
                run.Host.Files.Delete($"/ostree/deploy/edge/deploy/{Commit(2)}.0{WatchdogUnits.TimerPath}");
            }

            return Task.CompletedTask;
        };
        run.Api.Ask(Softly with { Watchdog = Watchdog });
        await run.Clock.WaitedForAsync(TimeSpan.FromSeconds(5));

        Assert.Equal(Reasons.WatchdogUnavailable, run.Api.Written[^1].LastError?.Reason);
        Assert.DoesNotContain(run.Ostree.Ran, c => c.Contains("reboot", StringComparison.Ordinal) && c.StartsWith("systemctl", StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_way_back_is_a_full_reboot()
    {
        await using var run = await StagedAsync();
        await OrderAsync(run, Softly, soft: true);
        await run.SoftRebootAsync();
        await run.RestAsync();
        await OrderAsync(run, Rollback(1, 2) with { Previous = Previous(1) with { SoftReboots = 1 } }, soft: false);
        Assert.Equal((NodeStep.RollingBack, RebootKind.Reboot), (run.Api.Written[^1].Step, run.Api.Written[^1].Reboot?.Method));
        await run.RebootAsync();
        await run.RestAsync();
        Assert.Equal((NodeStep.RolledBack, Commit(1), null), (run.Api.Written[^1].Step, run.Api.Written[^1].Booted?.Digest, run.Api.Written[^1].SoftReboots));
    }

    private static async Task<AgentRun> StagedAsync(string version = "2026.4", int? softReboots = 0)
    {
        var run = new AgentRun("1*", version);
        run.Ostree.SoftReboots = softReboots;
        await UpgradeTests.StagedAsync(run);
        return run;
    }

    /// <summary>Asks for it and waits for the reboot, of the kind that is expected.</summary>
    private static async Task OrderAsync(AgentRun run, NodeOSSpec spec, bool soft)
    {
        var requested = new TaskCompletionSource<bool>();
        run.Ostree.RebootRequested = () => requested.TrySetResult(false);
        run.Ostree.SoftRebootRequested = () => requested.TrySetResult(true);
        run.Api.Ask(spec);
        Assert.Equal(soft, await requested.Task.WaitAsync(run.Token));
    }

    private static int IndexOf(AgentRun run, string command)
    {
        var at = run.Ostree.Ran.ToList().IndexOf(command);
        Assert.True(at >= 0, command);
        return at;
    }
}
