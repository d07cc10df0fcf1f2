using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Ostler.Testing.Hosts;

/// <summary>A container image whose layers stand for an OS tree.</summary>
/// <param name="Repository">Without tag or digest: <c>127.0.0.1:PORT/acme/edge-os</c>. Plain HTTP.</param>
/// <param name="Digest">Of its manifest.</param>
/// <param name="Tree">What is in it.</param>
public sealed record OsTreeImage(string Repository, string Digest, OsTreeCommit Tree)
{
    /// <summary>Pinned: <c>REPOSITORY@DIGEST</c>.</summary>
    public string Reference => $"{Repository}@{Digest}";

    public string Version => Tree.Version;
}

/// <summary>
/// As much of an OCI registry as it takes to look an image up by tag or digest: real manifests with real digests. Their one layer is not
/// there; an annotation says which commit of the lab's OSTree repository stands for it, and the fakes of the host tools fetch that.
/// </summary>
internal sealed class ImageRegistry
{
    private const string ManifestType = "application/vnd.oci.image.manifest.v1+json";
    private const string ConfigType = "application/vnd.oci.image.config.v1+json";

    // NAME/manifests/REFERENCE or NAME/blobs/DIGEST to what is there.
    private readonly ConcurrentDictionary<string, (byte[] Content, string Type)> _content = new(StringComparer.Ordinal);

    /// <summary>Makes the image of a tree, moves the tag to it and returns its digest.</summary>
    public string Publish(string name, string tag, OsTreeCommit tree)
    {
        var config = Encoding.UTF8.GetBytes(new JsonObject
        {
            ["architecture"] = "amd64",
            ["os"] = "linux",
            ["config"] = new JsonObject { ["Labels"] = new JsonObject { ["containers.bootc"] = "1", ["org.opencontainers.image.version"] = tree.Version } },
            ["rootfs"] = new JsonObject { ["type"] = "layers", ["diff_ids"] = new JsonArray("sha256:" + tree.Checksum) },
        }.ToJsonString());
        var manifest = Encoding.UTF8.GetBytes(new JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = ManifestType,
            ["config"] = new JsonObject { ["mediaType"] = ConfigType, ["digest"] = DigestOf(config), ["size"] = config.Length },
            ["layers"] = new JsonArray(new JsonObject { ["mediaType"] = "application/vnd.oci.image.layer.v1.tar", ["digest"] = "sha256:" + tree.Checksum, ["size"] = 1 }),
            ["annotations"] = new JsonObject
            {
                ["dev.ostler.lab.commit"] = tree.Checksum,
                ["org.opencontainers.image.version"] = tree.Version,
            },
        }.ToJsonString());
        _content[$"{name}/blobs/{DigestOf(config)}"] = (config, "application/octet-stream");
        _content[$"{name}/manifests/{DigestOf(manifest)}"] = (manifest, ManifestType);
        _content[$"{name}/manifests/{tag}"] = (manifest, ManifestType);
        return DigestOf(manifest);
    }

    /// <summary>Attaches a signature to an image, as cosign does: under a tag of its own.</summary>
    public void Sign(string registry, string name, string digest, TreeSigner signer)
    {
        var payload = Encoding.UTF8.GetBytes(new JsonObject
        {
            ["critical"] = new JsonObject
            {
                ["identity"] = new JsonObject { ["docker-reference"] = $"{registry}/{name}" },
                ["image"] = new JsonObject { ["docker-manifest-digest"] = digest },
                ["type"] = "cosign container image signature",
            },
            ["optional"] = null,
        }.ToJsonString());
        var manifest = Encoding.UTF8.GetBytes(new JsonObject
        {
            ["schemaVersion"] = 2,
            ["mediaType"] = ManifestType,
            ["layers"] = new JsonArray(new JsonObject
            {
                ["mediaType"] = "application/vnd.dev.cosign.simplesigning.v1+json",
                ["digest"] = DigestOf(payload),
                ["size"] = payload.Length,
                ["annotations"] = new JsonObject { ["dev.cosignproject.cosign/signature"] = Convert.ToBase64String(signer.Sign(payload)) },
            }),
        }.ToJsonString());
        _content[$"{name}/blobs/{DigestOf(payload)}"] = (payload, "application/octet-stream");
        _content[$"{name}/manifests/{digest.Replace(':', '-')}.sig"] = (manifest, ManifestType);
    }

    /// <summary>From now on the registry has other bytes under a digest than the digest says.</summary>
    public void Corrupt(string name, string digest)
    {
        var key = $"{name}/manifests/{digest}";
        var (content, type) = _content[key];
        _content[key] = ([.. content, (byte)'\n'], type);
    }

    /// <param name="path">Behind <c>/v2/</c>.</param>
    public (byte[] Content, string Type)? Find(string path) =>
        path.Length == 0 ? ("{}"u8.ToArray(), "application/json") : _content.TryGetValue(path, out var found) ? found : null;

    public static string DigestOf(byte[] content) =>
        string.Create(CultureInfo.InvariantCulture, $"sha256:{Convert.ToHexStringLower(SHA256.HashData(content))}");
}
