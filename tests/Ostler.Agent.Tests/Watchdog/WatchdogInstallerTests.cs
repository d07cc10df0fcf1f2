using System.Runtime.Versioning;
using Ostler.Agent.Host;
using Ostler.Agent.Tests.Support;
using Ostler.Agent.Watchdog;
using Ostler.Api.Meta;
using Ostler.Rollout.Hosts.Facts;

namespace Ostler.Agent.Tests.Watchdog;

[SupportedOSPlatform("linux")]
public sealed class WatchdogInstallerTests : IDisposable
{
    private readonly TempHost _host = new();
    private readonly SimulatedOstree _ostree;
    private byte[] _program = [1, 2, 3];

    public WatchdogInstallerTests() => _ostree = new SimulatedOstree(_host, "2022.7", "1*");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private WatchdogInstaller Installer => new(_ostree, _host.Files, () => _program);

    public void Dispose() => _host.Dispose();

    [Fact]
    public async Task It_puts_program_and_units_onto_the_host_once()
    {
        await Installer.EnsureAsync(Token);

        Assert.Equal(_program, _host.Files.ReadBytes(WatchdogUnits.Program));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(_host.At(WatchdogUnits.Program)));
        Assert.Equal(WatchdogUnits.TimerText.Trim(), _host.Files.Read(WatchdogUnits.TimerPath));
        Assert.True(_ostree.WatchdogEnabled);
        var written = File.GetLastWriteTimeUtc(_host.At(WatchdogUnits.Program));
        var reloads = Reloads();

        await Installer.EnsureAsync(Token);

        Assert.Equal((written, reloads), (File.GetLastWriteTimeUtc(_host.At(WatchdogUnits.Program)), Reloads()));
    }

    [Fact]
    public async Task What_another_version_left_or_somebody_changed_is_replaced()
    {
        await Installer.EnsureAsync(Token);
        _program = [4, 5];
        _host.Put(WatchdogUnits.ServicePath, "[Service]\nExecStart=/bin/true\n");
        var reloads = Reloads();

        await Installer.EnsureAsync(Token);

        Assert.Equal(_program, _host.Files.ReadBytes(WatchdogUnits.Program));
        Assert.Equal(WatchdogUnits.ServiceText.Trim(), _host.Files.Read(WatchdogUnits.ServicePath));
        Assert.Equal(reloads + 1, Reloads());
    }

    [Theory]
    [InlineData("--version", "/usr/bin/env: '/var/lib/ostler/bin/ostler-agent': Permission denied", "Permission denied")]
    [InlineData("systemctl enable", "Failed to enable unit: Unit file /etc/systemd/system/ostler-watchdog.timer is masked.", "is masked")]
    public async Task A_host_that_cannot_have_it_is_told_of(string command, string words, string expected)
    {
        _ostree.Fail(command, words);

        var failure = await Assert.ThrowsAsync<HostToolException>(() => Installer.EnsureAsync(Token));

        Assert.Equal(Reasons.WatchdogUnavailable, failure.Reason);
        Assert.Contains(expected, failure.Message, StringComparison.Ordinal);
        Assert.Contains("spec.rollback.watchdog: 0s", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_host_whose_etc_is_gone_after_a_boot_is_told_of()
    {
        _host.Put("/usr/lib/ostree/prepare-root.conf", "[composefs]\nenabled = yes\n\n[etc]\ntransient = true\n");

        var failure = await Assert.ThrowsAsync<HostToolException>(() => Installer.EnsureAsync(Token));

        Assert.Contains("transient", failure.Message, StringComparison.Ordinal);
        Assert.False(Installer.IsInstalled);
    }

    [Theory]
    [InlineData(null, false)]
    [InlineData("[etc]\ntransient=true", true)]
    [InlineData("[etc]\n transient = yes ", true)]
    [InlineData("[etc]\ntransient=false", false)]
    [InlineData("[root]\ntransient=true", false)]
    [InlineData("[etc]\n#transient=true", false)]
    public void A_transient_etc_is_known_by_its_configuration(string? text, bool expected) => Assert.Equal(expected, WatchdogInstaller.HasTransientEtc(text));

    [Fact]
    public void A_tree_that_was_applied_before_must_have_the_units()
    {
        var next = HostTrees.Deployments("2 1*").All[0];
        Assert.Throws<HostToolException>(() => Installer.CheckApplied(next));

        _host.Put($"/ostree/deploy/edge/deploy/{HostTrees.Commit(2)}.0/etc/systemd/system/{WatchdogUnits.Timer}", "");
        Installer.CheckApplied(next);
    }

    [Fact]
    public async Task It_goes_without_a_trace()
    {
        await Installer.EnsureAsync(Token);

        await Installer.RemoveAsync(Token);

        Assert.False(Installer.IsInstalled);
        Assert.False(_ostree.WatchdogEnabled);
        var ran = _ostree.Ran.Count;
        await Installer.RemoveAsync(Token);
        Assert.Equal(ran, _ostree.Ran.Count);
    }

    private int Reloads() => _ostree.Ran.Count(c => c == "systemctl daemon-reload");
}
