using System.Diagnostics.CodeAnalysis;
using System.Formats.Asn1;
using System.Security.Cryptography;
using Org.BouncyCastle.Math.EC.Rfc8032;

namespace Ostler.Rollout.Images;

/// <summary>
/// An Ed25519 public key. .NET has none, so Bouncy Castle's arithmetic is used, which is managed code and safe under NativeAOT.
/// </summary>
internal sealed class Ed25519Key
{
    private readonly byte[] _point;

    private Ed25519Key(byte[] point) => _point = point;

    /// <summary>The key in a SubjectPublicKeyInfo of the algorithm 1.3.101.112.</summary>
    /// <returns>False: not a point of full order on the curve. With such a key, one signature could fit several messages.</returns>
    public static bool TryRead(byte[] info, [NotNullWhen(true)] out Ed25519Key? key)
    {
        key = null;
        try
        {
            var sequence = new AsnReader(info, AsnEncodingRules.DER).ReadSequence();
            sequence.ReadSequence();
            var point = sequence.ReadBitString(out var unused);
            if (unused == 0 && point.Length == Ed25519.PublicKeySize && Ed25519.ValidatePublicKeyFull(point, 0))
            {
                key = new(point);
            }
        }
        catch (AsnContentException)
        {
        }

        return key is not null;
    }

    /// <summary>
    /// Accepts Ed25519, which cosign 2 writes, and Ed25519ph, which cosign 3 writes: the two cannot be taken for each other.
    /// </summary>
    public bool Verifies(ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature)
    {
        if (signature.Length != Ed25519.SignatureSize)
        {
            return false;
        }

        var bytes = message.ToArray();
        var sig = signature.ToArray();
        return Ed25519.Verify(sig, 0, _point, 0, bytes, 0, bytes.Length)
            || Ed25519.VerifyPrehash(sig, 0, _point, 0, [], SHA512.HashData(bytes), 0);
    }
}
