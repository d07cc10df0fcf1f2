using Ostler.Api;

namespace Ostler.Rollout;

/// <summary>What a node runs on.</summary>
public static class NodePlatform
{
    /// <summary>As in <c>linux/arm64</c>, from what the kubelet reports or labels; null: not known.</summary>
    public static string? Of(string? os, string? architecture) =>
        architecture is { Length: > 0 } ? $"{(os is { Length: > 0 } ? os : "linux")}/{architecture}" : null;
}

/// <summary>Which of an image's manifests is for which node.</summary>
public static class Platforms
{
    private const int Most = 64;
    private const int MostUnnamed = 16;

    /// <summary>
    /// The manifest for a node. Kubelets do not tell variants, so of several the one is taken that every machine of the architecture runs: the one without a
    /// variant or with the baseline's.
    /// </summary>
    public static PlatformManifest? For(string? platform, IReadOnlyList<PlatformManifest> manifests)
    {
        PlatformManifest? best = null;
        foreach (var manifest in platform is null ? [] : manifests)
        {
            if (Rank(platform!, manifest.Platform) is { } rank && (best is null || rank < Rank(platform!, best.Platform)))
            {
                best = manifest;
            }
        }

        return best;
    }

    /// <summary>The entries of an index that a host can run. What is not for Linux, and what only accompanies an image (attestations), is left out.</summary>
    public static IReadOnlyList<PlatformManifest> Of(OciManifest index) =>
    [
        .. (index.Manifests ?? [])
            .Where(m => m is { Platform: { Os: "linux", Architecture: { Length: > 0 } and not "unknown" } } && ImageName.IsDigest(m.Digest))
            .Select(m => new PlatformManifest { Platform = NameOf(m.Platform!.Os, m.Platform.Architecture, m.Platform.Variant), Digest = m.Digest })
            .DistinctBy(m => m.Platform)
            .Take(Most),
    ];

    /// <summary>
    /// The entries of an index that do not say what they run on: the platform of an entry is optional, and skopeo and bazel leave it out. Their configs say it.
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
    public static string Said(OciManifest index)
    {
        var said = (index.Manifests ?? []).OfType<OciDescriptor>()
            .Select(m => m.Platform is { } p ? $"{p.Os}/{p.Architecture}" : "no platform").Distinct().ToArray();
        return said.Length == 0 ? "it has no entries" : $"its entries are for {Names.List(said, 8)}";
    }

    /// <summary>The platform of an image that is for one only; null when it does not say.</summary>
    public static string? Of(OciConfig config) =>
        config.Architecture is { Length: > 0 } architecture ? NameOf(config.Os is { Length: > 0 } os ? os : "linux", architecture, config.Variant) : null;

    private static string NameOf(string os, string architecture, string? variant) => variant is { Length: > 0 } ? $"{os}/{architecture}/{variant}" : $"{os}/{architecture}";

    // Lower is better; null: not for this platform.
    private static int? Rank(string wanted, string offered)
    {
        if (offered == wanted)
        {
            return 0;
        }

        if (!offered.StartsWith(wanted, StringComparison.Ordinal) || offered[wanted.Length] != '/')
        {
            return null;
        }

        return (wanted, offered[(wanted.Length + 1)..]) switch
        {
            ("linux/arm64", "v8") or ("linux/amd64", "v1") or ("linux/arm", "v7") => 1,
            // A machine may be too old for it; only its own trees may be made for it.
            _ => 2,
        };
    }
}
