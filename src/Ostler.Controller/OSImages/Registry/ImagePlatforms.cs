using Ostler.Api.OSImages;
using Ostler.Api.Shared;
using Ostler.Rollout.Text;

namespace Ostler.Controller.OSImages.Registry;

/// <summary>The platforms that an image in a registry is made for.</summary>
internal static class ImagePlatforms
{
    /// <summary>The most platforms that are kept of one index.</summary>
    private const int Most = 64;

    /// <summary>The most entries without a platform whose configs are read.</summary>
    private const int MostUnnamed = 16;

    /// <summary>
    /// The entries of an index that a host can run. What is not for Linux, and what only accompanies an image (attestations), is left out.
    /// </summary>
    public static IReadOnlyList<PlatformManifest> Of(OciManifest index) =>
    [
        .. (index.Manifests ?? [])
            .Where(m => m is { Platform: { Os: "linux", Architecture: { Length: > 0 } and not "unknown" } } && ImageName.IsDigest(m.Digest))
            .Select(m => new PlatformManifest { Platform = NameOf(m.Platform!.Os, m.Platform.Architecture, m.Platform.Variant), Digest = m.Digest })
            .DistinctBy(m => m.Platform)
            .Take(Most),
    ];

    /// <summary>
    /// The entries of an index that do not say what they run on: the platform of an entry is optional, and skopeo and bazel leave it out.
    /// Their configs say it.
    /// </summary>
    public static IReadOnlyList<string> UnnamedIn(OciManifest index) =>
    [
        .. (index.Manifests ?? [])
            .OfType<OciDescriptor>()
            .Where(m => m.Platform is null or { Os: "" or null } or { Architecture: "" or null })
            .Where(m => m.MediaType is "" or null or OciManifest.OciImage or OciManifest.DockerImage && m.ArtifactType is null && ImageName.IsDigest(m.Digest))
            .Select(m => m.Digest)
            .Distinct()
            .Take(MostUnnamed),
    ];

    /// <summary>The platforms that an index names, and those that were read from configs. The former win.</summary>
    public static IReadOnlyList<PlatformManifest> Join(IEnumerable<PlatformManifest> named, IEnumerable<PlatformManifest> read) =>
        [.. named.Concat(read.Where(m => m.Platform.StartsWith("linux/", StringComparison.Ordinal))).DistinctBy(m => m.Platform).Take(Most)];

    /// <summary>What the entries of an index say that they run on, for messages.</summary>
    public static string Describe(OciManifest index)
    {
        var said = (index.Manifests ?? []).OfType<OciDescriptor>()
            .Select(m => m.Platform is { } p ? $"{p.Os}/{p.Architecture}" : "no platform").Distinct().ToArray();
        return said.Length == 0 ? "it has no entries" : $"its entries are for {MessageText.List(said, 8)}";
    }

    /// <summary>The platform of an image that is for one only; null when it does not say.</summary>
    public static string? Of(OciConfig config) =>
        config.Architecture is { Length: > 0 } architecture ? NameOf(config.Os is { Length: > 0 } os ? os : "linux", architecture, config.Variant) : null;

    private static string NameOf(string os, string architecture, string? variant) => variant is { Length: > 0 } ? $"{os}/{architecture}/{variant}" : $"{os}/{architecture}";
}
