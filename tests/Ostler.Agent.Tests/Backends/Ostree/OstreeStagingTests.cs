using Ostler.Agent.Backends.Ostree;
using Ostler.Agent.Host;
using Ostler.Agent.Tests.Support;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using static Ostler.Testing.Agents.HostTrees;

namespace Ostler.Agent.Tests.Backends.Ostree;

public sealed class OstreeStagingTests : IDisposable
{
    private readonly TempHost _host = new();

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => _host.Dispose();

    [Theory]
    [InlineData("2022.7")]
    [InlineData("2023.8")]
    [InlineData("2026.4")]
    public async Task A_tree_is_fetched_laid_down_locked_and_read_back(string version)
    {
        var ostree = new SimulatedOstree(_host, version, "1*");

        Assert.Empty(await StageAsync(ostree, Image(2)));

        Assert.Equal("2l 1*", ostree.List);
        Assert.Equal(
            [
                "ostree --repo=/ostree/repo remote show-url acme",
                "ostree --repo=/ostree/repo remote add --if-not-exists --no-gpg-verify acme https://ostree.example/repo",
                "stat --file-system --format=%a %S /ostree/repo",
                "ostree --repo=/ostree/repo rev-parse acme:acme/stable/x86_64/edge",
                $"ostree --repo=/ostree/repo pull --timestamp-check acme acme/stable/x86_64/edge@{Commit(2)}",
                $"ostree --repo=/ostree/repo ls -C {Commit(2)} /usr/lib/modules",
                "stat --file-system --format=%a %S /boot",
                $"ostree admin deploy --stage --lock-finalization --origin-file=/run/ostler/origin {Commit(2)}",
                "ostree admin config-diff",
            ],
            ostree.Ran.Where(c => !c.Contains(" status", StringComparison.Ordinal)));
        Assert.Equal("[origin]\nrefspec=acme:acme/stable/x86_64/edge", _host.Files.Read(OstreeDeploy.OriginFile));
    }

    [Theory]
    [InlineData(2, false, "pull --timestamp-check")]
    [InlineData(2, true, "pull")]
    [InlineData(1, false, "pull")]
    public async Task A_commit_may_be_older_only_if_the_image_allows_it_or_it_is_what_runs(int commit, bool allowed, string expected)
    {
        var ostree = new SimulatedOstree(_host, "2026.4", "1*");
        var image = Image(commit);

        await StageAsync(ostree, image with { Ostree = image.Ostree! with { AllowDowngrade = allowed } });

        Assert.Contains($"ostree --repo=/ostree/repo {expected} acme acme/stable/x86_64/edge@{Commit(commit)}", ostree.Ran);
    }

    [Fact]
    public async Task Signatures_are_checked_unless_the_image_says_otherwise()
    {
        var ostree = new SimulatedOstree(_host, "2026.4", "1*");
        var image = Image(2);

        await StageAsync(ostree, image with { Ostree = image.Ostree! with { GpgVerify = true } });

        Assert.Contains("ostree --repo=/ostree/repo remote add --if-not-exists acme https://ostree.example/repo", ostree.Ran);
    }

