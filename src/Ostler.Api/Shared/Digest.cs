namespace Ostler.Api.Shared;

/// <summary>How image digests are written and compared. A container image's has its algorithm before it (<c>sha256:…</c>), an OSTree commit has none.</summary>
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
