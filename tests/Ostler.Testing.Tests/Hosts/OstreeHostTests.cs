using Ostler.Testing.Hosts;

namespace Ostler.Testing.Tests.Hosts;

public sealed class OstreeHostTests : HostTest
{
    [Fact]
    public async Task A_host_boots_the_tree_that_it_was_installed_with()
    {
        var v1 = await CommitAsync(OsTree.Of("1.0").WithFile("usr/lib/lab/marker", "from the tree"));
        var host = await HostAsync(v1);

        var boot = await host.BootAsync(Token);

        Assert.Equal((v1.Checksum, "1.0", 0, 1), (boot.Commit, boot.Version, boot.Serial, boot.Number));
        var deployment = Assert.Single(await host.DeploymentsAsync(Token));
        Assert.Equal(new HostDeployment(v1.Checksum, 0, Booted: true, Note: null), deployment);
        Assert.Equal(boot.BootId, (await RunAsync(host, "cat", "/proc/sys/kernel/random/boot_id")).Trim());
        Assert.Contains("ostree=/ostree/boot.", await RunAsync(host, "cat", "/proc/cmdline"), StringComparison.Ordinal);
        Assert.Equal("from the tree", await RunAsync(host, "cat", "/usr/lib/lab/marker"));
        Assert.Contains("VERSION_ID=1.0", await RunAsync(host, "cat", "/etc/os-release"), StringComparison.Ordinal);
        Assert.Equal("node-1", (await RunAsync(host, "uname", "-n")).Trim());
    }

    [Fact]
    public async Task A_staged_tree_is_finalized_at_shutdown_and_booted_with_a_new_boot_ID()
    {
        var v1 = await CommitAsync(OsTree.Of("1.0"));
        var v2 = await CommitAsync(OsTree.Of("2.0"));
        var host = await BootedHostAsync(v1);
        var first = host.Booted!;

        await StageAsync(host, v2);
        Assert.Equal(["staged", null], (await host.DeploymentsAsync(Token)).Select(deployment => deployment.Note));
        Assert.Equal("active", (await RunAsync(host, "systemctl", "is-active", "ostree-finalize-staged.service")).Trim());
        Assert.Single(host.BootEntries);

        var second = await host.RebootAsync(Token);

        Assert.Equal((v2.Checksum, "2.0", 2), (second.Commit, second.Version, second.Number));
        Assert.NotEqual(first.BootId, second.BootId);
        Assert.Equal([(v2.Checksum, true, null), (v1.Checksum, false, "rollback")], (await host.DeploymentsAsync(Token)).Select(d => (d.Commit, d.Booted, d.Note)));
        Assert.Equal([v2.Checksum, v1.Checksum], host.BootEntries.Select(entry => entry.Commit));
        Assert.Contains("ostree-finalize-staged.service: Deactivated successfully.", host.Journal.Read(1, "ostree-finalize-staged.service"));
    }

    [Fact]
    public async Task A_locked_staged_tree_does_not_survive_a_reboot()
    {
        var v1 = await CommitAsync(OsTree.Of("1.0"));
        var v2 = await CommitAsync(OsTree.Of("2.0"));
        var host = await BootedHostAsync(v1);
        await PullAsync(host, v2);

        await RunAsync(host, "ostree", "admin", "deploy", "--stage", "--lock-finalization", v2.Checksum);
        Assert.True(host.ExistsInRun("ostree/staged-deployment"));
        var boot = await host.RebootAsync(Token);

        Assert.Equal(v1.Checksum, boot.Commit);
        Assert.False(host.ExistsInRun("ostree/staged-deployment"));
        Assert.Equal(v1.Checksum, Assert.Single(await host.DeploymentsAsync(Token)).Commit);
        Assert.Equal("inactive", (await host.RunAsync(["systemctl", "is-active", "ostree-finalize-staged.service"], Token)).Stdout.Trim());
    }

    [Fact]
    public async Task A_staged_tree_is_booted_once_its_lock_is_taken_away()
    {
        var v1 = await CommitAsync(OsTree.Of("1.0"));
        var v2 = await CommitAsync(OsTree.Of("2.0"));
        var host = await BootedHostAsync(v1);
        await PullAsync(host, v2);
        await RunAsync(host, "ostree", "admin", "deploy", "--stage", "--lock-finalization", v2.Checksum);

        // Until 2023.8 the lock is a file and there is no command; since then there is a command, and removing the file is no use.
        await RunAsync(host, "sh", "-c", "rm -f /run/ostree/staged-deployment-locked; ostree admin lock-finalization --unlock 2>/dev/null || true");
        var boot = await host.RebootAsync(Token);

        Assert.Equal(v2.Checksum, boot.Commit);
    }

    [Fact]
    public async Task A_power_cut_leaves_the_old_tree()
    {
        var v1 = await CommitAsync(OsTree.Of("1.0"));
        var v2 = await CommitAsync(OsTree.Of("2.0"));
        var host = await BootedHostAsync(v1);
        await StageAsync(host, v2);

        await host.PowerCutAsync(Token);
        Assert.Null(host.Booted);
        var boot = await host.BootAsync(Token);

        Assert.Equal(v1.Checksum, boot.Commit);
        Assert.Empty(host.Journal.Read(1, "ostree-finalize-staged.service"));
        Assert.Null(host.FinalizeFailureStamp);
    }

