using System.Security.Cryptography;
using System.Text;

namespace Ostler.Testing.Hosts;

/// <summary>Somebody who signs trees: commits by a real GPG key, container images as cosign does, with a key of its own for each.</summary>
/// <remarks>GPG's agent lives as long as this does.</remarks>
public sealed class TreeSigner : IAsyncDisposable
{
    private readonly ECDsa _images = ECDsa.Create(ECCurve.NamedCurves.nistP256);

    private TreeSigner(string home, string keyID, string publicKey) => (GpgHome, GpgKeyID, GpgPublicKey) = (home, keyID, publicKey);

    /// <summary>The folder of the GPG key.</summary>
    public string GpgHome { get; }

    /// <summary>The fingerprint of the GPG key.</summary>
    public string GpgKeyID { get; }

    /// <summary>The public GPG key, armored.</summary>
    public string GpgPublicKey { get; }

    /// <summary>The public key of images, as PEM.</summary>
    public string ImagePublicKey => _images.ExportSubjectPublicKeyInfoPem();

    public static async Task<TreeSigner> CreateAsync(string name, CancellationToken cancellationToken)
    {
        // Short: the agent's socket is in it, and a socket's path has room for 107 characters.
        var home = Directory.CreateTempSubdirectory("gpg-").FullName;
        string[] gpg = ["gpg", "--homedir", home, "--batch", "--quiet"];
        (await HostCommand.RunAsync([.. gpg, "--passphrase", "", "--quick-generate-key", name, "ed25519", "sign", "never"], cancellationToken)).EnsureSuccess();
        var listed = (await HostCommand.RunAsync([.. gpg, "--with-colons", "--list-keys"], cancellationToken)).EnsureSuccess().Stdout;
        var fingerprint = listed.Split('\n').First(l => l.StartsWith("fpr:", StringComparison.Ordinal)).Split(':')[9];
        var exported = await HostCommand.RunAsync([.. gpg, "--armor", "--export", fingerprint], cancellationToken);
        return new TreeSigner(home, fingerprint, exported.EnsureSuccess().Stdout);
    }

    internal byte[] Sign(byte[] payload) => _images.SignData(payload, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence);

    /// <summary>A policy of the host's container tools that wants every image signed by this key.</summary>
    public string ContainersPolicy =>
        $$$"""{"default":[{"type":"sigstoreSigned","keyData":"{{{Convert.ToBase64String(Encoding.ASCII.GetBytes(ImagePublicKey))}}}","signedIdentity":{"type":"matchRepository"}}]}""";

    public async ValueTask DisposeAsync()
    {
        await HostCommand.RunAsync(["gpgconf", "--homedir", GpgHome, "--kill", "all"], CancellationToken.None);
        _images.Dispose();
        Directory.Delete(GpgHome, recursive: true);
    }
}
