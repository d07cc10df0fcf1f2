using Ostler.Testing.Hosts;

namespace Ostler.Testing.Tests.Hosts;

/// <summary>What takes a host back on an ostree without <c>set-default</c> (before 2023.6), and what becomes of /etc.</summary>
public sealed class RollbackTests : HostTest
{
    [Fact]
    public async Task Deploying_the_old_commit_again_takes_the_edits_of_the_new_tree_along_and_drops_the_old_deployment()
    {
        var (host, v1, v2) = await UpdatedHostAsync();

        await RunAsync(host, "ostree", "admin", "deploy", v1.Checksum);
        var boot = await host.RebootAsync(Token);

        Assert.Equal((v1.Checksum, 1), (boot.Commit, boot.Serial));
        Assert.Equal("edited on 2.0", host.ReadEtc("hostname"));
        Assert.Equal("added on 2.0", host.ReadEtc("added.conf"));
        Assert.Equal([(v1.Checksum, 1), (v2.Checksum, 0)], (await host.DeploymentsAsync(Token)).Select(d => (d.Commit, d.Serial)));
    }

    [Fact]
    public async Task Deploying_without_a_merge_loses_every_local_edit_and_the_kernel_arguments()
    {
        var (host, v1, _) = await UpdatedHostAsync();

        await RunAsync(host, "ostree", "admin", "deploy", "--no-merge", v1.Checksum);
        await host.RebootAsync(Token);

        Assert.Equal("lab-1.0\n", host.ReadEtc("hostname"));
        Assert.Null(host.ReadEtc("added.conf"));
        Assert.StartsWith("ostree=", host.BootEntries[0].Options, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_the_old_etc_bound_over_the_new_one_the_old_commit_gets_its_own_etc_back()
    {
        var (host, v1, v2) = await UpdatedHostAsync();
        const string script =
            """
            set -eu
            deployments=/sysroot/ostree/deploy/lab/deploy
            mount --bind "$deployments/$1/etc" "$deployments/$2/etc"
            mount --bind "$deployments/$1/usr/etc" "$deployments/$2/usr/etc"
            exec ostree admin deploy --origin-file="$deployments/$1.origin" "$3"
            """;

        await RunAsync(host, "unshare", "--mount", "--propagation", "private", "sh", "-c", script, "rollback", v1.Checksum + ".0", v2.Checksum + ".0", v1.Checksum);
        Assert.Equal("edited on 2.0", host.ReadEtc("hostname"));
        await host.RebootAsync(Token);

        Assert.Equal(v1.Checksum, host.Booted!.Commit);
        Assert.Equal("edited on 1.0", host.ReadEtc("hostname"));
        Assert.Equal("setting=1.0\n", host.ReadEtc("app.conf"));
        Assert.Null(host.ReadEtc("added.conf"));
        Assert.Contains("root=LABEL=root rw", host.BootEntries[0].Options, StringComparison.Ordinal);
        Assert.Contains("origin refspec: lab:lab/x86_64/stable", await RunAsync(host, "ostree", "admin", "status"), StringComparison.Ordinal);
        Assert.Equal([v1.Checksum, v2.Checksum], (await host.DeploymentsAsync(Token)).Select(deployment => deployment.Commit));
    }

    [Fact]
    public async Task The_booted_deployment_cannot_be_undeployed_but_a_pending_one_can_which_is_the_way_back_before_the_reboot()
    {
        var (host, v1, v2) = await UpdatedHostAsync();
        var refused = await host.RunAsync(["ostree", "admin", "undeploy", "0"], Token);
        Assert.Equal("error: Cannot undeploy currently booted deployment 0\n", refused.Stderr);

        await RunAsync(host, "ostree", "admin", "deploy", v1.Checksum);
        await RunAsync(host, "ostree", "admin", "undeploy", "0");

        Assert.Equal(v2.Checksum, (await host.RebootAsync(Token)).Commit);
    }

    private async Task<(OstreeHost Host, OsTreeCommit Old, OsTreeCommit New)> UpdatedHostAsync()
    {
        var v1 = await CommitAsync(OsTree.Of("1.0"));
        var v2 = await CommitAsync(OsTree.Of("2.0"));
        var host = await BootedHostAsync(v1);
        host.WriteEtc("hostname", "edited on 1.0");
        await StageAsync(host, v2);
        await host.RebootAsync(Token);
        host.WriteEtc("hostname", "edited on 2.0");
        host.WriteEtc("added.conf", "added on 2.0");
        return (host, v1, v2);
    }
}
