using System.Net;
using System.Text.Json;
using Ostler.Api.Meta;
using Ostler.Api.OSImages;
using Ostler.Api.Shared;
using Ostler.Rollout.Images;
using Ostler.Rollout.OSImages;

namespace Ostler.Controller.OSImages.Registry;

/// <summary>Reads what an image says of itself: its platforms, version, labels and date.</summary>
internal sealed class ImageContents(RegistryOptions options)
{
    /// <exception cref="RegistryException">It is no bootable image, or could not be read.</exception>
    public async Task<ResolvedImage> DescribeAsync(
        OSImage image, RegistrySession session, RegistryContent content, CancellationToken cancellationToken)
    {
        var from = session.Endpoint.Manifest(content.Digest);
        var top = RegistrySession.Read(content, from);
        if (!top.IsIndex)
        {
            var own = await ConfigAsync(session, top, cancellationToken);
            IReadOnlyList<PlatformManifest>? platforms =
                ImagePlatforms.Of(own) is { } platform ? [new() { Platform = platform, Digest = content.Digest }] : null;
            return Describe(image, content.Digest, null, new(top, own), platforms);
        }

        if (content.Body.Length > options.MaxIndexBytes)
        {
            throw new RegistryException(Reasons.ResolveFailed, RegistryErrorText.Larger($"{from} is an index", options.MaxIndexBytes));
        }

        var (offered, problem) = await PlatformsAsync(session, top, cancellationToken);
        if (offered.Count == 0)
        {
            throw new RegistryException(
                Reasons.ResolveFailed, $"{from} is an index without an image for Linux: {problem ?? ImagePlatforms.Describe(top)}.");
        }

        return Describe(image, content.Digest, top, await AnyOfAsync(session, offered, cancellationToken), offered);
    }

    // Where an index leaves the platform of an entry out, the entry's config has it, which is where the hosts' tools look.
    private async Task<(IReadOnlyList<PlatformManifest> Offered, string? Problem)> PlatformsAsync(
        RegistrySession session, OciManifest index, CancellationToken cancellationToken)
    {
        var read = new List<PlatformManifest>();
        string? problem = null;
        foreach (var digest in ImagePlatforms.UnnamedIn(index))
        {
            try
            {
                var (_, config) = await ImageAsync(session, digest, cancellationToken);
                if (ImagePlatforms.Of(config) is { } platform)
                {
                    read.Add(new() { Platform = platform, Digest = digest });
                }
                else
                {
                    problem ??= $"neither the index nor the config of {digest} names its platform";
                }
            }
            catch (RegistryException e) when (e.IsDefinite)
            {
                // Not an image, or not there. Another entry may be.
                problem ??= $"an entry has no platform, and its config is not available ({e.Message})";
            }
        }

        return (ImagePlatforms.Join(ImagePlatforms.Of(index), read), problem);
    }

    // Version and labels are the same for each, or the release could not be named. A copy of an index may lack the platforms that its
    // cluster has no use for.
    private async Task<Contents> AnyOfAsync(
        RegistrySession session, IReadOnlyList<PlatformManifest> offered, CancellationToken cancellationToken)
    {
        RegistryException? missing = null;
        var preferred = Platforms.For("linux/amd64", offered);
        foreach (var platform in offered.OrderBy(p => p == preferred ? 0 : 1).Take(options.MaxPlatformsTried))
        {
            try
            {
                return await ImageAsync(session, platform.Digest, cancellationToken);
            }
            catch (RegistryException e) when (e.IsNotFound)
            {
                missing ??= e;
            }
        }

        throw missing!;
    }

    private ResolvedImage Describe(
        OSImage image, string digest, OciManifest? index, Contents contents, IReadOnlyList<PlatformManifest>? platforms)
    {
        IReadOnlyDictionary<string, string>?[] words = [index?.Annotations, contents.Manifest.Annotations, contents.Config.Config?.Labels];
        return new()
        {
            Reference = OSImageStatusRules.ReferenceOf(image.Spec)!,
            Digest = digest,
            Version = image.Spec.Version ?? ImageLabels.VersionOf(words),
            Platforms = platforms,
            Labels = ImageLabels.Of(words),
            Created = ImageLabels.CreatedOf(contents.Config.Created, contents.Manifest.Annotations, index?.Annotations),
            ResolvedAt = options.Time.GetUtcNow(),
        };
    }

    private async Task<Contents> ImageAsync(RegistrySession session, string digest, CancellationToken cancellationToken)
    {
        var manifest = RegistrySession.Read(await session.ManifestAsync(digest, cancellationToken), session.Endpoint.Manifest(digest));
        return new(manifest, await ConfigAsync(session, manifest, cancellationToken));
    }

    private async Task<OciConfig> ConfigAsync(RegistrySession session, OciManifest manifest, CancellationToken cancellationToken)
    {
        if (manifest.Config is not { MediaType: OciConfig.OciType or OciConfig.DockerType } config || !ImageName.IsDigest(config.Digest))
        {
            var what = manifest.IsIndex ? "an index within an index" : $"\"{RegistryErrorText.Safe(manifest.Config?.MediaType ?? "")}\"";
            var message = $"{session.Endpoint.Host}/{session.Endpoint.Repository} has no container image there, but {what}.";
            throw new RegistryException(Reasons.ResolveFailed, message) { Status = HttpStatusCode.OK };
        }

        var content = await session.BlobAsync(config.Digest, options.MaxConfigBytes, cancellationToken);
        try
        {
            return OciConfig.Read(content.Body);
        }
        catch (JsonException e)
        {
            var message = $"{session.Endpoint.Blob(config.Digest)} is not an image config: {RegistryErrorText.Safe(e.Message)}";
            throw new RegistryException(Reasons.ResolveFailed, message) { Status = HttpStatusCode.OK };
        }
    }

    private readonly record struct Contents(OciManifest Manifest, OciConfig Config);
}
