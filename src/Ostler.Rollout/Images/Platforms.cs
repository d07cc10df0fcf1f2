using Ostler.Api.OSImages;

namespace Ostler.Rollout.Images;

/// <summary>Which of an image's manifests is for which node.</summary>
public static class Platforms
{
    /// <summary>
    /// The manifest for a node. Kubelets do not tell variants, so of several the one is taken that every machine of the architecture runs:
    /// the one without a variant or with the baseline's.
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
