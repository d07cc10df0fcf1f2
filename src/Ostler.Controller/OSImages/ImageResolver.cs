using Ostler.Api.Meta;
using Ostler.Api.OSImages;
using Ostler.Api.Shared;
using Ostler.Controller.OSImages.Registry;
using Ostler.Rollout.OSImages;

namespace Ostler.Controller.OSImages;

/// <summary>Finds the tree that an OSImage names now.</summary>
internal sealed class ImageResolver(OstreeRepository repository, ContainerImages containers, TimeProvider time)
{
    /// <summary>
    /// One try. Asks the network only for what is not known: a pinned commit is its own answer, and a version never changes.
    /// </summary>
    /// <param name="image">An image whose spec is valid.</param>
    /// <param name="cancellationToken">Ends the try.</param>
    public async Task<ResolveOutcome> ResolveAsync(OSImage image, CancellationToken cancellationToken) =>
        DowngradeRules.Judge(image, await FindAsync(image, cancellationToken));

    private async Task<ResolveOutcome> FindAsync(OSImage image, CancellationToken cancellationToken)
    {
        if (image.Spec.Ostree is not { } ostree)
        {
            return await containers.ResolveAsync(image, cancellationToken);
        }

        if (ostree.Commit is { } pinned)
        {
            return new(
                await DescribeAsync(image, ostree, pinned, cancellationToken), Reasons.Pinned,
                $"spec.ostree.commit pins {Digest.Shorten(pinned)}.");
        }

        if (ostree.Url is not { } url)
        {
            return new(null, Reasons.Invalid, "spec.ostree.url is needed to follow a ref: set it, or pin spec.ostree.commit.");
        }

        var answer = await repository.ResolveRefAsync(url, ostree.Ref, cancellationToken);
        return answer.Value is { } commit
            ? new(await DescribeAsync(image, ostree, commit, cancellationToken), Reasons.Resolved,
                $"{ostree.Ref} at {url} is {Digest.Shorten(commit)}.")
            : new(null, answer.Reason, answer.Message);
    }

    private async Task<ResolvedImage> DescribeAsync(OSImage image, OstreeSource ostree, string commit, CancellationToken cancellationToken)
    {
        // What the status says was found for this very spec: a version that a former spec gave is not the commit's own.
        var known = image.Status is { } status && status.ObservedGeneration == image.Metadata.Generation
            && (status.Pending ?? []).Select(p => p.Image).Prepend(status.Resolved).FirstOrDefault(i => i?.Digest == commit) is { } seen
            ? new CommitFacts(seen.Version, seen.Created)
            : default;
        var needed = (image.Spec.Version ?? known.Version) is null || known.Created is null;
        var read = needed && ostree.Url is { } url ? await repository.ReadCommitAsync(url, commit, cancellationToken) : default;
        return new()
        {
            Reference = OSImageStatusRules.ReferenceOf(image.Spec)!,
            Digest = commit,
            Version = image.Spec.Version ?? known.Version ?? read.Version,
            Created = known.Created ?? read.Created,
            ResolvedAt = time.GetUtcNow(),
        };
    }
}
