using System.Security.Cryptography;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Digests;
using Org.BouncyCastle.Crypto.Engines;
using Org.BouncyCastle.Crypto.Generators;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Signers;
using Org.BouncyCastle.Security;
using Org.BouncyCastle.X509;

namespace Ostler.Controller.Tests.OSImages.Registry;

/// <summary>A key pair of each kind and each way to sign that cosign has.</summary>
public static class SigningKeys
{
    /// <summary>
    /// ECDSA with SHA-256 or, after the dash, with the hash of the curve; RSA in PKCS #1 v1.5, or PSS with a salt of either length; Ed25519
    /// and Ed25519ph.
    /// </summary>
    public static string[] Kinds { get; } =
    [
        "p256", "p384", "p384-sha384", "p521", "p521-sha512", "rsa2048", "rsa3072", "rsa4096", "rsa2048-pss", "rsa2048-psslong", "ed25519", "ed25519-ph",
    ];

    public static (string Pem, Func<byte[], byte[]> Sign) Make(string kind)
    {
        var parts = kind.Split('-');
        if (parts[0].StartsWith("rsa", StringComparison.Ordinal))
        {
            var rsa = RSA.Create(int.Parse(parts[0][3..], null));
            return (rsa.ExportSubjectPublicKeyInfoPem(), parts is [_, "psslong"]
                ? payload => SignPss(rsa, payload)
                : payload => rsa.SignData(payload, HashAlgorithmName.SHA256, parts is [_, "pss"] ? RSASignaturePadding.Pss : RSASignaturePadding.Pkcs1));
        }

        if (parts[0] == "ed25519")
        {
            return MakeEd25519(parts.Length > 1);
        }

        var ec = ECDsa.Create(parts[0] switch { "p256" => ECCurve.NamedCurves.nistP256, "p384" => ECCurve.NamedCurves.nistP384, _ => ECCurve.NamedCurves.nistP521 });
        var hash = new HashAlgorithmName(parts is [_, var own] ? own.ToUpperInvariant() : "SHA256");
        return (ec.ExportSubjectPublicKeyInfoPem(), payload => ec.SignData(payload, hash, DSASignatureFormat.Rfc3279DerSequence));
    }

    private static byte[] SignPss(RSA rsa, byte[] payload)
    {
        var signer = new PssSigner(new RsaBlindedEngine(), new Sha256Digest(), (rsa.KeySize / 8) - 32 - 2);
        signer.Init(true, DotNetUtilities.GetRsaKeyPair(rsa).Private);
        return Sign(signer, payload);
    }

    private static (string Pem, Func<byte[], byte[]> Sign) MakeEd25519(bool prehash)
    {
        var generator = new Ed25519KeyPairGenerator();
        generator.Init(new Ed25519KeyGenerationParameters(new SecureRandom()));
        var pair = generator.GenerateKeyPair();
        var pem = PemEncoding.WriteString("PUBLIC KEY", SubjectPublicKeyInfoFactory.CreateSubjectPublicKeyInfo(pair.Public).GetDerEncoded());
        return (pem, payload =>
        {
            ISigner signer = prehash ? new Ed25519phSigner([]) : new Ed25519Signer();
            signer.Init(true, pair.Private);
            return Sign(signer, payload);
        }
        );
    }

    private static byte[] Sign(ISigner signer, byte[] payload)
    {
        signer.BlockUpdate(payload, 0, payload.Length);
        return signer.GenerateSignature();
    }
}
