using Ostler.Api.Schema;

namespace Ostler.Api.OSImages;

/// <summary>
/// A bootable container image. The controller asks the registry what it is; the hosts fetch it themselves, with their own credentials, mirrors and authorities.
/// </summary>
[Cel("!(has(self.caBundle) && has(self.caSecretRef))", "set at most one of caBundle and caSecretRef")]
public sealed record ContainerSource
{
    /// <summary>
    /// The image with a tag or a digest, as in <c>quay.io/acme/edge-os:stable</c> or <c>quay.io/acme/edge-os@sha256:…</c>. Without a registry: Docker Hub; with
    /// neither tag nor digest: the tag latest; with both, the digest counts.
    /// </summary>
    [MinLength(1), MaxLength(1024), Pattern("^[a-zA-Z0-9][a-zA-Z0-9._:/@-]*$")]
    public required string Image { get; init; }

    /// <summary>
    /// A Secret of type kubernetes.io/dockerconfigjson or kubernetes.io/dockercfg with the registry's credentials. Of its entries the one with the longest
    /// path that begins the image's name counts, as for the kubelet. Marked <c>ostler.dev/use: pull</c>. Default: anonymous.
    /// </summary>
    public SecretReference? PullSecretRef { get; init; }

    /// <summary>Asked in this order before the registry itself. What one does not have, or does not answer, is asked of the next.</summary>
    [MaxItems(8)]
    public IReadOnlyList<RegistryMirror>? Mirrors { get; init; }

    /// <summary>Authorities in PEM that may have signed a registry's certificate, beside the public ones.</summary>
    [MaxLength(65536)]
    public string? CaBundle { get; init; }

    /// <summary>A Secret with these in its key <c>ca.crt</c>, marked <c>ostler.dev/use: pull</c>.</summary>
    public SecretReference? CaSecretRef { get; init; }

    /// <summary>Whether the registry is asked over HTTP. Whoever is on the way can then read the credentials and answer in its place.</summary>
    [Default("false")]
    public bool PlainHttp { get; init; }

    /// <summary>Signatures that a digest must carry before any node gets it. Default: none.</summary>
    public ImageVerification? Verification { get; init; }
}

/// <summary>A registry that holds copies.</summary>
public sealed record RegistryMirror
{
    /// <summary>
    /// What stands in the place of the registry's host: a host, with a port and a path if need be. With <c>mirror.acme.example:5000/hub</c>,
    /// <c>docker.io/library/edge</c> is asked for as <c>library/edge</c> below <c>hub</c>.
    /// </summary>
    [MinLength(1), MaxLength(512), Pattern("^[a-zA-Z0-9][a-zA-Z0-9.-]*(:[0-9]{1,5})?(/[a-z0-9]+([._-]+[a-z0-9]+)*)*$")]
    public required string Location { get; init; }

    /// <summary>Whether it is asked over HTTP.</summary>
    [Default("false")]
    public bool PlainHttp { get; init; }
}

/// <summary>
/// Names a Secret. It must be marked for its purpose with the label or annotation <c>ostler.dev/use</c>: <c>pull</c>, <c>verification</c>, <c>health-check</c> or <c>notification</c>.
/// </summary>
public sealed record SecretReference
{
    /// <summary>Its namespace.</summary>
    [MinLength(1), MaxLength(63)]
    public required string Namespace { get; init; }

    /// <summary>Its name.</summary>
    [MinLength(1), MaxLength(253)]
    public required string Name { get; init; }
}

/// <summary>How the signature of an image is checked. Fails closed: a digest without it is not resolved, so that no node gets it.</summary>
[Cel("has(self.cosign)", "say how in cosign, or leave verification out")]
public sealed record ImageVerification
{
    /// <summary>A key-based cosign signature: a Sigstore bundle, as cosign 3 makes it, or the legacy format.</summary>
    public CosignVerification? Cosign { get; init; }
}

/// <summary>
/// A cosign public key, in the spec or in a Secret. Of an image for several platforms the signature of the index counts, which names them all by digest; hosts that
/// verify themselves want each signed (<c>cosign sign --recursive</c>).
/// </summary>
[Cel("has(self.publicKey) != has(self.publicKeySecretRef)", "set exactly one of publicKey and publicKeySecretRef")]
public sealed record CosignVerification
{
    /// <summary>The public key in PEM: ECDSA (P-256, P-384 or P-521), RSA (2048 bits or more) or Ed25519.</summary>
    [MaxLength(8192)]
    public string? PublicKey { get; init; }

    /// <summary>A Secret with the key <c>cosign.pub</c>, marked <c>ostler.dev/use: verification</c>. One that changes is noticed at the next poll.</summary>
    public SecretReference? PublicKeySecretRef { get; init; }

    /// <summary>
    /// The repositories that a signature in the legacy format may name, for images that were signed elsewhere and copied. Default: the one of image. A Sigstore bundle
    /// names no repository.
    /// </summary>
    [MaxItems(8), MaxLength(512)]
    public IReadOnlyList<string>? SignedRepositories { get; init; }
}
