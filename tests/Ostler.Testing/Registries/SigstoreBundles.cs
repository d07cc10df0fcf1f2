using System.Globalization;
using System.Text;

namespace Ostler.Testing.Registries;

/// <summary>Makes Sigstore bundles as cosign 3 does, part by part, so that a test can get one part wrong.</summary>
public static class SigstoreBundles
{
    public const string MediaType = "application/vnd.dev.sigstore.bundle.v0.3+json";
    public const string SignPredicate = "https://sigstore.dev/cosign/sign/v1";
    public const string PayloadType = "application/vnd.in-toto+json";
    public const string PublicKey = """{"publicKey":{"hint":"mPL+MpA4OcnIUVALZ9mmNKpm1JJC8S0cmlObqZA7iDc="}}""";

    /// <summary>The statement that is signed.</summary>
    public static string Statement(string digest, string predicate = SignPredicate, string type = "https://in-toto.io/Statement/v1") =>
        $$$$"""{"_type":"{{{{type}}}}","subject":[{"digest":{"sha256":"{{{{digest["sha256:".Length..]}}}}"},"annotations":{}}],"predicateType":"{{{{predicate}}}}","predicate":{}}""";

    /// <summary>The bytes that DSSE signs.</summary>
    public static byte[] Encode(string payload, string payloadType = PayloadType)
    {
        var bytes = Encoding.UTF8.GetBytes(payload);
        var head = string.Create(CultureInfo.InvariantCulture, $"DSSEv1 {payloadType.Length} {payloadType} {bytes.Length} ");
        return [.. Encoding.UTF8.GetBytes(head), .. bytes];
    }

    /// <summary>A bundle around a statement.</summary>
    public static string Bundle(string statement, Func<byte[], byte[]> sign, string material = PublicKey, string mediaType = MediaType)
    {
        var payload = Convert.ToBase64String(Encoding.UTF8.GetBytes(statement));
        return $$$$"""{"mediaType":"{{{{mediaType}}}}","verificationMaterial":{{{{material}}}},"dsseEnvelope":{"payload":"{{{{payload}}}}","payloadType":"{{{{PayloadType}}}}","signatures":[{"sig":"{{{{Convert.ToBase64String(sign(Encode(statement)))}}}}"}]}}""";
    }
}
