using Ostler.Api.OSImages;
using Ostler.Api.Shared;
using Ostler.Controller.OSImages.Registry;
using Ostler.Rollout.OSImages;

namespace Ostler.Controller.Tests.OSImages.Registry;

/// <summary>Who is asked, and in which order.</summary>
public sealed class RegistryMirrorTests : IAsyncLifetime
{
    private ContainerRegistry _registry = null!;

    public async ValueTask InitializeAsync() => _registry = await ContainerRegistry.StartAsync();

    public ValueTask DisposeAsync() => _registry.DisposeAsync();

    [Fact]
    public async Task A_mirror_is_asked_first_and_the_registry_for_what_it_has_not()
    {
        await using var mirror = await ContainerRegistry.StartAsync();
        var digest = _registry.PutImage("stable");
        ContainerSource Mirrored(ContainerSource s) => s with { Mirrors = [new() { Location = mirror.Host, PlainHttp = true }] };

        Assert.Equal(digest, (await _registry.ResolveAsync(change: Mirrored)).Image!.Digest);
        Assert.Equal(["GET /v2/acme/edge/manifests/stable"], mirror.Asked);

        mirror.PutImage("stable");
        _registry.Asked.Clear();
        Assert.Equal(digest, (await _registry.ResolveAsync(change: Mirrored)).Image!.Digest);
        Assert.Empty(_registry.Asked);
    }

    [Fact]
    public async Task A_path_of_a_mirror_stands_before_the_repository_and_the_name_stays_the_registrys()
    {
        await using var mirror = await ContainerRegistry.StartAsync();
        var outcome = await ContainerRegistry.Images().ResolveAsync(
            _registry.Image(change: s => s with { Mirrors = [new() { Location = mirror.Host + "/hub/cache", PlainHttp = true }] }), Given.Cancel);

        Assert.Equal(["GET /v2/hub/cache/acme/edge/manifests/stable"], mirror.Asked);
        Assert.Contains(_registry.Host, outcome.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_mirror_that_is_down_is_passed_over()
    {
        var digest = _registry.PutImage("stable");

        var outcome = await _registry.ResolveAsync(change: s => s with { Mirrors = [new() { Location = "127.0.0.1:1", PlainHttp = true }] });

        Assert.Equal(digest, outcome.Image?.Digest);
    }

    [Fact]
    public void Plain_HTTP_is_spoken_to_whom_it_was_asked_for_alone()
    {
        Assert.True(Ostler.Api.Shared.ImageName.TryParse("edge", out var name, out _));

        var endpoints = RegistryEndpoint.Of(new() { Image = "edge", Mirrors = [new() { Location = "a.example/hub", PlainHttp = true }, new() { Location = "b.example:5000" }] }, name);

        Assert.Equal(
            ["http://a.example/v2/hub/library/edge/manifests/1", "https://b.example:5000/v2/library/edge/manifests/1", "https://registry-1.docker.io/v2/library/edge/manifests/1"],
            endpoints.Select(e => e.Manifest("1").AbsoluteUri));
        Assert.Equal("docker.io", endpoints[^1].Host);
    }
}
