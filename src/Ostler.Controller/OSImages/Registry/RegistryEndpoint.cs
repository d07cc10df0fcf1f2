using Ostler.Api.OSImages;
using Ostler.Api.Shared;

namespace Ostler.Controller.OSImages.Registry;

/// <summary>Where an image is asked for: its registry, or a mirror of it.</summary>
/// <param name="Base">The root of the distribution API, as in <c>https://registry.example:5000/v2/</c>.</param>
/// <param name="Host">The host as pull secrets name it.</param>
/// <param name="Repository">The repository there.</param>
internal sealed record RegistryEndpoint(Uri Base, string Host, string Repository)
{
    /// <summary>The mirrors in their order, then the registry.</summary>
    public static IReadOnlyList<RegistryEndpoint> Of(ContainerSource source, ImageName reference) =>
    [
        .. (source.Mirrors ?? []).Select(m => OfMirror(m, reference)),
        new(Root(reference.Host, source.PlainHttp), reference.Registry, reference.Repository),
    ];

    public Uri Manifest(string pointer) => new(Base, $"{Repository}/manifests/{pointer}");

    public Uri Blob(string digest) => new(Base, $"{Repository}/blobs/{digest}");

    public Uri Referrers(string digest) => new(Base, $"{Repository}/referrers/{digest}");

    /// <summary>What a token must be good for when the challenge does not say.</summary>
    public string Scope => $"repository:{Repository}:pull";

    private static RegistryEndpoint OfMirror(RegistryMirror mirror, ImageName reference)
    {
        var slash = mirror.Location.IndexOf('/', StringComparison.Ordinal);
        var host = slash < 0 ? mirror.Location : mirror.Location[..slash];
        var path = slash < 0 ? "" : mirror.Location[(slash + 1)..] + "/";
        return new(Root(host, mirror.PlainHttp), host, path + reference.Repository);
    }

    private static Uri Root(string host, bool plainHttp) => new($"{(plainHttp ? "http" : "https")}://{host}/v2/");
}
