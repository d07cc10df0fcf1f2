using Ostler.Agent.Host;
using Ostler.Agent.Reboot;
using Ostler.Agent.Tests.Support;
using Ostler.Rollout.Hosts.Facts;

namespace Ostler.Agent.Tests.Host;

public sealed class HostFilesTests : IDisposable
{
    private readonly TempHost _host = new();

    public void Dispose() => _host.Dispose();

    [Fact]
    public void A_written_file_is_read_again_and_its_draft_is_gone()
    {
        _host.Files.Write("/var/lib/ostler/note", "first");
        _host.Files.Write("/var/lib/ostler/note", "second");

        Assert.Equal("second", _host.Files.Read("/var/lib/ostler/note"));
        Assert.Equal(["note"], Directory.EnumerateFiles(_host.At("/var/lib/ostler")).Select(Path.GetFileName));
    }

    [Fact]
    public void What_is_not_there_is_null_and_can_be_deleted()
    {
        Assert.Null(_host.Files.Read("/var/lib/nothing"));
        Assert.False(_host.Files.Exists("/var/lib/nothing"));
        _host.Files.Delete("/var/lib/nothing");
    }

    [Fact]
    public void Kinds_are_told_apart_without_following_links()
    {
        _host.Put("/etc/file", "x");
        _host.PutFolder("/etc/folder");
        File.CreateSymbolicLink(_host.At("/etc/link"), "folder");
        File.CreateSymbolicLink(_host.At("/etc/dangling"), "nowhere");

        Assert.Equal(HostFileKind.File, _host.Files.Kind("/etc/file"));
        Assert.Equal(HostFileKind.Directory, _host.Files.Kind("/etc/folder"));
        Assert.Equal(HostFileKind.Symlink, _host.Files.Kind("/etc/link"));
        Assert.Equal(HostFileKind.Symlink, _host.Files.Kind("/etc/dangling"));
        Assert.Equal(HostFileKind.Missing, _host.Files.Kind("/etc/nothing"));
    }

    [Fact]
    public async Task The_boot_is_read_from_the_hosts_own_proc()
    {
        const string Show = "systemctl show --property=SoftRebootsCount,UserspaceTimestampMonotonic";
        var (begun, ct) = (HostTrees.Noon.AddMinutes(-3), TestContext.Current.CancellationToken);
        Task<HostBoot> ReadAsync(string systemd, int code = 0) => HostBootReader.ReadAsync(new FakeCommandRunner().On(Show, systemd, code), _host.Files, ct);

        // Before 256 systemd counts nothing; in a boot proper, when user space began is of no interest.
        Assert.Equal(new HostBoot(HostTrees.FirstBoot, begun), await ReadAsync("UserspaceTimestampMonotonic=4000000\n"));
        Assert.Equal(new HostBoot(HostTrees.FirstBoot, begun) { SoftReboots = 0 }, await ReadAsync("UserspaceTimestampMonotonic=4000000\nSoftRebootsCount=0\n"));
        var soft = await ReadAsync("SoftRebootsCount=2\nUserspaceTimestampMonotonic=90000000\n");
        Assert.Equal((HostTrees.FirstBoot + "+2", HostTrees.FirstBoot, begun.AddSeconds(90)), (soft.BootID, soft.KernelBootID, soft.BootedAt));

        // Not to be guessed: as if there had been no soft reboot, this would be another boot.
        await Assert.ThrowsAsync<HostToolException>(() => ReadAsync("", 1));
        _host.Put("/proc/stat", "cpu 1\n");
        Assert.Null((await ReadAsync("")).BootedAt);
        _host.Files.Delete("/proc/sys/kernel/random/boot_id");
        await Assert.ThrowsAsync<HostToolException>(() => ReadAsync(""));
    }

    [Fact]
    public void The_pending_record_survives_and_a_damaged_one_counts_as_none()
    {
        var store = new PendingBootStore(_host.Files);
        Assert.Null(store.Read());

        store.Write(HostTrees.Pending());
        Assert.Equal(HostTrees.Pending(), store.Read());

        _host.Put(PendingBootStore.Path, "{\"nodeUid\":\"u");
        Assert.Null(store.Read());
        store.Delete();
        store.Delete();
        Assert.False(_host.Files.Exists(PendingBootStore.Path));
    }
}
