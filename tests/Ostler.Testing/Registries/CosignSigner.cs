using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Ostler.Testing.Registries;

/// <summary>Signs as <c>cosign sign --key</c> does, with a key of its own.</summary>
public sealed class CosignSigner : IDisposable
{
    public const string PayloadType = "application/vnd.dev.cosign.simplesigning.v1+json";
    public const string ArtifactType = "application/vnd.dev.cosign.artifact.sig.v1+json";

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    /// <summary>As in cosign.pub.</summary>
    public string PublicKey => _key.ExportSubjectPublicKeyInfoPem() + "\n";

    /// <summary>The statement on a digest.</summary>
    public static byte[] Payload(string repository, string digest, string type = "cosign container image signature") => Encoding.UTF8.GetBytes(
        $$$"""{"critical":{"identity":{"docker-reference":"{{{repository}}}"},"image":{"docker-manifest-digest":"{{{digest}}}"},"type":"{{{type}}}"},"optional":null}""");

    public string Sign(byte[] payload) => Convert.ToBase64String(SignBytes(payload));

    public byte[] SignBytes(byte[] payload) => _key.SignData(payload, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);

    /// <summary>The manifest that holds one signature.</summary>
    public static JsonObject Manifest(string configDigest, int configSize, string configType, byte[] payload, string signature) => new()
    {
        ["schemaVersion"] = 2,
        ["mediaType"] = RegistryContent.OciImage,
        ["config"] = new JsonObject { ["mediaType"] = configType, ["digest"] = configDigest, ["size"] = configSize },
        ["layers"] = new JsonArray(new JsonObject
        {
            ["mediaType"] = PayloadType,
            ["digest"] = RegistryContent.Digest(payload),
            ["size"] = payload.Length,
            ["annotations"] = new JsonObject { ["dev.cosignproject.cosign/signature"] = signature },
        }),
    };

    /// <summary>
    /// Signs a digest and attaches the signature by its tag, or as a referrer by the tag that stands in for the API of OCI 1.1.
    /// </summary>
    public async Task SignAsync(RegistryServer registry, string repository, string digest, CancellationToken cancellationToken, bool asReferrer = false, byte[]? payload = null)
    {
        payload ??= Payload($"{registry.Host}/{repository}", digest);
        await registry.Content.PushBlobAsync(repository, payload, cancellationToken).ConfigureAwait(false);
        var config = "{}"u8.ToArray();
        var configDigest = await registry.Content.PushBlobAsync(repository, config, cancellationToken).ConfigureAwait(false);
        var manifest = Manifest(configDigest, config.Length, asReferrer ? ArtifactType : "application/vnd.oci.image.config.v1+json", payload, Sign(payload));
        if (!asReferrer)
        {
            await registry.Content.PushManifestAsync(repository, digest.Replace(':', '-') + ".sig", RegistryContent.OciImage, manifest, cancellationToken).ConfigureAwait(false);
            return;
        }

        var signature = RegistryContent.Digest(Encoding.UTF8.GetBytes(manifest.ToJsonString()));
        await registry.Content.PushManifestAsync(repository, signature, RegistryContent.OciImage, manifest, cancellationToken).ConfigureAwait(false);
        var index = new JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = RegistryContent.OciIndex,
            ["manifests"] = new JsonArray(new JsonObject
            {
                ["mediaType"] = RegistryContent.OciImage,
                ["digest"] = signature,
                ["size"] = manifest.ToJsonString().Length,
                ["artifactType"] = ArtifactType,
            }),
        };
        await registry.Content.PushManifestAsync(repository, digest.Replace(':', '-'), RegistryContent.OciIndex, index, cancellationToken).ConfigureAwait(false);
    }

    public void Dispose() => _key.Dispose();
}
