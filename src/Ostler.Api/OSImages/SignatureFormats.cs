namespace Ostler.Api.OSImages;

/// <summary>The formats in which cosign writes signatures (status.resolved.signatureFormat).</summary>
public static class SignatureFormats
{
    /// <summary>A Sigstore bundle: what cosign 3 writes.</summary>
    public const string Bundle = "SigstoreBundle";

    /// <summary>Simple signing: what cosign 2 writes.</summary>
    public const string Legacy = "SimpleSigning";

    /// <summary>The format in a message.</summary>
    public static string Shown(string? format) => format switch
    {
        Bundle => "Sigstore bundle",
        Legacy => "legacy signature",
        _ => "signature",
    };
}
