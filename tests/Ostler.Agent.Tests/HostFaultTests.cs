using Ostler.Agent.Backends.Ostree;
using Ostler.Agent.Host;
using Ostler.Agent.Loop;
using Ostler.Agent.Reboot;
using Ostler.Agent.Tests.Support;
using Ostler.Agent.Watchdog;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.Shared;
using Ostler.Rollout.Hosts.Decisions;
using static Ostler.Agent.Tests.Support.Trees;

namespace Ostler.Agent.Tests;

/// <summary>
/// Faults of the host itself are reported as such. In the log alone they would look, from the cluster, like an agent that does not act on
/// its order.
/// </summary>
public sealed class HostFaultTests
{
    private static readonly Duration Watchdog = Duration.FromMinutes(10);

    /// <summary>Every file that the agent keeps on the host, and what is done to it.</summary>
    public static TheoryData<string, string> Damages
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var path in (string[])[PendingBootStore.Path, KnownGood.Path, WatchdogStore.Path, ApplyRecordStore.Path])
            {
                foreach (var content in (string[])["", "\0\u0001\uFFFD{", "null", "[]", "{}", "{\"format\":99,\"nodeUid\":7}", "{\"nodeUid\":\"u", NewerVersion])
                {
                    data.Add(path, content);
                }
            }

            return data;
        }
    }

    private const string NewerVersion = """{"format":2,"nodeUid":"u","attempt":1,"goal":"Teleport","target":"t","commit":"c","serial":"one","previous":"p","bootID":"b","state":"Levitating"}""";

    [Theory, MemberData(nameof(Damages))]
    public async Task A_damaged_record_does_not_keep_the_agent_from_an_upgrade(string path, string content)
    {
        await using var run = new AgentRun("1*", "2026.4");
        run.Host.Put(path, content);
        await UpgradeTests.StagedAsync(run);
        run.Host.Put(path, content);
        await RebootAsync(run, Boot(2, 1) with { Watchdog = Watchdog });

        // Once more while the new tree is on trial.
        run.Host.Put(path, content);
        await run.RestAsync();
        var verifying = run.Api.Written[^1];
        Assert.Equal((NodeStep.Verifying, Commit(2), null), (verifying.Step, verifying.Booted?.Digest, verifying.LastError));

        run.Api.Ask(Observe(2));
        await run.RestAsync();
        Assert.Equal((NodeStep.Updated, null), (run.Api.Written[^1].Step, run.Api.Written[^1].LastError));
    }

    /// <summary>
    /// What must be written before a reboot, and cannot be: a folder stands in its place, or something else where its folder should be.
    /// </summary>
    [Theory]
    [InlineData(PendingBootStore.Path, false, "it is a directory. Remove it")]
    [InlineData(KnownGood.Path, false, "it is a directory. Remove it")]
    [InlineData(WatchdogStore.Path, false, "it is a directory. Remove it")]
    [InlineData(WatchdogStore.LockPath, false, "it is a directory. Remove it")]
    [InlineData(ApplyRecordStore.Path, false, "it is a directory. Remove it")]
    [InlineData("/var/lib/ostler", true, "/var/lib/ostler")]
    public async Task What_cannot_be_written_is_an_error_of_the_host_and_is_tried_again(string path, bool isFile, string why)
    {
        await using var run = new AgentRun("1*", "2026.4");
        run.Ostree.SoftReboots = 0;
        await UpgradeTests.StagedAsync(run);
        void Block()
        {
            if (isFile)
            {
                Directory.Delete(run.Host.At(path), recursive: true);
                run.Host.Put(path, "");
            }
            else
            {
                File.Delete(run.Host.At(path));
                run.Host.PutFolder(path + "/within");
            }
        }

        run.Host.PutFolder("/var/lib/ostler");
        Block();
        run.Api.Ask(Boot(2, 1) with { RebootMethod = RebootMethod.Auto, Watchdog = path.Contains("watchdog", StringComparison.Ordinal) ? Watchdog : null });
        await run.Clock.WaitedForAsync(HostRetry.Initial);

        var said = run.Api.Written[^1];
        Assert.Equal((Reasons.HostToolFailed, 1), (said.LastError?.Reason, said.LastError?.Count));
        Assert.Contains(why, said.LastError!.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(run.Ostree.Ran, c => c.EndsWith("reboot", StringComparison.Ordinal) && c.StartsWith("systemctl", StringComparison.Ordinal));

        // Nothing but the file was wrong.
        if (isFile)
        {
            File.Delete(run.Host.At(path));
        }
        else
        {
            Directory.Delete(run.Host.At(path), recursive: true);
        }

        var rebooted = new TaskCompletionSource();
        run.Ostree.RebootRequested = () => rebooted.TrySetResult();
        run.Ostree.SoftRebootRequested = () => rebooted.TrySetResult();
        run.Clock.Advance(HostRetry.Initial);
        await rebooted.Task.WaitAsync(run.Token);
    }

    /// <summary>What must be written for a staging.</summary>
    [Theory]
    [InlineData(OstreeDeploy.OriginFile, Reasons.HostToolFailed)]
    [InlineData(WatchdogUnits.Program, Reasons.WatchdogUnavailable)]
    [InlineData(WatchdogUnits.ServicePath, Reasons.WatchdogUnavailable)]
    [InlineData(WatchdogUnits.TimerPath, Reasons.WatchdogUnavailable)]
    public async Task What_a_staging_cannot_write_is_an_error_of_the_host(string path, string reason)
    {
        await using var run = new AgentRun("1*");
        run.Host.PutFolder(path + "/within");
        run.Api.Ask(Stage(2) with { Watchdog = Watchdog });
        run.Start();
        await run.Clock.WaitedForAsync(HostRetry.Initial);

        var said = run.Api.Written[^1];
        Assert.Equal((NodeStep.Staging, reason), (said.Step, said.LastError?.Reason));
        Assert.Contains(path + " on the host cannot be ", said.LastError!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_folder_in_the_place_of_a_record_does_not_disturb_an_agent_that_has_nothing_to_do()
    {
        await using var run = new AgentRun("1*");
        foreach (var path in (string[])[PendingBootStore.Path, KnownGood.Path, WatchdogStore.Path, ApplyRecordStore.Path])
        {
            run.Host.PutFolder(path);
        }

        run.Api.Ask(Observe());
        run.Start();
        await run.RestAsync();

        Assert.Equal((NodeStep.Idle, null), (run.Api.Written[^1].Step, run.Api.Written[^1].LastError));
    }

    /// <summary>The kernel's numbers as .NET hands them over.</summary>
    [Theory]
    [InlineData(28, Reasons.DiskFull, "no space left on the device. Free space on the file system of /var/lib/ostler/x")]
    [InlineData(122, Reasons.DiskFull, "disk quota exceeded")]
    [InlineData(30, Reasons.HostToolFailed, "the file system is read-only")]
    [InlineData(5, Reasons.HostToolFailed, "Input/output error")]
    public void An_error_of_the_disk_says_what_to_do(int number, string reason, string words)
    {
        var failure = HostFileErrors.From(new IOException("Input/output error", number), "/var/lib/ostler/x", "written", isFolder: false);

        Assert.Equal(reason, failure.Reason);
        Assert.StartsWith("/var/lib/ostler/x on the host cannot be written: ", failure.Message, StringComparison.Ordinal);
        Assert.Contains(words, failure.Message, StringComparison.Ordinal);
    }

    /// <summary>The real error: /dev/full has no room for anything.</summary>
    [Fact]
    public void A_full_disk_is_told_from_a_lock_that_somebody_has()
    {
        using var host = new TempHost();
        host.PutFolder("/var/lib/ostler");
        File.CreateSymbolicLink(host.At("/var/lib/ostler/record.new"), "/dev/full");
        Assert.SkipUnless(File.Exists("/dev/full"), "There is no /dev/full.");
        Assert.Equal(Reasons.DiskFull, Assert.Throws<HostToolException>(() => host.Files.Write("/var/lib/ostler/record", "text")).Reason);

        using (host.Files.TryLock("/var/lib/ostler/lock"))
        {
            Assert.Null(host.Files.TryLock("/var/lib/ostler/lock"));
        }

        host.PutFolder("/var/lib/ostler/folder");
        Assert.Equal(Reasons.HostToolFailed, Assert.Throws<HostToolException>(() => host.Files.TryLock("/var/lib/ostler/folder")).Reason);
        host.Put("/run/file", "");
        Assert.Throws<HostToolException>(() => host.Files.TryLock("/run/file/lock"));
    }

    [Fact]
    public async Task A_console_lock_that_cannot_be_looked_at_is_no_person_at_the_console()
    {
        await using var run = new AgentRun("1*");
        run.Host.PutFolder("/run/ostler/console.lock");
        run.Api.Ask(Observe());
        run.Start();
        await run.Clock.WaitedForAsync(HostRetry.Initial);

        Assert.Equal(Reasons.HostToolFailed, run.Api.Written[^1].LastError?.Reason);
        Assert.Contains("console.lock on the host cannot be locked: it is a directory", run.Api.Written[^1].LastError!.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_fault_of_the_agent_itself_is_reported()
    {
        await using var run = new AgentRun("1*");
        run.Ostree.Before = (line, _) => line == "ostree --version" ? throw new InvalidOperationException("a bug") : Task.CompletedTask;
        run.Api.Ask(Observe());
        run.Start();
        await run.Clock.WaitedForAsync(HostRetry.Initial);

        Assert.Equal((Reasons.HostToolFailed, "The agent failed: InvalidOperationException: a bug"), (run.Api.Written[^1].LastError?.Reason, run.Api.Written[^1].LastError?.Message));
    }

    /// <summary>
    /// A record that a newer agent wrote, with a trial in progress, is not this one's to delete: its watchdog is still at work.
    /// </summary>
    [Fact]
    public async Task A_watchdogs_record_of_a_newer_version_is_left_alone_while_a_tree_is_on_trial()
    {
        await using var run = new AgentRun("1*", "2026.4");
        run.Ostree.UnitState = "failed";
        await UpgradeTests.StagedAsync(run);
        var check = new HealthCheck { Name = "kubelet", Systemd = new SystemdCheck { Active = ["kubelet.service"] } };
        await RebootAsync(run, Boot(2, 1) with { Watchdog = Watchdog, HostChecks = [check] }, () => run.Host.Put(WatchdogStore.Path, NewerVersion));
        await run.Api.NextWriteAsync(run.Token);
        while (run.Api.Written[^1].Step != NodeStep.Verifying)
        {
            await run.Api.NextWriteAsync(run.Token);
        }

        Assert.True(run.Host.Files.Exists(WatchdogStore.Path));
    }

    /// <summary>What kind of host it is does not change by looking again soon, and nobody wants to read it each time.</summary>
    [Theory]
    [InlineData("no OSTree", "The host does not boot from an OSTree deployment")]
    [InlineData("no systemd", "systemd is not the host's init")]
    [InlineData("neither", "systemd is not the host's init")]
    public async Task A_host_of_another_kind_is_told_once_and_looked_at_rarely(string lacks, string words)
    {
        await using var run = new AgentRun("1*");
        if (lacks is "no OSTree" or "neither")
        {
            run.Host.Files.Delete("/run/ostree-booted");
        }

        if (lacks is "no systemd" or "neither")
        {
            run.Ostree.Systemd = null;
        }

        var lines = new StringWriter();
        run.Log.Echo = lines;
        run.Api.Ask(Observe());
        run.Start();
        for (var pass = 0; pass < 3; pass++)
        {
            await run.RestAsync();
            run.Clock.Advance(AgentRun.AtRest);
        }

        await run.RestAsync();
        Assert.Equal((Reasons.HostNotSupported, 1), (Assert.Single(run.Api.Written).LastError?.Reason, run.Api.Written[0].LastError?.Count));
        Assert.Contains(words, run.Api.Written[0].LastError!.Message, StringComparison.Ordinal);
        Assert.Single(lines.ToString().Split('\n'), l => l.Contains(Reasons.HostNotSupported, StringComparison.Ordinal));
    }

    private static async Task RebootAsync(AgentRun run, NodeOSSpec spec, Action? before = null)
    {
        var requested = new TaskCompletionSource();
        run.Ostree.RebootRequested = () => requested.TrySetResult();
        run.Api.Ask(spec);
        await requested.Task.WaitAsync(run.Token);
        before?.Invoke();
        await run.RebootAsync();
    }
}
