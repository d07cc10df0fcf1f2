using Ostler.Testing.Hosts;

namespace Ostler.Testing.Tests.Hosts;

public sealed class RequestedRebootTests : HostTest
{
    public static TheoryData<string> Ways => ["systemctl reboot", "reboot", "/usr/sbin/reboot", "nsenter --target 1 --mount --pid -- systemctl reboot"];

    [Theory]
    [MemberData(nameof(Ways))]
    public async Task A_reboot_that_is_asked_for_inside_finalizes_boots_and_starts_the_services_again(string command)
    {
        var v1 = await CommitAsync(OsTree.Of("1.0"));
        var v2 = await CommitAsync(OsTree.Of("2.0"));
        var host = await BootedHostAsync(v1);
        var first = host.Booted!;
        var service = await host.AddServiceAsync("agent", ["sleep", "infinity"]);
        var firstProcess = service.Process!;
        await StageAsync(host, v2);

        await host.RunAsync(["sh", "-c", command], Token);
        var second = await host.NextBootAsync(first, Token);

        Assert.Equal(v2.Checksum, second.Commit);
        Assert.NotEqual(first.BootId, second.BootId);
        Assert.NotEqual(0, await firstProcess.Exited.WaitAsync(Token));
        Assert.NotSame(firstProcess, service.Process);
        Assert.False(service.Process!.Exited.IsCompleted);
    }

    [Fact]
    public async Task A_forced_reboot_stops_no_unit_and_so_finalizes_nothing()
    {
        var v1 = await CommitAsync(OsTree.Of("1.0"));
        var v2 = await CommitAsync(OsTree.Of("2.0"));
        var host = await BootedHostAsync(v1);
        await StageAsync(host, v2);

        await host.StartProcessAsync(["systemctl", "reboot", "--force"]);
        var boot = await host.NextBootAsync(host.Boots[0], Token);

        Assert.Equal(v1.Checksum, boot.Commit);
    }

    [Fact]
    public async Task The_fault_power_cut_turns_one_requested_reboot_into_a_power_cut()
    {
        var v1 = await CommitAsync(OsTree.Of("1.0"));
        var v2 = await CommitAsync(OsTree.Of("2.0"));
        var host = await BootedHostAsync(v1);
        var causes = new List<PowerOffCause?>();
        host.PowerChanged += change => causes.Add(change.Cause);
        host.Inject(HostFault.PowerCut);
        await StageAsync(host, v2);

        await host.StartProcessAsync(["systemctl", "reboot"]);
        var second = await host.NextBootAsync(host.Boots[0], Token);
        Assert.Equal(v1.Checksum, second.Commit);

        await StageAsync(host, v2);
        await host.StartProcessAsync(["systemctl", "reboot"]);
        var third = await host.NextBootAsync(second, Token);
        Assert.Equal(v2.Checksum, third.Commit);
        Assert.Equal([PowerOffCause.PowerCut, null, PowerOffCause.Shutdown, null], causes);
    }

    [Fact]
    public async Task Asking_twice_in_one_boot_reboots_once()
    {
        var host = await BootedHostAsync(await CommitAsync(OsTree.Of("1.0")));

        await host.RunAsync(["sh", "-c", "systemctl reboot; systemctl reboot; systemctl reboot"], Token);
        await host.NextBootAsync(host.Boots[0], Token);
        // Whatever was still asked for is done before this, which waits for its turn.
        await host.ShutdownAsync(Token);

        Assert.Equal(2, host.Boots.Count);
    }

    [Fact]
    public async Task A_host_that_is_told_to_power_off_stays_off()
    {
        var host = await BootedHostAsync(await CommitAsync(OsTree.Of("1.0")));
        var off = new TaskCompletionSource<PowerOffCause?>(TaskCreationOptions.RunContinuationsAsynchronously);
        host.PowerChanged += change => off.TrySetResult(change.Cause);

        await host.StartProcessAsync(["systemctl", "poweroff"]);

        Assert.Equal(PowerOffCause.Shutdown, await off.Task.WaitAsync(Token));
        Assert.Null(host.Booted);
        Assert.Equal(2, (await host.BootAsync(Token)).Number);
    }

    [Fact]
    public async Task A_tree_that_never_comes_back_starts_no_service_and_only_a_timer_of_the_host_can_take_it_back()
    {
        var v1 = await CommitAsync(OsTree.Of("1.0"));
        var v2 = await CommitAsync(OsTree.Of("2.0").NeverComesBack());
        var host = await BootedHostAsync(v1);
        var service = await host.AddServiceAsync("agent", ["sleep", "infinity"]);
        host.WriteEtc("systemd/system/watchdog.timer", "[Timer]\nOnBootSec=10min\n[Install]\nWantedBy=timers.target\n");
        host.WriteEtc("systemd/system/watchdog.service", $"[Service]\nExecStart=ostree admin deploy {v1.Checksum}\nExecStart=systemctl reboot\n");
        await RunAsync(host, "systemctl", "enable", "watchdog.timer");
        await StageAsync(host, v2);

        var boot = await host.RebootAsync(Token);

        Assert.Equal((v2.Checksum, false), (boot.Commit, boot.CameBack));
        Assert.True(service.Process!.Exited.IsCompleted);
        Assert.Null(host.Units["kubelet.service"]);

        await host.ElapseTimerAsync("watchdog.timer", Token);
        var back = await host.NextBootAsync(boot, Token);
        Assert.Equal((v1.Checksum, true), (back.Commit, back.CameBack));
        Assert.False(service.Process!.Exited.IsCompleted);
        Assert.Equal("active", host.Units["kubelet.service"]);
    }

    [Fact]
    public async Task A_tree_can_be_unhealthy_by_itself_or_by_a_fault_on_one_host()
    {
        var v1 = await CommitAsync(OsTree.Of("1.0"));
        var v2 = await CommitAsync(OsTree.Of("2.0").Unhealthy("crio.service"));
        var host = await HostAsync(v1);
        host.Inject(HostFault.UnhealthyAfterBoot, "2.0");
        await host.BootAsync(Token);
        Assert.Equal("active\n", await RunAsync(host, "systemctl", "is-active", "ostler-lab.service"));

        await StageAsync(host, v2);
        await host.RebootAsync(Token);

        var states = await host.RunAsync(["systemctl", "is-active", "ostler-lab", "crio", "kubelet", "nosuch"], Token);
        Assert.Equal("failed\nfailed\nactive\ninactive\n", states.Stdout);
        Assert.Contains("systemctl is-active ostler-lab crio kubelet nosuch", host.StubCalls);
    }
}
