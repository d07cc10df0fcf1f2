using System.Text.Json.Nodes;
using Ostler.Testing.Hosts;

namespace Ostler.Testing.Tests.Hosts;

/// <summary>The fakes of bootc and rpm-ostree do what was recorded or read of the real ones, the inconvenient parts above all.</summary>
public sealed class FakeToolTests : HostTest
{
    [Fact]
    public async Task Bootc_switches_by_digest_and_goes_back_and_forth()
    {
        var (host, first) = await ImageHostAsync(HostTool.Bootc);
        var second = Lab.Repository.PublishImage(await CommitAsync(OsTree.Of("2.0")));
        host.WriteEtc("hostname", "edited");

        var said = await RunAsync(host, "bootc", "switch", second.Reference);
        Assert.Contains($"Queued for next boot: {second.Reference}\n  Version: 2.0\n  Digest: {second.Digest}", said, StringComparison.Ordinal);
        Assert.Equal("Image specification is unchanged.\n", await RunAsync(host, "bootc", "switch", second.Reference));
        Assert.Equal((first.Digest, second.Digest, null), await BootcAsync(host));

        await host.RebootAsync(Token);
        Assert.Equal(("2.0", "edited"), (host.Booted!.Version, host.ReadEtc("hostname")));
        Assert.Equal((second.Digest, null, first.Digest), await BootcAsync(host));

        // It toggles: done twice, it is undone.
        await RunAsync(host, "bootc", "rollback");
        Assert.Contains("Reverting queued rollback state", await RunAsync(host, "bootc", "rollback"), StringComparison.Ordinal);
        await host.RebootAsync(Token);
        Assert.Equal("2.0", host.Booted!.Version);
        await RunAsync(host, "bootc", "rollback");
        await host.RebootAsync(Token);
        Assert.Equal("1.0", host.Booted!.Version);
    }

    [Fact]
    public async Task Bootc_sees_no_host_from_within_a_container_and_says_so_with_exit_code_0()
    {
        var (host, _) = await ImageHostAsync(HostTool.Bootc);

        var status = await RunAsync(host, "env", "container=oci", "bootc", "status", "--json", "--format-version=1");
        Assert.Null(JsonNode.Parse(status)!["status"]!["booted"]);
        var changed = await host.RunAsync(["env", "container=oci", "bootc", "rollback"], Token);
        Assert.Equal((1, "error: Detected container; this command requires a booted host system.\n"), (changed.ExitCode, changed.Stderr));
    }

    [Fact]
    public async Task Bootc_has_errors_in_its_words_and_usage_errors_with_2()
    {
        var (host, first) = await ImageHostAsync(HostTool.Bootc);

        var unknown = await host.RunAsync(["bootc", "switch", $"{first.Repository}@sha256:{new string('0', 64)}"], Token);
        Assert.Equal(1, unknown.ExitCode);
        Assert.StartsWith("error: Switching: ", unknown.Stderr, StringComparison.Ordinal);
        Assert.Contains("manifest unknown", unknown.Stderr, StringComparison.Ordinal);
        Assert.Contains("No rollback available", (await host.RunAsync(["bootc", "rollback"], Token)).Stderr, StringComparison.Ordinal);
        Assert.Equal(2, (await host.RunAsync(["bootc", "frobnicate"], Token)).ExitCode);
    }

    [Fact]
    public async Task Rpm_ostree_stages_locked_and_refuses_what_the_real_one_refuses()
    {
        var first = await CommitAsync(OsTree.Of("1.0"));
        var host = await Lab.CreateHostAsync(new OstreeHostOptions { Name = "node-1", Tree = first, Tool = HostTool.RpmOstree }, Token);
        await host.BootAsync(Token);
        var second = await CommitAsync(OsTree.Of("2.0"));

        var equal = await host.RunAsync(["rpm-ostree", "rebase", $"lab:{first.Ref}"], Token);
        Assert.Equal((1, $"error: Old and new refs are equal: lab:{first.Ref}\n"), (equal.ExitCode, equal.Stderr));
        Assert.Contains("No rollback deployment found", (await host.RunAsync(["rpm-ostree", "rollback"], Token)).Stderr, StringComparison.Ordinal);

        await RunAsync(host, "rpm-ostree", "deploy", "--lock-finalization", "--skip-branch-check", "revision=" + second.Checksum);
        Assert.Equal("2.0 staged locked, 1.0 booted", await RpmOstreeAsync(host));
        Assert.Contains("Staged deployment (remove with cleanup -p)", (await host.RunAsync(["rpm-ostree", "rollback"], Token)).Stderr, StringComparison.Ordinal);
        await RunAsync(host, "rpm-ostree", "cleanup", "-p");
        Assert.Equal("1.0 booted", await RpmOstreeAsync(host));

        await RunAsync(host, "rpm-ostree", "deploy", "--skip-branch-check", "revision=" + second.Checksum);
        await host.RebootAsync(Token);
        Assert.Equal("2.0 booted, 1.0", await RpmOstreeAsync(host));
        await RunAsync(host, "rpm-ostree", "rollback");
        Assert.Equal("1.0, 2.0 booted", await RpmOstreeAsync(host));
        await RunAsync(host, "rpm-ostree", "rollback");
        Assert.Equal("2.0 booted, 1.0", await RpmOstreeAsync(host));
    }

