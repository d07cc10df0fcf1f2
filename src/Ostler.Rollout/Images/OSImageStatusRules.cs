using Ostler.Api;

namespace Ostler.Rollout;

/// <summary>What one try to resolve an image gave.</summary>
/// <param name="Image">The tree it names now; null when the try failed.</param>
/// <param name="Reason">One of <see cref="Reasons"/>: Resolved, Pinned, ResolveFailed, RefNotFound, Denied.</param>
/// <param name="Message">For people: where it was found, or what went wrong and what to do.</param>
public sealed record ResolveOutcome(ResolvedImage? Image, string Reason, string Message);

/// <summary>What a policy's rollouts say about digests.</summary>
public sealed record PolicyFailures
{
    public required string Policy { get; init; }

    /// <summary>The image that it names now.</summary>
    public required string Image { get; init; }

    public DateTimeOffset? RetryFailuresBefore { get; init; }

    /// <summary>status.failedDigests.</summary>
    public IReadOnlyList<FailedDigest> FailedDigests { get; init; } = [];
}

/// <summary>The status of an OSImage, from what it resolved to and from what rollouts found out. Pure.</summary>
public static class OSImageStatusRules
{
    /// <summary>
    /// What <see cref="ResolvedImage.Reference"/> is for this spec: the image as written, or the refspec <c>remote:branch</c>. A resolved
    /// image with another reference belongs to a former spec and is not rolled out.
    /// </summary>
    public static string? ReferenceOf(OSImageSpec spec) =>
        spec.Container?.Image ?? (spec.Ostree is { } ostree ? $"{ostree.Remote}:{ostree.Ref}" : null);

    /// <summary>Whether no node may get the digest.</summary>
    public static bool IsQuarantined(OSImageSpec spec, OSImageStatus? status, string digest) => false;

    /// <summary>The status after a pass.</summary>
    /// <param name="image">The object as read.</param>
    /// <param name="outcome">What resolving gave in this pass; null when none was due.</param>
    /// <param name="policies">All policies of the cluster.</param>
    /// <param name="now">The controller's clock.</param>
    public static OSImageStatus Compute(
        OSImage image, ResolveOutcome? outcome, IReadOnlyList<PolicyFailures> policies, DateTimeOffset now) => image.Status ?? new();
}
