using System.Buffers;

namespace Ostler.Agent.Host;

/// <summary>
/// Checks what comes from the API before it becomes an argument of a host tool. The CRD's patterns say the same; the agent, which runs as
/// root on the host, does not take the API server's word for it. Nothing that passes can be taken for an option, units excepted.
/// </summary>
internal static class HostArguments
{
    private const string Sha256 = "sha256:";
    private const string Letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");
    private static readonly SearchValues<char> NameCharacters = SearchValues.Create(Letters + "._-");
    private static readonly SearchValues<char> RefCharacters = SearchValues.Create(Letters + "._-/");
    private static readonly SearchValues<char> RepositoryCharacters = SearchValues.Create(Letters + "._-/:");
    private static readonly SearchValues<char> UnitCharacters = SearchValues.Create(Letters + ":_.\\@-");

    /// <summary>An OSTree commit: 64 hexadecimal digits.</summary>
    public static bool IsCommit(string text) => text.Length == 64 && !text.AsSpan().ContainsAnyExcept(HexDigits);

    /// <summary>A manifest digest: <c>sha256:</c> and 64 hexadecimal digits.</summary>
    public static bool IsManifestDigest(string text) =>
        text.StartsWith(Sha256, StringComparison.Ordinal) && IsCommit(text[Sha256.Length..]);

    /// <summary>
    /// A container repository without tag or digest, with a host before the first slash: <c>quay.io/acme/edge-os</c>, <c>[::1]</c>
    /// excepted.
    /// </summary>
    public static bool IsRepository(string text) =>
        text.Length is > 0 and <= 255
        && char.IsAsciiLetterOrDigit(text[0])
        && !text.AsSpan().ContainsAnyExcept(RepositoryCharacters)
        && text.Split('/') is { Length: > 1 } parts
        && parts.All(part => part.Length > 0 && part[0] is not ('.' or '-'))
        && text.LastIndexOf(':') < text.IndexOf('/', StringComparison.Ordinal);

    public static bool IsRemote(string text) =>
        text.Length is > 0 and <= 64 && char.IsAsciiLetterOrDigit(text[0]) && !text.AsSpan().ContainsAnyExcept(NameCharacters);

    /// <summary>A branch: parts joined by slashes, none of which is empty or begins with a dot or a dash.</summary>
    public static bool IsRef(string text) =>
        text.Length is > 0 and <= 255
        && !text.AsSpan().ContainsAnyExcept(RefCharacters)
        && text.Split('/').All(part => part.Length > 0 && part[0] is not ('.' or '-'));

    public static bool IsUrl(string text) =>
        text.Length <= 2048
        && (text.StartsWith("https://", StringComparison.Ordinal) || text.StartsWith("http://", StringComparison.Ordinal))
        && !text.Any(c => char.IsWhiteSpace(c) || char.IsControl(c));

    /// <summary>A systemd unit. It may begin with a dash (<c>-.mount</c>): units stand behind <c>--</c>.</summary>
    public static bool IsUnit(string text) => text.Length is > 0 and <= 255 && !text.AsSpan().ContainsAnyExcept(UnitCharacters);
}
