using Ostler.Testing.Hosts;

namespace Ostler.Testing.Tests.Hosts;

using Ostler.Testing.Hosts;

/// <summary>
/// Transient units as long work needs them: found by name, told in their own words when they failed, stopped with all their processes.
/// </summary>
public sealed class TransientUnitTests : HostTest
{
    private const string Properties = "--property=ActiveState,Result,ExecMainStatus,Description,InvocationID";

    [Fact]
    public async Task One_that_failed_keeps_its_name_and_its_words_until_it_is_reset()
    {
        var host = await BootedHostAsync(await CommitAsync(OsTree.Of("1.0")));
        await RunAsync(host, "systemd-run", "--quiet", "--unit=work", "true");
        await GoneAsync(host);
        await RunAsync(host, "systemd-run", "--quiet", "--unit=work.service", "--description=says no", "--", "sh", "-c", "echo first word; echo last word >&2; exit 3");
        await RunAsync(host, "sh", "-c", "until systemctl is-failed --quiet work; do sleep 0.05; done");

        var shown = (await RunAsync(host, "systemctl", "show", Properties, "work.service")).Split('\n');
        Assert.Equal(["ActiveState=failed", "Result=exit-code", "ExecMainStatus=3", "Description=says no"], shown[..4]);
        var invocation = shown[4]["InvocationID=".Length..];
        Assert.Equal("first word\nlast word\n", await RunAsync(host, "journalctl", "--output=cat", "_SYSTEMD_INVOCATION_ID=" + invocation));

        Assert.Equal(1, (await host.RunAsync(["systemd-run", "--unit=work", "true"], Token)).ExitCode);
        await RunAsync(host, "systemctl", "reset-failed", "work.service");
        await RunAsync(host, "systemd-run", "--unit=work", "true");
    }

    [Fact]
    public async Task One_that_is_stopped_ends_with_all_its_processes_and_is_forgotten()
    {
        var host = await BootedHostAsync(await CommitAsync(OsTree.Of("1.0")));
        await RunAsync(host, "mkfifo", "/var/begun");
        await RunAsync(host, "systemd-run", "--quiet", "--unit=work", "--", "sh", "-c", "sleep 3600 & echo >/var/begun; wait");
        await RunAsync(host, "cat", "/var/begun");
        Assert.Equal("ActiveState=active\n", await RunAsync(host, "systemctl", "show", "--property=ActiveState", "work.service"));

        await RunAsync(host, "systemctl", "stop", "work.service");

        Assert.Equal("ActiveState=inactive\n", await RunAsync(host, "systemctl", "show", "--property=ActiveState", "work.service"));
        await RunAsync(host, "sh", "-c", "while pgrep -x sleep; do :; done");
        await GoneAsync(host);
    }

    /// <summary>systemd keeps a transient unit's file as long as it knows the unit.</summary>
    private Task<string> GoneAsync(OstreeHost host) => RunAsync(host, "sh", "-c", "while [ -e /run/systemd/transient/work.service ]; do sleep 0.05; done");
}
