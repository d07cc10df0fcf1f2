using Ostler.Api;

namespace Ostler.Rollout;

/// <summary>The platforms that an image in a registry is made for.</summary>
public static class ImagePlatforms
{
    /// <summary>The most platforms that are kept of one index.</summary>
    private const int Most = 64;

    /// <summary>The entries of an index that a host can run. What is not for Linux, and what only accompanies an image (attestations), is left out.</summary>
    public static IReadOnlyList<PlatformManifest> Of(OciManifest index) =>
    [
        .. (index.Manifests ?? [])
            .Where(m => m is { Platform: { Os: "linux", Architecture: { Length: > 0 } and not "unknown" } } && ImageName.IsDigest(m.Digest))
            .Select(m => new PlatformManifest { Platform = NameOf(m.Platform!.Os, m.Platform.Architecture, m.Platform.Variant), Digest = m.Digest })
            .DistinctBy(m => m.Platform)
            .Take(Most),
    ];

    /// <summary>The platform of an image that is for one only; null when it does not say.</summary>
    public static string? Of(OciConfig config) =>
        config.Architecture is { Length: > 0 } architecture ? NameOf(config.Os is { Length: > 0 } os ? os : "linux", architecture, config.Variant) : null;

    private static string NameOf(string os, string architecture, string? variant) => variant is { Length: > 0 } ? $"{os}/{architecture}/{variant}" : $"{os}/{architecture}";
}
