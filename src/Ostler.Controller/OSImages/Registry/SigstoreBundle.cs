using System.Globalization;
using System.Text;
using System.Text.Json;
using Ostler.Rollout.Images;
using Ostler.Rollout.Text;

namespace Ostler.Controller.OSImages.Registry;

/// <summary>Whether what was found beside an image is a signature of it, and if not, why.</summary>
/// <param name="Counts">Whether the image is signed by it.</param>
/// <param name="IsSignature">False: something else, such as an attestation, which neither counts nor fails.</param>
/// <param name="Why">What is wrong, as the end of a sentence that begins with the signature; empty when it counts.</param>
internal readonly record struct SignatureVerdict(bool Counts, bool IsSignature, string Why)
{
    public static SignatureVerdict Good { get; } = new(true, true, "");

    public static SignatureVerdict Refused(string why) => new(false, true, why);

    public static SignatureVerdict Other(string why) => new(false, false, why);
}

/// <summary>
/// A Sigstore bundle, as cosign 3 writes it: a DSSE envelope around an in-toto statement that names the digest. Unlike the legacy format,
/// it names no repository.
/// </summary>
/// <remarks>
/// Only keys are supported: certificates (keyless) and the entries of a transparency log are not read. Everything in a bundle but the
/// signed payload is untrusted.
/// </remarks>
internal static class SigstoreBundle
{
    /// <summary>The media type of a bundle, and the artifact type of the manifest that holds it.</summary>
    public const string MediaType = "application/vnd.dev.sigstore.bundle.v0.3+json";

    /// <summary>How the media types of all versions begin.</summary>
    public const string Prefix = "application/vnd.dev.sigstore.bundle";

    private const string OldMediaType = "application/vnd.dev.sigstore.bundle+json;version=0.3";
    private const string PayloadType = "application/vnd.in-toto+json";
    private const string SignPredicate = "https://sigstore.dev/cosign/sign/v1";
    private const string StatementPrefix = "https://in-toto.io/Statement/";

    /// <summary>
    /// The tag that stands in for the referrers of a digest, where cosign puts bundles if the registry has no API for referrers.
    /// </summary>
    public static string TagOf(string digest) => digest.Replace(':', '-');

    /// <summary>Whether a bundle signs a digest with a key. Never throws, whatever the bytes are.</summary>
    public static SignatureVerdict Judge(CosignKey key, ReadOnlySpan<byte> bundle, string digest)
    {
        if (Read(bundle, OciJson.Default.BundleDocument) is not { } document)
        {
            return SignatureVerdict.Refused("is not a Sigstore bundle in JSON");
        }

        if (document.MediaType is not (MediaType or OldMediaType))
        {
            return SignatureVerdict.Refused($"is of the type \"{Shown(document.MediaType)}\"; only version 0.3 is supported");
        }

        if (document.DsseEnvelope is not { Payload: { } encoded, PayloadType: PayloadType, Signatures: [{ Sig: { } signature }] })
        {
            return SignatureVerdict.Refused("is a bundle without a DSSE envelope with one signature on an in-toto statement");
        }

        if (Canonical(encoded) is not { } payload || Canonical(signature) is not { } bytes)
        {
            return SignatureVerdict.Refused("has a payload or a signature that is not base64");
        }

        // Read before it is trusted only to tell attestations from signatures; what follows accepts nothing that the key did not sign.
        var statement = Read(payload, OciJson.Default.InTotoStatement);
        if (statement is { PredicateType: { Length: > 0 } predicate } && predicate != SignPredicate)
        {
            return SignatureVerdict.Other($"an attestation of the type \"{Shown(predicate)}\"");
        }

        var material = document.VerificationMaterial;
        var isKeyless = material is { Certificate: not null } or { X509CertificateChain: not null };
        if (isKeyless == material?.PublicKey is not null)
        {
            return SignatureVerdict.Refused("is a bundle that does not name either a public key or a certificate");
        }

        if (!key.Verifies(Encode(payload), bytes))
        {
            return SignatureVerdict.Refused(
                isKeyless
                    ? "was made with a certificate (keyless), which is not supported: sign with cosign sign --key"
                    : "was made with another key, or was changed afterwards");
        }

        return JudgeSigned(statement, digest);
    }

