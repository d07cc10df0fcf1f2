namespace Ostler.Api.Shared;

/// <summary>How digests are written and compared. An image's names its algorithm (<c>sha256:…</c>), a commit does not.</summary>
public static class Digest
{
    private const int ShortLength = 12;

    /// <summary>Without its algorithm.</summary>
    public static string Bare(string digest)
    {
        ArgumentNullException.ThrowIfNull(digest);
        return digest[(digest.IndexOf(':', StringComparison.Ordinal) + 1)..];
    }

    /// <summary>The first twelve digits, enough to tell images apart and to find one.</summary>
    public static string Shorten(string digest)
    {
        var bare = Bare(digest);
        return bare.Length <= ShortLength ? bare : bare[..ShortLength];
    }
}
