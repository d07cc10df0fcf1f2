using Ostler.Agent.Backends.Ostree;
using Ostler.Agent.Host;
using Ostler.Agent.Tests.Support;
using Ostler.Api.Meta;

namespace Ostler.Agent.Tests.Backends.Ostree;

public sealed class OstreeDiskSpaceTests
{
    private const string Mebibyte = "1048576";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_pull_is_not_begun_on_a_full_disk()
    {
        var runner = new FakeCommandRunner().On("stat --file-system --format=%a %S /ostree/repo", "3 4096\n");

        var failure = await Assert.ThrowsAsync<HostToolException>(() => Space(runner).CheckForPullAsync(Token));

        Assert.Equal(Reasons.DiskFull, failure.Reason);
        Assert.Contains("64.0 MiB", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_image_is_not_begun_when_boot_takes_no_kernel_at_all()
    {
        var runner = new FakeCommandRunner().On("stat --file-system --format=%a %S /boot", "8 4096\n");

        var failure = await Assert.ThrowsAsync<HostToolException>(() => Space(runner).CheckAnyForBootAsync(Token));

        Assert.Equal(Reasons.BootFull, failure.Reason);
    }

    [Fact]
    public async Task A_kernel_that_does_not_fit_into_boot_is_found_before_the_reboot()
    {
        var runner = Kernel(Kernel(Boot("40"), 2, size: 60 << 20, checksum: "c"), 1, size: 60 << 20, checksum: "d");

        var failure = await Assert.ThrowsAsync<HostToolException>(() => Space(runner).CheckForBootAsync(HostTrees.Commit(2), HostTrees.Commit(1), Token));

        Assert.Equal(Reasons.BootFull, failure.Reason);
        Assert.Contains("/boot has 40.0 MiB left", failure.Message, StringComparison.Ordinal);
        Assert.Contains("121.0 MiB", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_kernel_of_the_running_tree_needs_no_room()
    {
        var runner = Kernel(Kernel(Boot("40"), 2, size: 60 << 20, checksum: "c"), 1, size: 60 << 20, checksum: "c");

        await Space(runner).CheckForBootAsync(HostTrees.Commit(2), HostTrees.Commit(1), Token);
    }

    [Fact]
    public async Task A_kernel_that_fits_is_not_compared_any_further()
    {
        var runner = Kernel(Boot("200"), 2, size: 60 << 20, checksum: "c");

        await Space(runner).CheckForBootAsync(HostTrees.Commit(2), HostTrees.Commit(1), Token);

        Assert.DoesNotContain(runner.Ran, command => command.Contains(HostTrees.Commit(1), StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_host_that_cannot_say_how_much_room_there_is_does_not_hold_up_the_update()
    {
        const string stat = "stat --file-system --format=%a %S ";
        var runner = Kernel(new FakeCommandRunner().On(stat + "/ostree/repo", exitCode: 1).On(stat + "/boot", "?"), 2, 60 << 20, "c");

        await Space(runner).CheckForPullAsync(Token);
        await Space(runner).CheckForBootAsync(HostTrees.Commit(2), HostTrees.Commit(1), Token);
    }

    [Fact]
    public void The_recorded_listing_is_read()
    {
        var files = Shared.Own("ls-kernel.txt").Split('\n').Select(OstreeDiskSpace.TreeFile.Parse).OfType<OstreeDiskSpace.TreeFile>().ToList();

        Assert.Equal([true, false, false], files.Select(f => f.IsDirectory));
        Assert.Equal("/usr/lib/modules/6.1.0-lab/vmlinuz", files[2].Path);
        Assert.Equal(11, files[2].Size);
        Assert.Equal("ddbddb1ecc4d7c4e589d9bb574744ad8bb88524e3dac5608fd8bd8369051aeef", files[2].Checksum);
    }

    private static OstreeDiskSpace Space(FakeCommandRunner runner) => new(Given.OstreeCommands(runner, new HostFiles("/nowhere")));

    private static FakeCommandRunner Boot(string mebibytes) =>
        new FakeCommandRunner().On("stat --file-system --format=%a %S /boot", $"{mebibytes} {Mebibyte}\n");

    private static FakeCommandRunner Kernel(FakeCommandRunner runner, int version, int size, string checksum)
    {
        var commit = HostTrees.Commit(version);
        var ls = $"ostree --repo=/ostree/repo ls -C {commit} /usr/lib/modules";
        return runner
            .On(ls, "d00755 0 0 0 a b /usr/lib/modules\nd00755 0 0 0 a b /usr/lib/modules/6.1\n")
            .On(ls + "/6.1", $"d00755 0 0 0 a b /usr/lib/modules/6.1\n-00644 0 0 {size} {checksum}1 /usr/lib/modules/6.1/vmlinuz\n"
                + $"-00644 0 0 {size} {checksum}2 /usr/lib/modules/6.1/initramfs.img\n-00644 0 0 99999999 e /usr/lib/modules/6.1/modules.dep\n");
    }
}
