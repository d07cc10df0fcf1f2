using Microsoft.Extensions.Time.Testing;
using Ostler.Api.Meta;
using Ostler.Api.OSImages;
using Ostler.Controller.OSImages;
using Ostler.Controller.Tests.OSImages.Registry;
using Ostler.Rollout.OSImages;
using Ostler.Testing.Hosts;
using Ostler.Testing.Scripted;

namespace Ostler.Controller.Tests.OSImages;

public sealed class ImageResolverTests : IDisposable
{
    private readonly OstreeRepositoryOnDisk _repo = new();
    private readonly ImageResolver _resolver = new(OstreeRepositoryTests.Repository(), Ostler.Controller.Tests.OSImages.Registry.ContainerRegistry.Images(), new FakeTimeProvider(Given.Now));

    public void Dispose() => _repo.Dispose();

    [Fact]
    public async Task A_ref_resolves_to_its_commit_and_the_commits_own_version()
    {
        var commit = _repo.Commit("acme/edge", "42.1");
        await using var server = await LoopbackHttp.ServeAsync(_repo.Path);

        var outcome = await ResolveAsync(Source(server.Url));

        Assert.Equal(new() { Reference = "acme:acme/edge", Digest = commit, Version = "42.1", Created = _repo.DateOf(commit), ResolvedAt = Given.Now }, outcome.Image);
        Assert.Equal(Reasons.Resolved, outcome.Reason);
    }

    [Fact]
    public async Task A_ref_that_moves_to_an_older_commit_is_refused_unless_that_is_allowed_or_pinned()
    {
        var old = _repo.CommitWith("acme/edge", "--timestamp=2026-01-01T00:00:00Z");
        var latest = _repo.CommitWith("acme/edge", "--timestamp=2026-02-01T00:00:00Z");
        await using var server = await LoopbackHttp.ServeAsync(_repo.Path);
        var image = Given.Image(ostree: Source(server.Url));
        image = image with { Status = OSImageStatusRules.Compute(image, await _resolver.ResolveAsync(image, Given.Cancel), [], Given.Now) };
        Assert.Equal(latest, image.Status.Resolved!.Digest);

        _repo.Reset("acme/edge", old);
        var refused = await _resolver.ResolveAsync(image, Given.Cancel);
        Assert.Equal((null, Reasons.Downgrade), (refused.Image, refused.Reason));

        Assert.Equal(old, (await _resolver.ResolveAsync(image with { Spec = image.Spec with { AllowDowngrade = true } }, Given.Cancel)).Image?.Digest);
        var pinned = Source(server.Url) with { Commit = old };
        Assert.Equal(old, (await _resolver.ResolveAsync(image with { Spec = new() { Ostree = pinned } }, Given.Cancel)).Image?.Digest);
    }

    [Fact]
    public async Task A_version_in_the_spec_wins_over_the_commits_own()
    {
        _repo.Commit("acme/edge", "42.1");
        await using var server = await LoopbackHttp.ServeAsync(_repo.Path);

        var outcome = await _resolver.ResolveAsync(Given.Image() with { Spec = new() { Ostree = Source(server.Url), Version = "mine" } }, Given.Cancel);

        Assert.Equal("mine", outcome.Image!.Version);
    }

    [Fact]
    public async Task A_pinned_commit_is_resolved_though_its_repository_cannot_be_reached()
    {
        var outcome = await ResolveAsync(Source("http://127.0.0.1:1") with { Commit = Given.Digest });

        Assert.Equal((Reasons.Pinned, Given.Digest, null), (outcome.Reason, outcome.Image!.Digest, outcome.Image.Version));
    }

    [Fact]
    public async Task A_pinned_commit_without_a_url_needs_no_network()
    {
        var outcome = await ResolveAsync(new() { Remote = "acme", Ref = "acme/edge", Commit = Given.Digest });

        Assert.Equal((Reasons.Pinned, Given.Digest), (outcome.Reason, outcome.Image!.Digest));
    }

    [Fact]
    public async Task A_known_version_is_not_fetched_again_but_one_that_a_former_spec_gave_is()
    {
        var commit = _repo.Commit("acme/edge", "42.1");
        await using var server = await LoopbackHttp.ServeAsync(_repo.Path);
        var known = Given.Image(ostree: Source(server.Url), status: new()
        {
            ObservedGeneration = 1,
            Resolved = new() { Reference = "acme:acme/edge", Digest = commit, Version = "given before", ResolvedAt = Given.Now },
        });

        Assert.Equal("given before", (await _resolver.ResolveAsync(known, Given.Cancel)).Image!.Version);
        Assert.Equal("42.1", (await _resolver.ResolveAsync(known with { Metadata = known.Metadata with { Generation = 2 } }, Given.Cancel)).Image!.Version);
    }

    [Fact]
    public async Task A_branch_that_is_not_there_is_told_by_name()
    {
        _repo.Commit("acme/edge", "42.1");
        await using var server = await LoopbackHttp.ServeAsync(_repo.Path);

        var outcome = await ResolveAsync(Source(server.Url) with { Ref = "acme/none" });

        Assert.Null(outcome.Image);
        Assert.Equal(Reasons.RefNotFound, outcome.Reason);
        Assert.Contains("check that the ref acme/none is published there", outcome.Message, StringComparison.Ordinal);
    }

    private static OstreeSource Source(string url) => new() { Remote = "acme", Url = url, Ref = "acme/edge" };

    private Task<Ostler.Rollout.OSImages.ResolveOutcome> ResolveAsync(OstreeSource source) => _resolver.ResolveAsync(Given.Image(ostree: source), Given.Cancel);
}
