using Ostler.Api.Meta;
using Ostler.Api.Schema;

namespace Ostler.Api.OSImages;

/// <summary>One OS image, or a moving tag or ref that resolves to one.</summary>
[Resource("osimages", "osimage", "osi")]
[PrintColumn("Ready", "string", ".status.conditions[?(@.type==\"Ready\")].status")]
[PrintColumn("Reason", "string", ".status.conditions[?(@.type==\"Ready\")].reason")]
[PrintColumn("Version", "string", ".status.resolved.version")]
[PrintColumn("Source", "string", ".spec['container','ostree']['image','ref']")]
[PrintColumn("Digest", "string", ".status.resolved.digest", Priority = 1)]
[PrintColumn("NextPoll", "string", ".status.nextPollAt", Priority = 1)]
[PrintColumn("Message", "string", ".status.conditions[?(@.type==\"Ready\")].message", Priority = 1)]
[PrintColumn("Age", "date", ".metadata.creationTimestamp")]
public sealed record OSImage : IOstlerResource
{
    public string ApiVersion { get; set; } = OstlerApi.GroupVersion;

    public string Kind { get; set; } = "OSImage";

    public ObjectMeta Metadata { get; set; } = new();

    /// <summary>The source of the image.</summary>
    public required OSImageSpec Spec { get; init; }

    /// <summary>The digest that it resolves to. Written by the controller.</summary>
    public OSImageStatus? Status { get; init; }
}

/// <summary>Where the image is found. Exactly one of container and ostree.</summary>
[Cel("has(self.container) != has(self.ostree)", "set exactly one of container and ostree")]
[Cel(
    "has(self.container) == has(oldSelf.container)",
    "an image cannot change between container and ostree, since hosts follow either: create another OSImage")]
public sealed record OSImageSpec
{
    /// <summary>A bootable container image, for bootc and rpm-ostree hosts.</summary>
    public ContainerSource? Container { get; init; }

    /// <summary>A commit in an OSTree repository.</summary>
    public OstreeSource? Ostree { get; init; }

    /// <summary>The version to display wherever the image is named. Default: the version in the image's metadata.</summary>
    [MaxLength(128)]
    public string? Version { get; init; }

    /// <summary>How often a moving tag or ref is resolved again. 0s: never. Ignored if a digest or commit is pinned.</summary>
    [Default("\"10m\"")]
    public Duration PollInterval { get; set; } = Duration.FromMinutes(10);

    /// <summary>
    /// How old an image must be before nodes get it: counted from its creation or from when Ostler first saw it, whichever is later. Until
    /// then, nodes stay on the image in status.resolved, and status.pending shows from when they get the new one. If the tag or ref points
    /// to an earlier image again, the younger ones are dropped. For a pinned digest or commit, whichever is earlier. Default: no minimum.
    /// </summary>
    [Default("\"0s\"")]
    public Duration MinAge { get; init; }

    /// <summary>
    /// Whether a moving tag or ref may move to an image that is older than the last one, by the dates in the images. A pinned digest or
    /// commit, and another tag or ref, may be older in any case.
    /// </summary>
    [Default("false")]
    public bool AllowDowngrade { get; init; }

    /// <summary>Decisions of users about single digests. They override the results of rollouts.</summary>
    public QuarantineSpec? Quarantine { get; init; }
}

/// <summary>A commit in an OSTree repository.</summary>
public sealed record OstreeSource
{
    /// <summary>The name of the remote on the hosts.</summary>
    [MinLength(1), MaxLength(64), Pattern("^[a-zA-Z0-9][a-zA-Z0-9._-]*$")]
    public required string Remote { get; init; }

    /// <summary>The repository's URL. Required to follow a ref that is not pinned. Hosts without the remote add it with this URL.</summary>
    [MaxLength(2048), Pattern("^https?://[^\\s]+$")]
    public string? Url { get; init; }

    /// <summary>The branch, as in <c>acme/stable/x86_64/edge</c>.</summary>
    [MinLength(1), MaxLength(255), Pattern("^[a-zA-Z0-9_][a-zA-Z0-9._-]*(/[a-zA-Z0-9_][a-zA-Z0-9._-]*)*$")]
    public required string Ref { get; init; }

    /// <summary>Pins one commit (64 hexadecimal digits). Default: the commit that the ref points to.</summary>
    [Pattern("^[0-9a-f]{64}$")]
    public string? Commit { get; init; }

    /// <summary>Whether hosts verify the commit's GPG signature with the remote's keyring. Used when a host adds the remote.</summary>
    [Default("true")]
    public bool GpgVerify { get; set; } = true;
}

/// <summary>Decisions of users about single digests.</summary>
public sealed record QuarantineSpec
{
    /// <summary>Digests that no node may get.</summary>
    [MaxItems(50), Pattern("^(sha256:)?[0-9a-f]{64}$")]
    public IReadOnlyList<string>? Deny { get; init; }

