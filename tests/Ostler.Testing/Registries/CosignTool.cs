using System.Security.Cryptography;
using Ostler.Testing.Hosts;
using Ostler.Testing.Tools;

namespace Ostler.Testing.Registries;

/// <summary>Debian's real cosign 3, with a key of its own, signing without any service of the public Sigstore instance.</summary>
public sealed class CosignTool : IDisposable
{
    private const string NoServices = """{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json","rekorTlogConfig":{},"tsaConfig":{}}""";

    private readonly string _program;
    private readonly DirectoryInfo _folder;

    private CosignTool(string program, DirectoryInfo folder)
    {
        _program = program;
        _folder = folder;
    }

    /// <summary>As in cosign.pub.</summary>
    public string PublicKey { get; private set; } = "";

    /// <param name="kind">The key: p256 is cosign's own kind; the others are imported: p384, p521, rsa2048, rsa3072, rsa4096,
    /// ed25519.</param>
    /// <param name="cancellationToken">Ends the work.</param>
    /// <returns>The tool, or why there is none here, for a test's skip reason.</returns>
    public static async Task<(CosignTool? Tool, string WhyNot)> CreateAsync(string kind, CancellationToken cancellationToken)
    {
        var (program, whyNot) = await NewerDebianPackage.FindAsync("forky", "cosign", "cosign", cancellationToken).ConfigureAwait(false);
        if (program is null)
        {
            return (null, whyNot);
        }

        var tool = new CosignTool(program, Directory.CreateTempSubdirectory("ostler-cosign-"));
        await tool.MakeKeyAsync(kind, cancellationToken).ConfigureAwait(false);
        return (tool, "");
    }

    /// <summary>Signs a digest: as a Sigstore bundle, or in the legacy format.</summary>
    public Task SignAsync(string image, bool legacy, CancellationToken cancellationToken) => RunAsync(
        ["sign", "--key", Path("cosign.key"), "--allow-http-registry", "--yes", .. Format(legacy), image], cancellationToken);

    /// <summary>Attaches an attestation, which is no signature of the image.</summary>
    public async Task AttestAsync(string image, CancellationToken cancellationToken)
    {
        await File.WriteAllTextAsync(Path("predicate.json"), "{}", cancellationToken).ConfigureAwait(false);
        string[] options = ["--key", Path("cosign.key"), "--allow-http-registry", "--yes", "--signing-config", Path("none.json")];
        await RunAsync(["attest", .. options, "--predicate", Path("predicate.json"), image], cancellationToken).ConfigureAwait(false);
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private string Path(string file) => System.IO.Path.Combine(_folder.FullName, file);

    private string[] Format(bool legacy) => legacy
        ? ["--use-signing-config=false", "--new-bundle-format=false", "--tlog-upload=false"]
        : ["--signing-config", Path("none.json")];

    private async Task MakeKeyAsync(string kind, CancellationToken cancellationToken)
    {
        await File.WriteAllTextAsync(Path("none.json"), NoServices, cancellationToken).ConfigureAwait(false);
        if (kind == "p256")
        {
            await RunAsync(["generate-key-pair", "--output-key-prefix", Path("cosign")], cancellationToken).ConfigureAwait(false);
        }
        else
        {
            await File.WriteAllTextAsync(Path("own.pem"), PrivateKey(kind), cancellationToken).ConfigureAwait(false);
            await RunAsync(["import-key-pair", "--key", Path("own.pem"), "--output-key-prefix", Path("cosign"), "--yes"], cancellationToken).ConfigureAwait(false);
        }

        PublicKey = await File.ReadAllTextAsync(Path("cosign.pub"), cancellationToken).ConfigureAwait(false);
    }

    private static string PrivateKey(string kind)
    {
        if (kind.StartsWith("rsa", StringComparison.Ordinal))
        {
            using var rsa = RSA.Create(int.Parse(kind[3..], System.Globalization.CultureInfo.InvariantCulture));
            return rsa.ExportPkcs8PrivateKeyPem();
        }

        if (kind == "ed25519")
        {
            // PKCS #8 of any 32 bytes is a key.
            byte[] head = [0x30, 0x2e, 0x02, 0x01, 0x00, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x04, 0x22, 0x04, 0x20];
            return PemEncoding.WriteString("PRIVATE KEY", [.. head, .. RandomNumberGenerator.GetBytes(32)]);
        }

        using var ec = ECDsa.Create(kind == "p384" ? ECCurve.NamedCurves.nistP384 : ECCurve.NamedCurves.nistP521);
        return ec.ExportPkcs8PrivateKeyPem();
    }

    private async Task RunAsync(string[] arguments, CancellationToken cancellationToken)
    {
        // Its cache and its look for public keys go to a home of its own.
        var environment = new Dictionary<string, string> { ["COSIGN_PASSWORD"] = "", ["HOME"] = _folder.FullName };
        (await HostCommand.RunAsync([_program, .. arguments], cancellationToken, environment).ConfigureAwait(false)).EnsureSuccess();
    }
}
