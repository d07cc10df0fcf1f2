using System.Runtime.Versioning;
using Ostler.Agent.Host;
using Ostler.Agent.HostShell;
using Ostler.Agent.Tests.Support;
using Ostler.Agent.Watchdog;

namespace Ostler.Agent.Tests.Inspection;

/// <summary>What the labels INSTALL and UNINSTALL of the image do to a host.</summary>
[SupportedOSPlatform("linux")]
public sealed class HostInstallationTests : IDisposable
{
    private readonly TempHost _host = new();
    private readonly ScriptedRunner _runner = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private HostInstallation Installation => new(_runner, _host.Files, () => [1, 2, 3]);

    public void Dispose() => _host.Dispose();

    [Fact]
    public async Task The_host_gets_the_command_and_runs_it()
    {
        _runner.On("/usr/bin/env /usr/local/bin/ostler-agent --version", AgentVersion.Text + "\n");

        var first = await Installation.InstallAsync(Token);
        var again = await Installation.InstallAsync(Token);

        Assert.Equal([1, 2, 3], _host.Files.ReadBytes("/usr/local/bin/ostler-agent")!);
        Assert.True(File.GetUnixFileMode(_host.At(HostInstallation.Program)).HasFlag(UnixFileMode.UserExecute));
        Assert.Equal($"/usr/local/bin/ostler-agent {AgentVersion.Text} is on the host. Next: ostler-agent host status.", first);
        Assert.Equal(first, again);
    }

    [Fact]
    public async Task A_host_that_cannot_run_it_does_not_keep_it()
    {
        _runner.Fail("/usr/bin/env", "/lib64/libc.so.6: version `GLIBC_2.34' not found");

        var refused = await Assert.ThrowsAsync<HostToolException>(() => Installation.InstallAsync(Token));

        Assert.Contains("does not run on the host: /lib64/libc.so.6: version `GLIBC_2.34' not found", refused.Message, StringComparison.Ordinal);
        Assert.False(_host.Files.Exists(HostInstallation.Program));
    }

    /// <summary>As a /usr that is read-only and has no /usr/local of its own; root may write everywhere else.</summary>
    [Fact]
    public async Task A_host_that_cannot_take_it_is_told_what_does_without()
    {
        _host.Put("/usr/local", "a file");

        var refused = await Assert.ThrowsAsync<HostToolException>(() => Installation.InstallAsync(Token));

        Assert.EndsWith("Without it, use the image: podman container runlabel RUN <image>.", refused.Message, StringComparison.Ordinal);
        Assert.Empty(_runner.Ran);
    }

    [Fact]
    public async Task Uninstalled_the_host_has_neither_command_nor_watchdog()
    {
        var ostree = new SimulatedOstree(_host, "2026.4", "1*");
        await new WatchdogInstaller(ostree, _host.Files, () => [1, 2, 3]).EnsureAsync(Token);
        _host.Put(HostInstallation.Program, "the command");
        var installation = new HostInstallation(ostree, _host.Files, () => [1, 2, 3]);

        var first = await installation.UninstallAsync(Token);
        var again = await installation.UninstallAsync(Token);

        Assert.All((string[])[HostInstallation.Program, WatchdogUnits.Program, WatchdogUnits.TimerPath, WatchdogUnits.ServicePath, WatchdogStore.LockPath], path => Assert.False(_host.Files.Exists(path), path));
        Assert.False(ostree.WatchdogEnabled);
        Assert.Equal(("Ostler is removed from this host, except for its records in /var/lib/ostler.", first), (first, again));
    }

    [Fact]
    public async Task While_a_tree_is_on_trial_the_watchdog_stays()
    {
        _host.Put(HostInstallation.Program, "the command");
        _host.Put(WatchdogStore.Path, "{}");

        var refused = await Assert.ThrowsAsync<HostToolException>(() => Installation.UninstallAsync(Token));

        Assert.Equal(
            "Not done: an image is staged or on trial on this host and needs the watchdog. Wait until that is complete, or, if the cluster is gone for good, run "
            + "/var/lib/ostler/bin/ostler-agent watchdog uninstall",
            refused.Message);
        Assert.True(_host.Files.Exists(HostInstallation.Program));
        Assert.Empty(_runner.Ran);
    }
}
