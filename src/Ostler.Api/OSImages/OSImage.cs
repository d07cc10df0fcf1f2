using Ostler.Api.Schema;

namespace Ostler.Api;

/// <summary>One OS tree, or a moving tag or ref that resolves to one.</summary>
[Resource("osimages", "osimage", "osi")]
[PrintColumn("Ready", "string", ".status.conditions[?(@.type==\"Ready\")].status")]
[PrintColumn("Version", "string", ".status.resolved.version")]
[PrintColumn("Digest", "string", ".status.resolved.digest")]
[PrintColumn("Reference", "string", ".status.resolved.reference", Priority = 1)]
[PrintColumn("Message", "string", ".status.conditions[?(@.type==\"Ready\")].message", Priority = 1)]
[PrintColumn("Age", "date", ".metadata.creationTimestamp")]
public sealed record OSImage : IOstlerResource
{
    public string ApiVersion { get; set; } = OstlerApi.GroupVersion;

    public string Kind { get; set; } = "OSImage";

    public ObjectMeta Metadata { get; set; } = new();

    /// <summary>Which tree.</summary>
    public required OSImageSpec Spec { get; init; }

    /// <summary>What it resolves to. Written by the controller.</summary>
    public OSImageStatus? Status { get; init; }
}

/// <summary>Where an OS tree is found. Exactly one of container and ostree.</summary>
[Cel("has(self.container) != has(self.ostree)", "set exactly one of container and ostree")]
[Cel(
    "has(self.container) == has(oldSelf.container)",
    "an image cannot change between container and ostree, since hosts follow either: create another OSImage")]
public sealed record OSImageSpec
{
    /// <summary>A bootable container image, for bootc and for rpm-ostree hosts.</summary>
    public ContainerSource? Container { get; init; }

    /// <summary>A commit in an OSTree repository.</summary>
    public OstreeSource? Ostree { get; init; }

    /// <summary>A version for people, shown wherever the tree is named. Default: what the tree says of itself.</summary>
    [MaxLength(128)]
    public string? Version { get; init; }

    /// <summary>How often a moving tag or ref is resolved again; 0s: never. Ignored when a digest or commit is pinned.</summary>
    [Default("\"10m\"")]
    public Duration PollInterval { get; set; } = Duration.FromMinutes(10);

    /// <summary>What people decided about single digests, above what rollouts found out.</summary>
    public QuarantineSpec? Quarantine { get; init; }
}

/// <summary>A bootable container image.</summary>
public sealed record ContainerSource
{
    /// <summary>The image with a tag or a digest, as in <c>quay.io/acme/edge-os:stable</c> or <c>quay.io/acme/edge-os@sha256:…</c>.</summary>
    [MinLength(1), MaxLength(1024), Pattern("^[a-zA-Z0-9][a-zA-Z0-9._:/@-]*$")]
    public required string Image { get; init; }

    /// <summary>A Secret of type kubernetes.io/dockerconfigjson with the registry's credentials. Default: anonymous.</summary>
    public SecretReference? PullSecretRef { get; init; }

    /// <summary>Signatures that a digest must carry before any node gets it. Default: none.</summary>
    public ImageVerification? Verification { get; init; }
}

/// <summary>Names a Secret.</summary>
public sealed record SecretReference
{
    /// <summary>Its namespace.</summary>
    [MinLength(1), MaxLength(63)]
    public required string Namespace { get; init; }

    /// <summary>Its name.</summary>
    [MinLength(1), MaxLength(253)]
    public required string Name { get; init; }
}

/// <summary>How the signature of an image is checked. Fails closed.</summary>
public sealed record ImageVerification
{
    /// <summary>A key-based cosign signature.</summary>
    public CosignVerification? Cosign { get; init; }
}

/// <summary>A cosign public key, in the spec or in a Secret.</summary>
[Cel("has(self.publicKey) != has(self.publicKeySecretRef)", "set exactly one of publicKey and publicKeySecretRef")]
public sealed record CosignVerification
{
    /// <summary>The public key in PEM.</summary>
    [MaxLength(8192)]
    public string? PublicKey { get; init; }

