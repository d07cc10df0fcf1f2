using System.Security.Cryptography;
using Org.BouncyCastle.Crypto;
using Org.BouncyCastle.Crypto.Digests;
using Org.BouncyCastle.Crypto.Engines;
using Org.BouncyCastle.Crypto.Parameters;
using Org.BouncyCastle.Crypto.Signers;
using Org.BouncyCastle.Math;

namespace Ostler.Rollout.Images;

/// <summary>
/// RSASSA-PSS with SHA-256. Key services salt with the length of the hash, sigstore's own signer with as much as fits; .NET knows only the
/// former.
/// </summary>
internal static class RsaPss
{
    public static bool Verifies(RSA rsa, ReadOnlySpan<byte> payload, ReadOnlySpan<byte> signature) =>
        rsa.VerifyData(payload, signature, HashAlgorithmName.SHA256, RSASignaturePadding.Pss)
        || VerifiesWithLongestSalt(rsa, payload, signature);

    private static bool VerifiesWithLongestSalt(RSA rsa, ReadOnlySpan<byte> payload, ReadOnlySpan<byte> signature)
    {
        var key = rsa.ExportParameters(includePrivateParameters: false);
        var encoded = (rsa.KeySize - 1 + 7) / 8;
        var verifier = new PssSigner(new RsaEngine(), new Sha256Digest(), encoded - SHA256.HashSizeInBytes - 2);
        try
        {
            verifier.Init(false, new RsaKeyParameters(false, new BigInteger(1, key.Modulus!), new BigInteger(1, key.Exponent!)));
            verifier.BlockUpdate(payload.ToArray(), 0, payload.Length);
            return verifier.VerifySignature(signature.ToArray());
        }
        catch (Exception e) when (e is CryptoException or ArgumentException)
        {
            // Not even the form of a signature.
            return false;
        }
    }
}
