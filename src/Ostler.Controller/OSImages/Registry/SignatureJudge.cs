using Ostler.Api.OSImages;
using Ostler.Api.Shared;
using Ostler.Rollout.Images;

namespace Ostler.Controller.OSImages.Registry;

/// <summary>Reads what one registry has beside a digest, and judges the signatures in it.</summary>
internal sealed class SignatureJudge(
    RegistrySession session, SignedStatement wanted, CosignKey key, FoundSignatures found, RegistryOptions options)
{
    // Each is opened once, though the API and the tag may both name it. No more than some: who may push could make the search endless.
    private readonly HashSet<string> _opened = new(StringComparer.Ordinal);

    /// <summary>What stands under a tag: a signature itself, or an index of what refers to the digest.</summary>
    /// <returns>The format of the first signature that counts; null: none does.</returns>
    public async Task<string?> TagAsync(string tag, CancellationToken cancellationToken)
    {
        var content = await session.ManifestAsync(tag, cancellationToken);
        var manifest = RegistrySession.Read(content, session.Endpoint.Manifest(tag));
        return manifest.IsIndex
            ? await IndexAsync(manifest, cancellationToken)
            : _opened.Add(content.Digest) ? await ManifestAsync(manifest, cancellationToken) : null;
    }

    /// <summary>What the referrers API of OCI 1.1 names, page by page.</summary>
    public async Task<string?> ReferrersAsync(CancellationToken cancellationToken)
    {
        var page = session.Endpoint.Referrers(wanted.Digest);
        for (var pages = 0; page is not null && pages < options.MaxReferrerPages; pages++)
        {
            var (index, next) = await session.ReferrersAsync(page, cancellationToken);
            if (await IndexAsync(index, cancellationToken) is { } format)
            {
                return format;
            }

            page = next;
        }

        return null;
    }

    private async Task<string?> IndexAsync(OciManifest index, CancellationToken cancellationToken)
    {
        var entries = (index.Manifests ?? []).OfType<OciDescriptor>().Where(d => ImageName.IsDigest(d.Digest)).OrderBy(Rank);
        foreach (var entry in entries)
        {
            if (found.IsFull || _opened.Count >= options.MaxReferrers)
            {
                return null;
            }

            if (_opened.Add(entry.Digest) && await EntryAsync(entry, cancellationToken) is { } format)
            {
                return format;
            }
        }

        return null;
    }

    private async Task<string?> EntryAsync(OciDescriptor entry, CancellationToken cancellationToken)
    {
        try
        {
            var content = await session.ManifestAsync(entry.Digest, cancellationToken);
            return await ManifestAsync(RegistrySession.Read(content, session.Endpoint.Manifest(entry.Digest)), cancellationToken);
        }
        catch (RegistryException e) when (e.IsDefinite)
        {
            // An index may name what is gone, or what is no manifest; the other entries count all the same.
            if (Rank(entry) == 0)
            {
                found.Refused("signature", $"has a manifest that is not available ({e.Message})");
            }

            return null;
        }
    }

    private async Task<string?> ManifestAsync(OciManifest manifest, CancellationToken cancellationToken)
    {
        var isBundle = manifest.ArtifactType?.StartsWith(SigstoreBundle.Prefix, StringComparison.Ordinal) == true;
        foreach (var layer in (manifest.Layers ?? []).OfType<OciDescriptor>())
        {
            var format = layer.MediaType == CosignSignature.PayloadType ? SignatureFormats.Legacy
                : isBundle || layer.MediaType?.StartsWith(SigstoreBundle.Prefix, StringComparison.Ordinal) == true ? SignatureFormats.Bundle
                : null;
            if (format is null || !ImageName.IsDigest(layer.Digest))
            {
                continue;
            }

            if (found.IsFull)
            {
                return null;
            }

            if (await CountsAsync(layer, format, cancellationToken))
            {
                return format;
            }
        }

        return null;
    }

    private async Task<bool> CountsAsync(OciDescriptor layer, string format, CancellationToken cancellationToken)
    {
        var isBundle = format == SignatureFormats.Bundle;
        var limit = isBundle ? options.MaxBundleBytes : options.MaxPayloadBytes;
        byte[] body;
        try
        {
            body = (await session.BlobAsync(layer.Digest, limit, cancellationToken)).Body;
        }
        catch (RegistryException e) when (e.RetryAfter is null)
        {
            // One that is gone or too large does not count; another may.
            found.Refused(format, $"has a payload that is not available ({e.Message})");
            return false;
        }

        var verdict = isBundle
            ? SigstoreBundle.Judge(key, body, wanted.Digest)
            : CosignSignature.Refuse(key, body, layer.Annotations?.GetValueOrDefault(CosignSignature.Annotation), wanted) is { } why
                ? SignatureVerdict.Refused(why)
                : SignatureVerdict.Good;
        if (!verdict.Counts)
        {
            found.Add(format, verdict);
        }

        return verdict.Counts;
    }

    // What calls itself a signature first; then what does not say what it is, as cosign's own index entries do (artifactType: the empty
    // config's); then the rest.
    private static int Rank(OciDescriptor entry) => entry.ArtifactType switch
    {
        CosignSignature.ArtifactType => 0,
        { } type when type.StartsWith(SigstoreBundle.Prefix, StringComparison.Ordinal) => 0,
        null or "" or OciConfig.EmptyType or OciConfig.OciType => 1,
        _ => 2,
    };
}
