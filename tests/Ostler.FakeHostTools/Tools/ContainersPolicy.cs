using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

namespace Ostler.FakeHostTools.Tools;

/// <summary>
/// What <c>/etc/containers/policy.json</c> asks of an image, as the library does that bootc and rpm-ostree pull with: its default may
/// accept anything, reject anything, or want a signature by a key, which is looked for under the tag <c>sha256-….sig</c>.
/// </summary>
internal static class ContainersPolicy
{
    private const string Path = "/etc/containers/policy.json";
    private const string SignatureAnnotation = "dev.cosignproject.cosign/signature";

    /// <param name="host">The registry.</param>
    /// <param name="name">The repository in it.</param>
    /// <param name="digest">Of the image's manifest.</param>
    /// <param name="mustBeStrict">The image is to be called signed, which a policy that accepts anything does not make it.</param>
    /// <param name="fetch">Gets manifests and blobs of the repository.</param>
    /// <exception cref="ToolException">Refused.</exception>
    public static void Check(string host, string name, string digest, bool mustBeStrict, Func<string, byte[]?> fetch)
    {
        if (!File.Exists(Path))
        {
            return;
        }

        var rule = JsonNode.Parse(File.ReadAllText(Path))!["default"]!.AsArray()[0]!;
        switch ((string)rule["type"]!)
        {
            case "insecureAcceptAnything" when mustBeStrict:
                throw new ToolException("Creating importer: containers-policy.json specifies a default of `insecureAcceptAnything`; refusing usage");
            case "insecureAcceptAnything":
                return;
            case "sigstoreSigned":
                CheckSignature(host, name, digest, Encoding.ASCII.GetString(Convert.FromBase64String((string)rule["keyData"]!)), fetch);
                return;
            default:
                throw Rejected($"Running image docker://{host}/{name}@{digest} is rejected by policy.");
        }
    }

    private static void CheckSignature(string host, string name, string digest, string publicKey, Func<string, byte[]?> fetch)
    {
        var manifest = fetch($"manifests/{digest.Replace(':', '-')}.sig") ?? throw Rejected("A signature was required, but no signature exists");
        using var key = ECDsa.Create();
        key.ImportFromPem(publicKey);
        foreach (var layer in JsonNode.Parse(manifest)!["layers"]!.AsArray())
        {
            var payload = fetch($"blobs/{(string)layer!["digest"]!}") ?? [];
            var signature = Convert.FromBase64String((string)layer["annotations"]![SignatureAnnotation]!);
            if (key.VerifyData(payload, signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence)
                && (string?)JsonNode.Parse(payload)!["critical"]!["image"]!["docker-manifest-digest"] == digest
                && (string?)JsonNode.Parse(payload)!["critical"]!["identity"]!["docker-reference"] == $"{host}/{name}")
            {
                return;
            }
        }

        throw Rejected("cryptographic signature verification failed: invalid signature when validating ASN.1 encoded signature");
    }

    private static ToolException Rejected(string why) => new("Creating importer: failed to invoke method OpenImage: Source image rejected: " + why);
}