    /// <summary>Digests that a failed rollout quarantined and that nodes may get regardless.</summary>
    [MaxItems(50), Pattern("^(sha256:)?[0-9a-f]{64}$")]
    public IReadOnlyList<string>? Allow { get; init; }
}

/// <summary>What an OSImage resolves to.</summary>
public sealed record OSImageStatus
{
    /// <summary>The generation of the spec that this status is about.</summary>
    public long ObservedGeneration { get; init; }

    /// <summary>
    /// The image that the spec names now. If it cannot be resolved, the last good one. With minAge, the newest one that is old enough.
    /// </summary>
    public ResolvedImage? Resolved { get; init; }

    /// <summary>Images that are newer than resolved and not old enough for minAge, oldest first.</summary>
    [MaxItems(10)]
    public IReadOnlyList<PendingImage>? Pending { get; init; }

    /// <summary>What it resolved to before, newest first.</summary>
    [MaxItems(10)]
    public IReadOnlyList<ResolvedImage>? History { get; init; }

    /// <summary>
    /// When the tag or ref is resolved next, unless kubectl ostler refresh asks for it earlier. Absent: not before the spec changes.
    /// </summary>
    public DateTimeOffset? NextPollAt { get; init; }

    /// <summary>Digests that no node may get.</summary>
    [MaxItems(100)]
    public IReadOnlyList<QuarantinedDigest>? Quarantined { get; init; }

    /// <summary>Ready, Accepted, Verified, and kstatus' Reconciling and Stalled.</summary>
    [ListMap("type")]
    public IReadOnlyList<Condition>? Conditions { get; init; }
}

/// <summary>One image, named by its digest.</summary>
[Atomic]
public sealed record ResolvedImage
{
    /// <summary>The image or ref that was resolved.</summary>
    [MaxLength(2048)]
    public required string Reference { get; init; }

    /// <summary>The manifest digest (<c>sha256:…</c>) or the OSTree commit (64 hexadecimal digits).</summary>
    [Pattern(Patterns.Digest)]
    public required string Digest { get; init; }

    /// <summary>The version of the image, for display.</summary>
    [MaxLength(128)]
    public string? Version { get; init; }

    /// <summary>
    /// The manifest for each platform of a container image. A node gets the digest for its own platform, because bootc and rpm-ostree
    /// report that one as booted. Absent: every node gets <see cref="Digest"/>.
    /// </summary>
    [MaxItems(64)]
    public IReadOnlyList<PlatformManifest>? Platforms { get; init; }

    /// <summary>Well-known labels of the image, such as <c>org.opencontainers.image.revision</c> and <c>containers.bootc</c>.</summary>
    [MaxLength(1024)]
    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>
    /// The SHA-256 of the public key (of its SubjectPublicKeyInfo) that verified the signature of the digest. Absent: verification is
    /// not configured.
    /// </summary>
    [MaxLength(128)]
    public string? VerifiedWith { get; init; }

    /// <summary>The format of that signature: SigstoreBundle (cosign 3) or SimpleSigning (legacy).</summary>
    [MaxLength(63)]
    public string? SignatureFormat { get; init; }

    /// <summary>When the image was built, by the date in its config or of its commit. Absent: unknown.</summary>
    public DateTimeOffset? Created { get; init; }

    /// <summary>When it was first resolved to this.</summary>
    public required DateTimeOffset ResolvedAt { get; init; }

    /// <summary>
    /// When its digest was first seen, if that was before resolvedAt: the tag or ref has pointed to it before, or another one did. minAge
    /// counts from here.
    /// </summary>
    public DateTimeOffset? FirstSeenAt { get; init; }
}

/// <summary>An image that is not old enough for nodes.</summary>
[Atomic]
public sealed record PendingImage
{
    /// <summary>The image.</summary>
    public required ResolvedImage Image { get; init; }

    /// <summary>From when nodes get it, unless a newer one is old enough by then.</summary>
    public required DateTimeOffset EligibleAt { get; init; }
}

/// <summary>A container image on one platform.</summary>
public sealed record PlatformManifest
{
    /// <summary>The platform, as in <c>linux/arm64</c>; with the variant if the image names one, as in <c>linux/arm/v7</c>.</summary>
    [MaxLength(128)]
    public required string Platform { get; init; }

    /// <summary>The digest of its manifest.</summary>
    [Pattern(Patterns.Digest)]
    public required string Digest { get; init; }
}

/// <summary>A digest that no node may get, and the reason.</summary>
public sealed record QuarantinedDigest
{
    /// <summary>The digest.</summary>
    [Pattern(Patterns.Digest)]
    public required string Digest { get; init; }

    /// <summary>The reason.</summary>
    [MaxLength(63), Pattern(Patterns.Reason)]
    public required string Reason { get; init; }

    /// <summary>The policy whose rollout failed. Empty if a user denied the digest.</summary>
    [MaxLength(253)]
    public string? Policy { get; init; }

    /// <summary>When it was quarantined.</summary>
    public required DateTimeOffset Since { get; init; }
}
