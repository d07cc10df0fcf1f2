using Ostler.Api.Meta;
using Ostler.Api.Shared;
using Ostler.Rollout.Images;

namespace Ostler.Controller.OSImages.Registry;

/// <summary>Looks for a cosign signature of a digest that was made with a key. One that counts is enough; with none the digest is as good as not there.</summary>
internal sealed class SignatureSearch(RegistryOptions options)
{
    /// <exception cref="RegistryException">There is none, or it could not be asked for. Never returns without one that counts.</exception>
    public async Task VerifyAsync(IReadOnlyList<RegistrySession> sessions, SignedStatement wanted, CosignKey key, string shown, CancellationToken cancellationToken)
    {
        var found = new Found();
        RegistryException? failed = null;
        foreach (var session in sessions)
        {
            try
            {
                if (await IsSignedAsync(session, wanted, key, found, cancellationToken))
                {
                    return;
                }
            }
            catch (RegistryException e)
            {
                // A mirror, perhaps, that has images only.
                failed = e;
            }
        }

        throw found switch
        {
            { Refused: [var first, ..] } => new RegistryException(
                Reasons.VerificationFailed,
                $"{shown} has {found.Refused.Count} {(found.Refused.Count == 1 ? "signature, which" : "signatures, of which none counts; the first")} {first}. It goes to no node."),
            _ when failed is not null => new RegistryException(failed.Reason == Reasons.RefNotFound ? Reasons.ResolveFailed : failed.Reason, $"Whether {shown} is signed cannot be found out: {failed.Message}")
            {
                RetryAfter = failed.RetryAfter,
            },
            { HasBundle: true } => new RegistryException(
                Reasons.VerificationFailed,
                $"{shown} carries a Sigstore bundle, which this version does not read: sign it with cosign sign --new-bundle-format=false. It goes to no node."),
            _ => new RegistryException(Reasons.NotSigned, $"{shown} carries no signature: sign it with cosign sign --key. It goes to no node."),
        };
    }

    private async Task<bool> IsSignedAsync(RegistrySession session, SignedStatement wanted, CosignKey key, Found found, CancellationToken cancellationToken)
    {
        var attached = await session.TryManifestAsync(CosignSignature.TagOf(wanted.Digest), cancellationToken);
        if (attached is not null && await CountsAsync(session, RegistrySession.Read(attached, session.Endpoint.Base), wanted, key, found, cancellationToken))
        {
            return true;
        }

        foreach (var referrer in (await session.ReferrersAsync(wanted.Digest, cancellationToken))?.Manifests?.OfType<OciDescriptor>() ?? [])
        {
            found.HasBundle |= referrer.ArtifactType?.StartsWith(CosignSignature.BundlePrefix, StringComparison.Ordinal) == true;
            if (referrer.ArtifactType == CosignSignature.ArtifactType && ImageName.IsDigest(referrer.Digest) && found.Refused.Count < options.MaxSignatures
                && await session.TryManifestAsync(referrer.Digest, cancellationToken) is { } content
                && await CountsAsync(session, RegistrySession.Read(content, session.Endpoint.Base), wanted, key, found, cancellationToken))
            {
                return true;
            }
        }

        return false;
    }

    private async Task<bool> CountsAsync(RegistrySession session, OciManifest manifest, SignedStatement wanted, CosignKey key, Found found, CancellationToken cancellationToken)
    {
        foreach (var layer in manifest.Layers?.OfType<OciDescriptor>() ?? [])
        {
            if (layer.MediaType != CosignSignature.PayloadType || !ImageName.IsDigest(layer.Digest))
            {
                continue;
            }

            // Who can push can push many; a search without end would be his.
            if (found.Refused.Count >= options.MaxSignatures)
            {
                return false;
            }

            var payload = await PayloadAsync(session, layer.Digest, found, cancellationToken);
            if (payload is null)
            {
                continue;
            }

            if (CosignSignature.Refuse(key, payload, layer.Annotations?.GetValueOrDefault(CosignSignature.Annotation), wanted) is not { } why)
            {
                return true;
            }

            found.Refused.Add(why);
        }

        return false;
    }

    // A payload that is gone or too large is one signature that does not count; another may.
    private async Task<byte[]?> PayloadAsync(RegistrySession session, string digest, Found found, CancellationToken cancellationToken)
    {
        try
        {
            return (await session.BlobAsync(digest, options.MaxPayloadBytes, cancellationToken)).Body;
        }
        catch (RegistryException e) when (e.RetryAfter is null)
        {
            found.Refused.Add($"has a payload that cannot be had ({e.Message})");
            return null;
        }
    }

    private sealed class Found
    {
        /// <summary>Why each did not count.</summary>
        public List<string> Refused { get; } = [];

        public bool HasBundle { get; set; }
    }
}
