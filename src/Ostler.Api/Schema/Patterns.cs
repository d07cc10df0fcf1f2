namespace Ostler.Api.Schema;

/// <summary>The forms that strings of several resources have in common, as regular expressions (RE2).</summary>
public static class Patterns
{
    /// <summary>A manifest digest, or an OSTree commit.</summary>
    public const string Digest = "^(sha256:)?[0-9a-f]{64}$";

    /// <summary>A reason, as in metav1.Condition.</summary>
    public const string Reason = "^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$";

    /// <summary>Visible ASCII characters without spaces.</summary>
    public const string Word = "^[!-~]+$";
}