    /// <summary>A Secret with the key <c>cosign.pub</c>.</summary>
    public SecretReference? PublicKeySecretRef { get; init; }
}

/// <summary>A commit in an OSTree repository.</summary>
public sealed record OstreeSource
{
    /// <summary>The name of the remote on the hosts.</summary>
    [MinLength(1), MaxLength(64), Pattern("^[a-zA-Z0-9][a-zA-Z0-9._-]*$")]
    public required string Remote { get; init; }

    /// <summary>The repository's URL. Needed to follow a ref that is not pinned; hosts that lack the remote get it from here.</summary>
    [MaxLength(2048), Pattern("^https?://[^\\s]+$")]
    public string? Url { get; init; }

    /// <summary>The branch, as in <c>acme/stable/x86_64/edge</c>.</summary>
    [MinLength(1), MaxLength(255), Pattern("^[a-zA-Z0-9_][a-zA-Z0-9._-]*(/[a-zA-Z0-9_][a-zA-Z0-9._-]*)*$")]
    public required string Ref { get; init; }

    /// <summary>Pins one commit (64 hexadecimal digits). Default: the commit that the ref points at.</summary>
    [Pattern("^[0-9a-f]{64}$")]
    public string? Commit { get; init; }

    /// <summary>Whether hosts check the commit's GPG signature against the remote's keyring. Used when the remote is added to a host.</summary>
    [Default("true")]
    public bool GpgVerify { get; set; } = true;
}

/// <summary>What people decided about single digests.</summary>
public sealed record QuarantineSpec
{
    /// <summary>Digests that no node may get.</summary>
    [MaxItems(50), Pattern("^(sha256:)?[0-9a-f]{64}$")]
    public IReadOnlyList<string>? Deny { get; init; }

    /// <summary>Digests that a failed rollout put into quarantine and that may be tried again all the same.</summary>
    [MaxItems(50), Pattern("^(sha256:)?[0-9a-f]{64}$")]
    public IReadOnlyList<string>? Allow { get; init; }
}

/// <summary>What an OSImage resolves to.</summary>
public sealed record OSImageStatus
{
    /// <summary>The generation of the spec that this speaks of.</summary>
    public long ObservedGeneration { get; init; }

    /// <summary>The tree that the spec names now. The last good one when resolving fails.</summary>
    public ResolvedImage? Resolved { get; init; }

    /// <summary>What it resolved to before, newest first.</summary>
    [MaxItems(10)]
    public IReadOnlyList<ResolvedImage>? History { get; init; }

    /// <summary>Digests that no node may get.</summary>
    [MaxItems(100)]
    public IReadOnlyList<QuarantinedDigest>? Quarantined { get; init; }

    /// <summary>Ready, Accepted, Verified; Reconciling and Stalled as kstatus has them.</summary>
    [ListMap("type")]
    public IReadOnlyList<Condition>? Conditions { get; init; }
}

/// <summary>One tree, named by its digest.</summary>
[Atomic]
public sealed record ResolvedImage
{
    /// <summary>Where it was found: the image or the ref that was asked for.</summary>
    public required string Reference { get; init; }

    /// <summary>The manifest digest (<c>sha256:…</c>) or the OSTree commit (64 hexadecimal digits).</summary>
    public required string Digest { get; init; }

    /// <summary>Its version for people.</summary>
    public string? Version { get; init; }

    /// <summary>The platforms it exists for, as in <c>linux/arm64</c>. Empty: not known.</summary>
    public IReadOnlyList<string>? Platforms { get; init; }

    /// <summary>When it was first resolved to this.</summary>
    public required DateTimeOffset ResolvedAt { get; init; }
}

/// <summary>A digest that no node may get, and why.</summary>
public sealed record QuarantinedDigest
{
    /// <summary>The digest.</summary>
    public required string Digest { get; init; }

    /// <summary>Why, in one word.</summary>
    public required string Reason { get; init; }

    /// <summary>The policy whose rollout failed; empty when a person denied it.</summary>
    public string? Policy { get; init; }

    /// <summary>Since when.</summary>
    public required DateTimeOffset Since { get; init; }
}
