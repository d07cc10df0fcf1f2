using Ostler.Api.OSImages;

namespace Ostler.Controller.Tests.OSImages.Registry;

/// <summary>
/// Indexes whose entries do not say what they are for: the platform of an entry is optional, and skopeo and bazel leave it out.
/// </summary>
public sealed class IndexPlatformTests : IAsyncLifetime
{
    private ContainerRegistry _registry = null!;

    public async ValueTask InitializeAsync() => _registry = await ContainerRegistry.StartAsync();

    public ValueTask DisposeAsync() => _registry.DisposeAsync();

    [Theory]
    [InlineData("")]
    [InlineData(""","platform":{}""")]
    [InlineData(""","platform":{"os":"linux","architecture":""}""")]
    [InlineData(""","platform":{"architecture":"amd64","os":""}""")]
    [InlineData(""","platform":null""")]
    public async Task The_platform_is_read_from_the_config_where_the_index_leaves_it_out(string platform)
    {
        var amd64 = _registry.PutImage("a", "amd64");
        var arm64 = _registry.PutImage("b", "arm64");
        PutIndex(Entry(amd64, platform), Entry(arm64, platform));

        var resolved = (await _registry.ResolveAsync()).Image!;

        Assert.Equal([("linux/amd64", amd64), ("linux/arm64", arm64)], resolved.Platforms!.Select(p => (p.Platform, p.Digest)));
        Assert.Equal("42", resolved.Version);
    }

    [Fact]
    public async Task What_is_named_wins_and_what_is_not_an_image_or_not_there_is_left_out()
    {
        var amd64 = _registry.PutImage("a", "amd64");
        var other = _registry.PutImage("b", "amd64", version: "43");
        var chart = _registry.PutManifest(
            "c", $$$"""{"schemaVersion":2,"config":{"mediaType":"application/vnd.cncf.helm.config.v1+json","digest":"{{{amd64}}}","size":1},"layers":[]}""");
        PutIndex(Entry(other), Entry(chart), Entry("sha256:" + new string('0', 64)), Entry(amd64, ""","platform":{"os":"linux","architecture":"amd64"}"""));

        Assert.Equal(new PlatformManifest { Platform = "linux/amd64", Digest = amd64 }, Assert.Single((await _registry.ResolveAsync()).Image!.Platforms!));
    }

    [Fact]
    public async Task An_index_without_an_image_for_Linux_says_what_it_has()
    {
        var windows = _registry.PutImage("a", "amd64");
        PutIndex(Entry(windows, ""","platform":{"os":"windows","architecture":"amd64"}"""));
        Assert.Contains("without an image for Linux: its entries are for windows/amd64.", (await _registry.ResolveAsync()).Message, StringComparison.Ordinal);

        PutIndex();
        Assert.Contains("it has no entries", (await _registry.ResolveAsync()).Message, StringComparison.Ordinal);

        PutIndex(Entry("sha256:" + new string('0', 64)));
        Assert.Contains("an entry has no platform, and its config is not available", (await _registry.ResolveAsync()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_copy_that_lacks_a_platform_is_described_from_one_that_it_has()
    {
        var arm64 = _registry.PutImage("b", "arm64");
        PutIndex(
            Entry("sha256:" + new string('0', 64), ""","platform":{"os":"linux","architecture":"amd64"}"""),
            Entry(arm64, ""","platform":{"os":"linux","architecture":"arm64"}"""));

        var resolved = (await _registry.ResolveAsync()).Image!;

        Assert.Equal(("42", 2), (resolved.Version, resolved.Platforms!.Count));
    }

    [Fact]
    public async Task An_image_is_read_that_is_sent_under_the_other_name_for_images()
    {
        var digest = _registry.PutImage("a");
        _registry.Answer = async c =>
        {
            if (!c.Request.Path.Value!.EndsWith("/stable", StringComparison.Ordinal))
            {
                return false;
            }

            c.Response.ContentType = "application/vnd.docker.distribution.manifest.v2+json";
            await c.Response.Body.WriteAsync(_registry.Body("manifests", "a"));
            return true;
        };

        Assert.Equal(digest, (await _registry.ResolveAsync()).Image?.Digest);
    }

    [Fact]
    public async Task An_index_that_is_large_or_of_very_many_entries_is_refused_without_its_weight_in_objects()
    {
        var empty = $$"""{"schemaVersion":2,"manifests":[{{string.Join(',', Enumerable.Repeat("{}", 1_390_000))}}]}""";
        Assert.InRange(empty.Length, 4_000_000, 4 * 1024 * 1024);
        _registry.PutManifest("stable", empty, ContainerRegistry.OciIndex);
        Assert.Contains("more than 50000 names and values", (await _registry.ResolveAsync()).Message, StringComparison.Ordinal);

        var padded = $$$"""{"schemaVersion":2,"manifests":[],"annotations":{"a":"{{{new string('x', 1024 * 1024)}}}"}}""";
        _registry.PutManifest("stable", padded, ContainerRegistry.OciIndex);
        Assert.Contains("is an index, but larger than 1048576 bytes", (await _registry.ResolveAsync()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Large_content_is_read_for_one_image_at_a_time_and_small_content_does_not_wait_for_it()
    {
        var large = _registry.PutImage("large", extra: $$""","annotations":{"a":"{{new string('x', 400_000)}}"}""");
        var small = _registry.PutImage("small");
        var stalled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var release = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var asked = 0;
        _registry.Answer = async c =>
        {
            // The second request for the large manifest is the one with the lease.
            if (c.Request.Path.Value!.EndsWith("/large", StringComparison.Ordinal) && Interlocked.Increment(ref asked) == 2)
            {
                stalled.SetResult();
                await release.Task;
            }

            return false;
        };

        var first = _registry.ResolveAsync(":large");
        await stalled.Task;
        var second = _registry.ResolveAsync(":large");
        Assert.Equal(small, (await _registry.ResolveAsync(":small")).Image?.Digest);
        Assert.False(first.IsCompleted);
        Assert.False(second.IsCompleted);

        release.SetResult();
        Assert.Equal((large, large), ((await first).Image?.Digest, (await second).Image?.Digest));
        Assert.Equal(4, asked);
    }

    private void PutIndex(params string[] entries) => _registry.PutManifest(
        "stable", $$"""{"schemaVersion":2,"mediaType":"{{ContainerRegistry.OciIndex}}","manifests":[{{string.Join(',', entries)}}]}""", ContainerRegistry.OciIndex);

    private static string Entry(string digest, string platform = "") => $$"""{"mediaType":"{{ContainerRegistry.OciImage}}","digest":"{{digest}}","size":1{{platform}}}""";
}