    // From here on the key's owner wrote it.
    private static SignatureVerdict JudgeSigned(InTotoStatement? statement, string digest)
    {
        if (statement is not { PredicateType: SignPredicate } || statement.Type?.StartsWith(StatementPrefix, StringComparison.Ordinal) != true)
        {
            return SignatureVerdict.Refused("signs something other than a statement of cosign");
        }

        var hex = digest["sha256:".Length..];
        var subjects = (statement.Subject ?? []).OfType<InTotoSubject>()
            .Select(s => s.Digest?.GetValueOrDefault("sha256")).OfType<string>().ToArray();
        return subjects.Contains(hex, StringComparer.Ordinal)
            ? SignatureVerdict.Good
            : SignatureVerdict.Refused($"signs another digest, {(subjects is [var first, ..] ? $"sha256:{Shown(first)}" : "none")}");
    }

    /// <summary>
    /// What DSSE signs: the type and the payload, each with its length in bytes, so that neither can be taken for a part of the other.
    /// </summary>
    private static byte[] Encode(byte[] payload)
    {
        var head = string.Create(CultureInfo.InvariantCulture, $"DSSEv1 {PayloadType.Length} {PayloadType} {payload.Length} ");
        return [.. Encoding.ASCII.GetBytes(head), .. payload];
    }

    // Base64 with stray bits or blanks decodes to the same bytes. One content with many spellings is refused, as other verifiers may.
    private static byte[]? Canonical(string text)
    {
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out var written) && Convert.ToBase64String(bytes.AsSpan(0, written)) == text
            ? bytes[..written]
            : null;
    }

    private static T? Read<T>(ReadOnlySpan<byte> json, System.Text.Json.Serialization.Metadata.JsonTypeInfo<T> type)
        where T : class
    {
        try
        {
            JsonBounds.Check(json);
            return JsonSerializer.Deserialize(json, type);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static string Shown(string? text) => MessageText.Cut(new([.. (text ?? "").Select(c => char.IsControl(c) ? ' ' : c)]), 80);
}

/// <summary>The part of a Sigstore bundle that is read.</summary>
internal sealed record BundleDocument
{
    public string? MediaType { get; init; }

    public BundleMaterial? VerificationMaterial { get; init; }

    public DsseEnvelope? DsseEnvelope { get; init; }
}

/// <summary>
/// What a bundle says that its signature was made with. Not authenticated: only whether it is a key is read, for messages.
/// </summary>
internal sealed record BundleMaterial
{
    public JsonElement? PublicKey { get; init; }

    public JsonElement? Certificate { get; init; }

    public JsonElement? X509CertificateChain { get; init; }
}

/// <summary>Signed bytes and their type.</summary>
internal sealed record DsseEnvelope
{
    public string? Payload { get; init; }

    public string? PayloadType { get; init; }

    public IReadOnlyList<DsseSignature?>? Signatures { get; init; }
}

/// <summary>One signature of an envelope.</summary>
internal sealed record DsseSignature
{
    public string? Sig { get; init; }
}

/// <summary>A statement on artifacts.</summary>
internal sealed record InTotoStatement
{
    [System.Text.Json.Serialization.JsonPropertyName("_type")]
    public string? Type { get; init; }

    public string? PredicateType { get; init; }

    public IReadOnlyList<InTotoSubject?>? Subject { get; init; }
}

/// <summary>An artifact, by its digests.</summary>
internal sealed record InTotoSubject
{
    public IReadOnlyDictionary<string, string>? Digest { get; init; }
}