    [Fact]
    public async Task The_merge_keeps_local_edits_of_etc_even_those_made_after_staging_and_takes_new_vendor_files()
    {
        var v1 = await CommitAsync(OsTree.Of("1.0"));
        var v2 = await CommitAsync(OsTree.Of("2.0").WithFile("usr/etc/new.conf", "new in 2.0"));
        var host = await BootedHostAsync(v1);
        host.WriteEtc("hostname", "edited");
        host.WriteVar("lib/lab/data", "kept");

        await StageAsync(host, v2);
        host.WriteEtc("late.conf", "after staging");
        await host.RebootAsync(Token);

        Assert.Equal("edited", host.ReadEtc("hostname"));
        Assert.Equal("after staging", host.ReadEtc("late.conf"));
        Assert.Equal("new in 2.0", host.ReadEtc("new.conf"));
        Assert.Equal("setting=2.0\n", host.ReadEtc("app.conf"));
        Assert.Equal("kept", host.ReadVar("lib/lab/data"));
        Assert.Equal("kept", await RunAsync(host, "cat", "/var/lib/lab/data"));
    }

    [Fact]
    public async Task Nsenter_from_a_process_inside_lands_in_the_root_of_the_host()
    {
        var v1 = await CommitAsync(OsTree.Of("1.0"));
        var host = await BootedHostAsync(v1);

        var process = await host.StartProcessAsync(
            ["nsenter", "--target", "1", "--mount", "--uts", "--ipc", "--net", "--pid", "--cgroup", "--setuid", "0", "--setgid", "0", "--", "sh", "-c", "ostree admin status; cat /proc/1/comm"]);

        Assert.Equal(0, await process.Exited.WaitAsync(Token));
        Assert.Contains($"* lab {v1.Checksum}.0", process.ReadStdout(), StringComparison.Ordinal);
        Assert.Contains("bash", process.ReadStdout(), StringComparison.Ordinal);
        Assert.Empty(process.ReadStderr());
    }

    [Fact]
    public async Task Nothing_of_a_host_is_in_the_mount_table_of_the_machine()
    {
        await BootedHostAsync(await CommitAsync(OsTree.Of("1.0")));

        Assert.DoesNotContain(Lab.Folder, await File.ReadAllTextAsync("/proc/self/mounts", Token), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_process_inside_dies_with_a_power_cut_also_one_that_ignores_signals()
    {
        var host = await BootedHostAsync(await CommitAsync(OsTree.Of("1.0")));
        await RunAsync(host, "mkfifo", "/var/said");
        var process = await host.StartProcessAsync(["sh", "-c", "trap '' TERM HUP INT; echo ready >/var/said; cat /var/said"]);
        Assert.Equal("ready\n", await RunAsync(host, "cat", "/var/said"));

        await host.PowerCutAsync(Token);

        Assert.Equal(137, await process.Exited.WaitAsync(Token));
    }

    [Fact]
    public async Task A_service_runs_again_after_every_boot_and_hears_of_a_shutdown_by_SIGTERM()
    {
        var host = await BootedHostAsync(await CommitAsync(OsTree.Of("1.0")));
        await RunAsync(host, "mkfifo", "/var/said", "/var/never");

        var service = await host.AddServiceAsync(
            "agent",
            ["bash", "-c", "trap 'echo stopped $WHO >/var/last-word; exit 0' TERM; echo started $WHO >/var/said; read -r x <>/var/never"],
            new Dictionary<string, string> { ["WHO"] = "agent" });
        Assert.Equal("started agent\n", await RunAsync(host, "cat", "/var/said"));
        var first = service.Process!;
        await host.RebootAsync(Token);
        Assert.Equal("started agent\n", await RunAsync(host, "cat", "/var/said"));

        Assert.Equal("stopped agent\n", host.ReadVar("last-word"));
        Assert.Equal(0, await first.Exited.WaitAsync(Token));
        Assert.False(service.Process!.Exited.IsCompleted);
    }

    [Fact]
    public async Task Dotnet_runs_inside_and_the_network_is_that_of_the_machine()
    {
        var assembly = typeof(OstreeHostTests).Assembly.Location;
        var host = await Lab.CreateHostAsync(
            new OstreeHostOptions { Name = "node-1", Tree = await CommitAsync(OsTree.Of("1.0")), Expose = [Path.GetDirectoryName(assembly)!] },
            Token);
        await host.BootAsync(Token);

        var process = await host.StartProcessAsync([host.Dotnet, host.PathInside(assembly), "-?"]);
        await process.Exited.WaitAsync(Token);

        Assert.Contains("xunit", process.ReadStdout(), StringComparison.OrdinalIgnoreCase);
        Assert.Equal("lab:lab/x86_64/stable", (await RunAsync(host, "ostree", "remote", "refs", "lab")).Trim());
    }
}
