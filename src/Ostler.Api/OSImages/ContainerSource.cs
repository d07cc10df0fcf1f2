using Ostler.Api.Schema;

namespace Ostler.Api.OSImages;

/// <summary>
/// A bootable container image. The controller resolves it at the registry. Hosts pull it themselves, with their own credentials,
/// mirrors and certificate authorities.
/// </summary>
[Cel("!(has(self.caBundle) && has(self.caSecretRef))", "set at most one of caBundle and caSecretRef")]
public sealed record ContainerSource
{
    /// <summary>
    /// The image with a tag or a digest, as in <c>quay.io/acme/edge-os:stable</c> or <c>quay.io/acme/edge-os@sha256:…</c>. Without a
    /// registry: Docker Hub. With neither tag nor digest: the tag latest. With both, the digest counts.
    /// </summary>
    [MinLength(1), MaxLength(1024), Pattern("^[a-zA-Z0-9][a-zA-Z0-9._:/@-]*$")]
    public required string Image { get; init; }

    /// <summary>
    /// A Secret of type kubernetes.io/dockerconfigjson or kubernetes.io/dockercfg with the registry's credentials. The entry with the
    /// longest path that matches the beginning of the image's name counts, as for the kubelet. The Secret must carry the label
    /// <c>ostler.dev/use: pull</c>. Default: anonymous.
    /// </summary>
    public SecretReference? PullSecretRef { get; init; }

    /// <summary>
    /// Mirrors, tried in this order before the registry itself. If one lacks the image or does not answer, the next is tried.
    /// </summary>
    [MaxItems(8)]
    public IReadOnlyList<RegistryMirror>? Mirrors { get; init; }

    /// <summary>Certificate authorities of the registry in PEM, in addition to the public ones.</summary>
    [MaxLength(65536)]
    public string? CaBundle { get; init; }

    /// <summary>
    /// A Secret with certificate authorities in its key <c>ca.crt</c>. It must carry the label <c>ostler.dev/use: pull</c>.
    /// </summary>
    public SecretReference? CaSecretRef { get; init; }

    /// <summary>Whether to use plain HTTP. Anyone on the network path can then read the credentials and forge answers.</summary>
    [Default("false")]
    public bool PlainHttp { get; init; }

    /// <summary>The signature that a digest must have before any node gets it. Default: none.</summary>
    public ImageVerification? Verification { get; init; }
}

/// <summary>A registry that holds copies.</summary>
public sealed record RegistryMirror
{
    /// <summary>
    /// What replaces the registry's host: a host, optionally with a port and a path. With <c>mirror.acme.example:5000/hub</c>,
    /// <c>docker.io/library/edge</c> becomes <c>mirror.acme.example:5000/hub/library/edge</c>.
    /// </summary>
    [MinLength(1), MaxLength(512), Pattern("^[a-zA-Z0-9][a-zA-Z0-9.-]*(:[0-9]{1,5})?(/[a-z0-9]+([._-]+[a-z0-9]+)*)*$")]
    public required string Location { get; init; }

    /// <summary>Whether to use plain HTTP.</summary>
    [Default("false")]
    public bool PlainHttp { get; init; }
}

/// <summary>
/// Names a Secret. It must carry the label or annotation <c>ostler.dev/use</c> with its purpose: <c>pull</c>, <c>verification</c>,
/// <c>health-check</c> or <c>notification</c>.
/// </summary>
public sealed record SecretReference
{
    /// <summary>The namespace.</summary>
    [MinLength(1), MaxLength(63)]
    public required string Namespace { get; init; }

    /// <summary>The name.</summary>
    [MinLength(1), MaxLength(253)]
    public required string Name { get; init; }
}

/// <summary>How the signature of an image is verified. A digest without a valid signature is not resolved, so no node gets it.</summary>
[Cel("has(self.cosign)", "say how in cosign, or leave verification out")]
public sealed record ImageVerification
{
    /// <summary>A key-based cosign signature: a Sigstore bundle, as cosign 3 creates it, or the legacy format.</summary>
    public CosignVerification? Cosign { get; init; }
}

/// <summary>
/// A cosign public key, in the spec or in a Secret. For an image for several platforms, the signature of the index counts, because the
/// index names them by digest. Hosts that verify on their own need each platform signed (<c>cosign sign --recursive</c>).
/// </summary>
[Cel("has(self.publicKey) != has(self.publicKeySecretRef)", "set exactly one of publicKey and publicKeySecretRef")]
public sealed record CosignVerification
{
    /// <summary>The public key in PEM: ECDSA (P-256, P-384 or P-521), RSA (2048 bits or more) or Ed25519.</summary>
    [MaxLength(8192)]
    public string? PublicKey { get; init; }

    /// <summary>
    /// A Secret with the key <c>cosign.pub</c>. It must carry the label <c>ostler.dev/use: verification</c>. A change is noticed at the
    /// next poll.
    /// </summary>
    public SecretReference? PublicKeySecretRef { get; init; }

    /// <summary>
    /// The repositories that a legacy signature may name, for images that were signed elsewhere and copied. Default: the repository of
    /// image. A Sigstore bundle names no repository.
    /// </summary>
    [MaxItems(8), MaxLength(512)]
    public IReadOnlyList<string>? SignedRepositories { get; init; }
}
