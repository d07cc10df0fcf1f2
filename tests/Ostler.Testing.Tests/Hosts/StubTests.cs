using Ostler.Testing.Hosts;

namespace Ostler.Testing.Tests.Hosts;

public sealed class StubTests : HostTest
{
    public static IEnumerable<TheoryDataRow<string, int, string>> Questions() =>
    [
        Row("is-active of one that is", "is-active kubelet", 0, "active\n"),
        Row("is-active of one that failed", "is-active bad.service", 3, "failed\n"),
        Row("is-active of one nobody knows", "is-active nosuch.service", 3, "inactive\n"),
        Row("is-active, quiet", "is-active --quiet bad.service", 3, ""),
        Row("is-failed", "is-failed bad.service", 0, "failed\n"),
        Row("show, properties in one word", "show --property=ActiveState,SubState,Result bad.service", 0, "ActiveState=failed\nSubState=failed\nResult=timeout\n"),
        Row("show, values only", "show -p ActiveState --value kubelet.service", 0, "active\n"),
        Row("show, a unit that is not there", "show -p LoadState nosuch.service", 0, "LoadState=not-found\n"),
        Row("show, a property of newer versions", "show -p SoftRebootsCount", 0, ""),
        Row("show, of the system", "show -p SystemState", 0, "SystemState=degraded\n"),
        Row("is-system-running", "is-system-running", 1, "degraded\n"),
        Row("list-units --failed", "list-units --failed --no-legend", 0, "● bad.service loaded failed failed bad.service\n"),
        Row("--failed as JSON", "--failed -o json", 0, "[{\"unit\":\"bad.service\",\"load\":\"loaded\",\"active\":\"failed\",\"sub\":\"failed\",\"description\":\"bad.service\"}]\n"),
        Row("a verb of newer versions", "soft-reboot", 1, ""),
        Row("starting what is not there", "start nosuch", 5, ""),
        Row("starting the finalization", "start --quiet ostree-finalize-staged.service", 0, ""),
    ];

    [Theory]
    [MemberData(nameof(Questions))]
    public async Task Systemctl_answers_as_the_real_one(string arguments, int exitCode, string stdout)
    {
        var host = await BootedHostAsync(await CommitAsync(OsTree.Of("1.0")));
        host.Units.SetFailed("bad.service", "timeout");

        var result = await host.RunAsync(["systemctl", .. arguments.Split(' ')], Token);

        Assert.Equal((exitCode, stdout), (result.ExitCode, result.Stdout));
    }

    [Fact]
    public async Task An_enabled_timer_is_armed_again_by_the_next_boot_and_elapses_when_told()
    {
        var host = await BootedHostAsync(await CommitAsync(OsTree.Of("1.0")));
        host.WriteEtc("systemd/system/watch.timer", "[Timer]\nOnBootSec=10min\n[Install]\nWantedBy=timers.target\n");
        host.WriteEtc("systemd/system/watch.service", "[Service]\nEnvironment=\"WHAT=the watchdog\"\nExecStart=/bin/sh -c 'echo $WHAT barked'\n");
        await RunAsync(host, "systemctl", "daemon-reload");
        Assert.Equal("disabled\n", (await host.RunAsync(["systemctl", "is-enabled", "watch.timer"], Token)).Stdout);

        await RunAsync(host, "systemctl", "enable", "watch.timer");
        Assert.Empty(host.ArmedTimers); // enabled is not started
        await host.RebootAsync(Token);
        Assert.Equal(["watch.timer"], host.ArmedTimers);
        var process = await host.ElapseTimerAsync("watch.timer", Token);
        Assert.Equal(0, await process.Exited.WaitAsync(Token));
        Assert.Equal("the watchdog barked\n", process.ReadStdout());

        await RunAsync(host, "systemctl", "disable", "--now", "watch.timer");
        await host.RebootAsync(Token);
        Assert.Empty(host.ArmedTimers);
        await Assert.ThrowsAsync<InvalidOperationException>(() => host.ElapseTimerAsync("watch.timer", Token));
    }

    [Fact]
    public async Task A_transient_timer_is_gone_after_a_reboot()
    {
        var host = await BootedHostAsync(await CommitAsync(OsTree.Of("1.0")));

        await RunAsync(host, "systemd-run", "--on-active=10min", "--unit=watch", "--setenv=A=b c", "sh", "-c", "echo \"$A\"");
        Assert.Equal(["watch.timer"], host.ArmedTimers);
        var process = await host.ElapseTimerAsync("watch.timer", Token);
        await process.Exited.WaitAsync(Token);
        Assert.Equal("b c\n", process.ReadStdout());

        await RunAsync(host, "systemd-run", "--on-active=10min", "--unit=watch", "true");
        await host.RebootAsync(Token);
        Assert.Empty(host.ArmedTimers);
    }

    [Fact]
    public async Task A_transient_unit_outlives_its_caller_and_its_output_is_in_the_journal()
    {
        var host = await BootedHostAsync(await CommitAsync(OsTree.Of("1.0")));
        await RunAsync(host, "mkfifo", "/var/go", "/var/gone");

        var caller = await host.StartProcessAsync(["systemd-run", "--wait", "--collect", "--unit=pull", "--", "sh", "-c", "echo begun >/var/go; cat /var/go; echo done; cat /var/gone"]);
        Assert.Equal("begun\n", await RunAsync(host, "cat", "/var/go"));
        Assert.Equal("active\n", await RunAsync(host, "systemctl", "is-active", "pull.service"));
        await host.SignalAsync(caller, "KILL", Token);
        await RunAsync(host, "sh", "-c", "echo went on >/var/go; echo >/var/gone");

        Assert.Equal("went on\ndone\n", await RunAsync(host, "journalctl", "-b", "-u", "pull", "-o", "cat", "-n", "2"));
    }

    [Fact]
    public async Task Systemd_run_waits_and_hands_back_output_and_exit_code()
    {
        var host = await BootedHostAsync(await CommitAsync(OsTree.Of("1.0")));

        var result = await host.RunAsync(["systemd-run", "--wait", "--pipe", "--quiet", "-p", "MemoryMax=1G", "sh", "-c", "echo out; echo err >&2; exit 7"], Token);

        Assert.Equal((7, "out\n", "err\n"), (result.ExitCode, result.Stdout, result.Stderr));
    }

    [Fact]
    public async Task Without_a_persistent_journal_the_boot_before_is_not_known()
    {
        var v1 = await CommitAsync(OsTree.Of("1.0"));
        var host = await Lab.CreateHostAsync(new OstreeHostOptions { Name = "node-1", Tree = v1, PersistentJournal = false }, Token);
        await host.BootAsync(Token);
        await host.RebootAsync(Token);

        var result = await host.RunAsync(["journalctl", "-b", "-1", "-u", "ostree-finalize-staged.service"], Token);

        Assert.Equal(1, result.ExitCode);
        Assert.Contains("no persistent journal was found", result.Stderr, StringComparison.Ordinal);
    }

    private static TheoryDataRow<string, int, string> Row(string label, string arguments, int exitCode, string stdout) =>
        new(arguments, exitCode, stdout) { Label = label };
}
