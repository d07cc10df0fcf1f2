using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Ostler.Rollout.Images;

/// <summary>A public key that signatures are checked with.</summary>
public sealed class CosignKey : IDisposable
{
    private const int FewestRsaBits = 2048;

    private readonly ECDsa? _ec;
    private readonly RSA? _rsa;
    private readonly Ed25519Key? _ed25519;

    private CosignKey(ECDsa ec)
    {
        _ec = ec;
        Fingerprint = Hash(ec.ExportSubjectPublicKeyInfo());
    }

    private CosignKey(RSA rsa)
    {
        _rsa = rsa;
        Fingerprint = Hash(rsa.ExportSubjectPublicKeyInfo());
    }

    private CosignKey(Ed25519Key ed25519, byte[] info)
    {
        _ed25519 = ed25519;
        Fingerprint = Hash(info);
    }

    /// <summary>The SHA-256 of the key's SubjectPublicKeyInfo, in hexadecimal.</summary>
    public string Fingerprint { get; }

    /// <param name="pem">The key, as <c>cosign generate-key-pair</c> writes it into cosign.pub.</param>
    /// <param name="key">The key.</param>
    /// <param name="problem">What is wrong with it and what to give instead.</param>
    public static bool TryRead(string pem, [NotNullWhen(true)] out CosignKey? key, [NotNullWhen(false)] out string? problem)
    {
        key = null;
        byte[] der;
        try
        {
            var fields = PemEncoding.Find(pem);
            if (pem.AsSpan()[fields.Label] is not "PUBLIC KEY")
            {
                problem = $"is a {pem[fields.Label]} in PEM: use the PUBLIC KEY, as in cosign.pub";
                return false;
            }

            der = Convert.FromBase64String(pem[fields.Base64Data]);
        }
        catch (Exception e) when (e is ArgumentException or FormatException)
        {
            problem = "is not a public key in PEM: use the content of cosign.pub";
            return false;
        }

        try
        {
            return TryReadDer(der, out key, out problem);
        }
        catch (CryptographicException e)
        {
            problem = $"cannot be read: {e.Message}";
            return false;
        }
    }

    /// <summary>
    /// Whether the signature over these bytes was made with the key's private half. ECDSA: with SHA-256, as cosign 2 does for each curve,
    /// or with the hash of the curve's size, as cosign 3 does. RSA: with SHA-256, PKCS #1 v1.5 or PSS. Ed25519: with or without a hash
    /// before it.
    /// </summary>
    public bool Verifies(ReadOnlySpan<byte> payload, ReadOnlySpan<byte> signature)
    {
        try
        {
            return this switch
            {
                { _ec: { } ec } => Verifies(ec, payload, signature),
                { _rsa: { } rsa } => rsa.VerifyData(payload, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1) || RsaPss.Verifies(rsa, payload, signature),
                _ => _ed25519!.Verifies(payload, signature),
            };
        }
        catch (CryptographicException)
        {
            // Not even the form of a signature.
            return false;
        }
    }

    public void Dispose()
    {
        _ec?.Dispose();
        _rsa?.Dispose();
    }

    private static bool Verifies(ECDsa key, ReadOnlySpan<byte> payload, ReadOnlySpan<byte> signature)
    {
        HashAlgorithmName? own = key.KeySize switch { 384 => HashAlgorithmName.SHA384, 521 => HashAlgorithmName.SHA512, _ => null };
        return key.VerifyData(payload, signature, HashAlgorithmName.SHA256, DSASignatureFormat.Rfc3279DerSequence)
            || (own is { } hash && key.VerifyData(payload, signature, hash, DSASignatureFormat.Rfc3279DerSequence));
    }

    private static bool TryReadDer(byte[] der, [NotNullWhen(true)] out CosignKey? key, [NotNullWhen(false)] out string? problem)
    {
        key = null;
        switch (PublicKey.CreateFromSubjectPublicKeyInfo(der, out _).Oid.Value)
        {
            case "1.2.840.10045.2.1":
                var ec = ECDsa.Create();
                ec.ImportSubjectPublicKeyInfo(der, out _);
                key = new(ec);
                break;
            case "1.2.840.113549.1.1.1":
                var rsa = RSA.Create();
                rsa.ImportSubjectPublicKeyInfo(der, out _);
                if (rsa.KeySize < FewestRsaBits)
                {
                    problem = $"is an RSA key of {rsa.KeySize} bits: use one of {FewestRsaBits} or more";
                    rsa.Dispose();
                    return false;
                }

                key = new(rsa);
                break;
            case "1.3.101.112":
                if (!Ed25519Key.TryRead(der, out var ed25519))
                {
                    problem = "is an Ed25519 key that cannot be read, or one that is not safe to use";
                    return false;
                }

                key = new(ed25519, der);
                break;
            case var other:
                problem = $"is a key of the kind {other}, which is not supported: use ECDSA (the default of cosign generate-key-pair), RSA or Ed25519";
                return false;
        }

        problem = null;
        return true;
    }

    private static string Hash(byte[] info) => Convert.ToHexStringLower(SHA256.HashData(info));
}