    [Fact]
    public async Task Rpm_ostree_tells_of_a_transaction_and_lets_nobody_else_begin_one()
    {
        var first = await CommitAsync(OsTree.Of("1.0"));
        var host = await Lab.CreateHostAsync(new OstreeHostOptions { Name = "node-1", Tree = first, Tool = HostTool.RpmOstree }, Token);
        await host.BootAsync(Token);
        await CommitAsync(OsTree.Of("2.0"));
        using (Lab.Repository.Inject(RepositoryFault.Stall, "node-1", ".filez"))
        {
            var other = await host.StartProcessAsync(["rpm-ostree", "upgrade"]);
            await Lab.Repository.StalledAsync("node-1", Token);

            var status = JsonNode.Parse(await RunAsync(host, "rpm-ostree", "status", "--json"))!;
            Assert.Equal("upgrade", (string?)status["transaction"]![0]);
            var refused = await host.RunAsync(["rpm-ostree", "cleanup", "-p"], Token);
            Assert.Equal((1, "error: Transaction in progress: upgrade \n You can cancel the current transaction with `rpm-ostree cancel`\n"), (refused.ExitCode, refused.Stderr));
            await host.SignalAsync(other, "KILL", Token);
        }
    }

    [Fact]
    public async Task Rpm_ostree_rebases_to_an_image_by_digest()
    {
        var (host, _) = await ImageHostAsync(HostTool.RpmOstree);
        var second = Lab.Repository.PublishImage(await CommitAsync(OsTree.Of("2.0")));

        await RunAsync(host, "rpm-ostree", "rebase", "--lock-finalization", "--experimental", "ostree-unverified-registry:" + second.Reference);

        var staged = JsonNode.Parse(await RunAsync(host, "rpm-ostree", "status", "--json"))!["deployments"]![0]!;
        Assert.Equal((second.Digest, true), ((string?)staged["container-image-reference-digest"], (bool?)staged["finalization-locked"]));
        var revision = await host.RunAsync(["rpm-ostree", "deploy", "revision=" + second.Tree.Checksum], Token);
        Assert.Equal("error: Unexpected ostree revision alongside container refspec type\n", revision.Stderr);
    }

    private async Task<(OstreeHost Host, OsTreeImage Image)> ImageHostAsync(HostTool tool)
    {
        var tree = await CommitAsync(OsTree.Of("1.0"));
        var image = Lab.Repository.PublishImage(tree);
        var host = await Lab.CreateHostAsync(new OstreeHostOptions { Name = "node-1", Tree = tree, Tool = tool, Image = image }, Token);
        await host.BootAsync(Token);
        return (host, image);
    }

    /// <summary>The digests that bootc has booted, staged and for a rollback.</summary>
    private async Task<(string? Booted, string? Staged, string? Rollback)> BootcAsync(OstreeHost host)
    {
        var status = JsonNode.Parse(await RunAsync(host, "bootc", "status", "--json", "--format-version=1"))!["status"]!;
        string? Digest(string entry) => (string?)status[entry]?["image"]?["imageDigest"];
        return (Digest("booted"), Digest("staged"), Digest("rollback"));
    }

    private async Task<string> RpmOstreeAsync(OstreeHost host)
    {
        var deployments = JsonNode.Parse(await RunAsync(host, "rpm-ostree", "status", "--json"))!["deployments"]!.AsArray();
        return string.Join(", ", deployments.Select(d =>
            $"{d!["version"]}{((bool)d["staged"]! ? " staged" : "")}{(d["finalization-locked"] is null ? "" : " locked")}{((bool)d["booted"]! ? " booted" : "")}"));
    }
}