    [Fact]
    public async Task A_remote_that_the_host_has_stays_as_its_administrator_made_it()
    {
        var ostree = new SimulatedOstree(_host, "2026.4", "1*") { Remotes = { ["acme"] = "https://mirror.local/repo" } };

        var warnings = await StageAsync(ostree, Image(2));

        Assert.Contains("https://mirror.local/repo", Assert.Single(warnings), StringComparison.Ordinal);
        Assert.DoesNotContain(ostree.Ran, c => c.Contains("remote add", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_missing_remote_without_an_address_is_told_and_nothing_is_pulled()
    {
        var ostree = new SimulatedOstree(_host, "2026.4", "1*");

        var failure = await Assert.ThrowsAsync<HostToolException>(() => StageAsync(ostree, Image(2, url: null)));

        Assert.Equal(Reasons.PullFailed, failure.Reason);
        Assert.DoesNotContain(ostree.Ran, c => c.Contains(" pull ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_commit_that_is_there_is_not_fetched_again_so_that_a_host_without_a_line_can_stage_what_it_has()
    {
        var ostree = new SimulatedOstree(_host, "2026.4", "1*") { Repository = { Commit(2) }, Refs = { ["acme:acme/stable/x86_64/edge"] = Commit(2) } };

        await StageAsync(ostree, Image(2));

        Assert.DoesNotContain(ostree.Ran, c => c.Contains(" pull ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_commit_of_which_only_the_metadata_is_there_is_fetched()
    {
        _host.Put($"/ostree/repo/state/{Commit(2)}.commitpartial", "");
        var ostree = new SimulatedOstree(_host, "2026.4", "1*") { Repository = { Commit(2) }, Refs = { ["acme:acme/stable/x86_64/edge"] = Commit(2) } };

        await StageAsync(ostree, Image(2));

        Assert.Contains(ostree.Ran, c => c.Contains(" pull ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_deployment_that_ostree_says_it_made_and_did_not_is_found_out()
    {
        var ostree = new SimulatedOstree(_host, "2026.4", "1*");
        ostree.Pretend("deploy");

        Assert.Equal(Reasons.HostToolFailed, (await Assert.ThrowsAsync<HostToolException>(() => StageAsync(ostree, Image(2)))).Reason);
    }

    [Fact]
    public async Task A_deployment_that_is_not_locked_is_found_out()
    {
        var ostree = new SimulatedOstree(_host, "2026.4", "1*") { IgnoresLock = true };

        Assert.Contains("unlocked", (await Assert.ThrowsAsync<HostToolException>(() => StageAsync(ostree, Image(2)))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_conflict_in_etc_is_a_warning_and_no_failure()
    {
        var ostree = new SimulatedOstree(_host, "2026.4", "1*") { ConfigDiff = "M    app.conf\n" };
        _host.Put("/etc/app.conf", "edited");
        _host.PutFolder($"/ostree/deploy/edge/deploy/{Commit(2)}.0/usr/etc/app.conf");

        Assert.Contains("/etc/app.conf", Assert.Single(await StageAsync(ostree, Image(2))), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("2022.7", "")]
    [InlineData("2023.5", "")]
    [InlineData("2023.8", "ostree admin lock-finalization --unlock")]
    [InlineData("2026.4", "ostree admin lock-finalization --unlock")]
    public async Task Unlocking_starts_what_applies_the_tree_and_leaves_no_lock_of_either_kind(string version, string command)
    {
        var ostree = new SimulatedOstree(_host, version, "2l 1*");

        await ostree.Backend().UnlockAsync(Token);

        Assert.Equal("2s 1*", ostree.List);
        Assert.False(_host.Files.Exists(OstreeStatus.LockFile));
        Assert.Equal(
            new[] { "systemctl start ostree-finalize-staged.service", command }.Where(c => c.Length > 0),
            ostree.Ran);
    }

    [Fact]
    public async Task Nothing_is_unlocked_when_nothing_would_apply_it()
    {
        var ostree = new SimulatedOstree(_host, "2026.4", "2l 1*");
        ostree.Fail("systemctl start", "Failed to start: Unit ostree-finalize-staged.service is masked.");

        var failure = await Assert.ThrowsAsync<HostToolException>(() => ostree.Backend().UnlockAsync(Token));

        Assert.Contains("is masked", failure.Message, StringComparison.Ordinal);
        Assert.Equal("2l 1*", ostree.List);
    }

    [Theory]
    [InlineData("2022.7")]
    [InlineData("2026.4")]
    public async Task What_lies_unlocked_can_be_locked_again(string version)
    {
        var ostree = new SimulatedOstree(_host, version, "2s 1*") { Repository = { Commit(2) }, Refs = { ["acme:acme/stable/x86_64/edge"] = Commit(2) } };
        var backend = ostree.Backend();

        await backend.LockAsync(Image(2), await backend.ReadAsync(Token), Token);

        Assert.Equal("2l 1*", ostree.List);
    }

    private static async Task<IReadOnlyList<string>> StageAsync(SimulatedOstree ostree, NodeImage image)
    {
        var backend = ostree.Backend();
        return await backend.StageAsync(image, await backend.ReadAsync(Token), Token);
    }
}
