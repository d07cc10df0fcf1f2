using Ostler.Testing.Hosts;

namespace Ostler.Testing.Tests.Hosts;

public sealed class FinalizationTests : HostTest
{
    private const string Unit = "ostree-finalize-staged.service";

    public static TheoryData<string> Conflicts => ["tree", "local edit"];

    [Theory]
    [MemberData(nameof(Conflicts))]
    public async Task A_merge_conflict_boots_the_old_tree_and_the_next_boot_says_why(string conflict)
    {
        var v1 = await CommitAsync(OsTree.Of("1.0"));
        var v2 = await CommitAsync(conflict == "tree" ? OsTree.Of("2.0").WithAppConfAsDirectory() : OsTree.Of("2.0"));
        var host = await BootedHostAsync(v1);
        var path = conflict == "tree" ? "app.conf" : "app.d";
        if (conflict == "tree")
        {
            host.WriteEtc("app.conf", "edited");
        }
        else
        {
            host.Inject(HostFault.FinalizationFails);
        }
        var message = $"During /etc merge: Modified config file newly defaults to directory '{path}', cannot merge";

        await StageAsync(host, v2);
        await host.ShutdownAsync(Token);
        Assert.Contains(message, host.FinalizeFailureStamp, StringComparison.Ordinal);
        var boot = await host.BootAsync(Token);

        Assert.Equal(v1.Checksum, boot.Commit);
        Assert.Null(host.FinalizeFailureStamp);
        Assert.Equal("failed", host.Units["ostree-boot-complete.service"]);
        Assert.Equal("Result=exit-code\nActiveState=failed\n", await RunAsync(host, "systemctl", "show", "ostree-boot-complete.service", "-p", "Result,ActiveState"));
        Assert.Contains(
            $"error: {Unit} failed on previous boot: {message}",
            await RunAsync(host, "journalctl", "-b", "0", "-u", "ostree-boot-complete.service", "-o", "cat"),
            StringComparison.Ordinal);
        Assert.Contains($"error: {message}", await RunAsync(host, "journalctl", "-b", "-1", "-u", Unit, "-o", "cat", "_UID=0"), StringComparison.Ordinal);
        Assert.Equal("ostree-boot-complete.service", (await RunAsync(host, "systemctl", "list-units", "--failed", "--no-legend", "--plain")).Split(' ')[0]);
        Assert.Equal("degraded", (await host.RunAsync(["systemctl", "is-system-running"], Token)).Stdout.Trim());
    }

    [Fact]
    public async Task After_the_conflict_is_cleared_the_same_tree_is_finalized()
    {
        var v1 = await CommitAsync(OsTree.Of("1.0"));
        var v2 = await CommitAsync(OsTree.Of("2.0"));
        var host = await BootedHostAsync(v1);
        host.Inject(HostFault.FinalizationFails);
        await StageAsync(host, v2);
        await host.RebootAsync(Token);

        host.Clear(HostFault.FinalizationFails);
        await StageAsync(host, v2);
        var boot = await host.RebootAsync(Token);

        Assert.Equal(v2.Checksum, boot.Commit);
        Assert.Equal("vendor=2.0\n", host.ReadEtc("app.d/10-vendor.conf"));
        Assert.Null(host.Units["ostree-boot-complete.service"]);
    }

    [Fact]
    public async Task A_full_boot_partition_lets_staging_pass_and_finalization_fail()
    {
        var v1 = await CommitAsync(OsTree.Of("1.0"));
        var v2 = await CommitAsync(OsTree.Of("2.0"));
        var host = await BootedHostAsync(v1);
        host.Inject(HostFault.BootFull);

        await StageAsync(host, v2);
        await host.ShutdownAsync(Token);
        Assert.Contains("No space left on device", host.FinalizeFailureStamp, StringComparison.Ordinal);
        Assert.Equal(v1.Checksum, (await host.BootAsync(Token)).Commit);

        host.Clear(HostFault.BootFull);
        await RunAsync(host, "ostree", "admin", "cleanup");
        await StageAsync(host, v2);
        Assert.Equal(v2.Checksum, (await host.RebootAsync(Token)).Commit);
    }

    [Fact]
    public async Task A_full_sysroot_fails_the_download_and_nothing_else()
    {
        var v1 = await CommitAsync(OsTree.Of("1.0"));
        var v2 = await CommitAsync(OsTree.Of("2.0").WithPayload(1 << 20));
        var host = await BootedHostAsync(v1);
        host.Inject(HostFault.SysrootFull);

        var pull = await host.RunAsync(["ostree", "pull", OstreeHost.RemoteName, v2.Checksum], Token);
        Assert.Equal(1, pull.ExitCode);
        Assert.Matches("min-free-space-percent|No space left on device", pull.Stderr);
        Assert.Equal(v1.Checksum, (await host.RebootAsync(Token)).Commit);

        host.Clear(HostFault.SysrootFull);
        await StageAsync(host, v2);
        Assert.Equal(v2.Checksum, (await host.RebootAsync(Token)).Commit);
    }

    [Fact]
    public async Task A_kernel_that_is_bigger_than_the_boot_partition_fails_the_finalization()
    {
        var v1 = await CommitAsync(OsTree.Of("1.0"));
        var v2 = await CommitAsync(OsTree.Of("2.0").WithKernelBytes(1 << 20));
        var host = await Lab.CreateHostAsync(new OstreeHostOptions { Name = "small", Tree = v1, BootBytes = 1 << 20 }, Token);
        await host.BootAsync(Token);

        await StageAsync(host, v2);
        var boot = await host.RebootAsync(Token);

        Assert.Equal(v1.Checksum, boot.Commit);
        Assert.Contains(host.Journal.Read(1, Unit), line => line.Contains("No space left on device", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_masked_unit_finalizes_nothing_and_says_nothing()
    {
        var v1 = await CommitAsync(OsTree.Of("1.0"));
        var v2 = await CommitAsync(OsTree.Of("2.0"));
        var host = await BootedHostAsync(v1);
        await RunAsync(host, "systemctl", "mask", "--runtime", Unit);

        await StageAsync(host, v2);
        Assert.Equal("LoadState=masked\nActiveState=inactive\n", await RunAsync(host, "systemctl", "show", "-p", "LoadState", "-p", "ActiveState", Unit));
        var boot = await host.RebootAsync(Token);

        Assert.Equal(v1.Checksum, boot.Commit);
        Assert.Equal("-- No entries --\n", await RunAsync(host, "journalctl", "-b", "-1", "-u", Unit));
    }
}
