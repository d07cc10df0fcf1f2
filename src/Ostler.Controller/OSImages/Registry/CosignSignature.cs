using System.Text.Json;
using Ostler.Api.Shared;
using Ostler.Rollout.Images;

namespace Ostler.Controller.OSImages.Registry;

/// <summary>What a signature must say to count.</summary>
/// <param name="Digest">The digest that is asked about.</param>
/// <param name="Repositories">The names under which it may have been signed, as in <c>quay.io/acme/edge-os</c>.</param>
internal sealed record SignedStatement(string Digest, IReadOnlyList<string> Repositories);

/// <summary>A signature in the legacy format of cosign (simple signing), and whether it counts.</summary>
internal static class CosignSignature
{
    /// <summary>The media type of the layer that is the payload.</summary>
    public const string PayloadType = "application/vnd.dev.cosign.simplesigning.v1+json";

    /// <summary>The annotation of that layer with the signature in base64.</summary>
    public const string Annotation = "dev.cosignproject.cosign/signature";

    /// <summary>The artifact type of signatures that are attached as OCI referrers.</summary>
    public const string ArtifactType = "application/vnd.dev.cosign.artifact.sig.v1+json";

    private const string StatementType = "cosign container image signature";

    /// <summary>The tag under which the signatures of a digest stand.</summary>
    public static string TagOf(string digest) => $"{digest.Replace(':', '-')}.sig";

    /// <summary>
    /// Why a signature does not count; null: it does. First who signed, then what: nothing is read of a payload that a stranger wrote.
    /// </summary>
    /// <param name="key">The key.</param>
    /// <param name="payload">The bytes that were signed.</param>
    /// <param name="signature">The signature in base64; null: there is none.</param>
    /// <param name="wanted">What it must say.</param>
    public static string? Refuse(CosignKey key, ReadOnlySpan<byte> payload, string? signature, SignedStatement wanted)
    {
        Span<byte> bytes = new byte[2048];
        if (signature is null || !Convert.TryFromBase64String(signature, bytes, out var written))
        {
            return $"has no signature in base64 in its annotation {Annotation}";
        }

        if (!key.Verifies(payload, bytes[..written]))
        {
            return "was made with another key, or its payload was changed";
        }

        SimpleSigningCritical? critical;
        try
        {
            critical = JsonSerializer.Deserialize(payload, OciJson.Default.SimpleSigning)?.Critical;
        }
        catch (JsonException)
        {
            return "is not on a statement of simple signing";
        }

        if (critical?.Type != StatementType)
        {
            return $"is on a statement of the type \"{critical?.Type}\"";
        }

        if (critical.Image?.DockerManifestDigest != wanted.Digest)
        {
            return $"is on another digest, {critical.Image?.DockerManifestDigest}";
        }

        return Names(critical.Identity?.DockerReference, wanted.Repositories)
            ? null
            : $"was made for \"{critical.Identity?.DockerReference}\"; if the image was copied from there, list that in spec.container.verification.cosign.signedRepositories";
    }

    private static bool Names(string? reference, IReadOnlyList<string> repositories) =>
        reference is { Length: > 0 } && ImageName.TryParse(reference, out var signed, out _) && repositories.Contains(signed.Name, StringComparer.Ordinal);
}
