namespace Ostler.Agent.Host;

/// <summary>Words by which the failures of host tools are told apart: they have no codes.</summary>
internal static class ToolErrorText
{
    /// <summary>A file system is full, or nearly so.</summary>
    public static readonly string[] Disk =
        ["No space left on device", "min-free-space-percent", "min-free-space-size", "Disk quota exceeded", "Insufficient free space"];

    /// <summary>
    /// What they say of an image that can be had and whose signature is missing, another key's, or not asked for by a host's policy that
    /// must.
    /// </summary>
    public static readonly string[] Signature =
    [
        "GPG verification enabled", "GPG signatures found, but none are in trusted keyring", "BAD signature", "Can't check signature", "no signature exists", "no signatures found",
        "signature verification failed", "Source image rejected", "refusing usage", "signature was required", "Signature made", "Signature by key",
    ];

    /// <summary>What ostree says of a commit that its --timestamp-check refuses.</summary>
    public static readonly string[] Older = ["chronologically older"];

    /// <summary>What ostree and the libraries that pull containers say when an image cannot be had.</summary>
    public static readonly string[] Pull =
    [
        "Server returned HTTP", "While fetching", "No such branch", "Couldn't connect", "Couldn't resolve", "Could not resolve", "Remote \"", "GPG", "signature",
        "Timeout", "timed out", "Connection", "SSL", "Can't find commit", "No such metadata object",
        "pinging container registry", "i/o timeout", "connection refused", "no such host", "dial tcp", "manifest unknown", "unauthorized", "denied: ", "access denied",
        "toomanyrequests", "refusing usage", "reading manifest", "received unexpected HTTP status",
        // Bytes that are not what their name, a checksum, says.
        "Corrupted ", "Invalid compressed data", "does not match provided manifest digest",
    ];

    /// <summary>What tools say of a command line that this version of them does not have.</summary>
    public static readonly string[] CommandLine =
        ["unexpected argument", "unrecognized subcommand", "unknown option", "unrecognized option", "unknown command", "invalid value", "unsupported format version"];

    public static bool Any(string text, params string[] words)
    {
        foreach (var word in words)
        {
            if (text.Contains(word, StringComparison.OrdinalIgnoreCase))
            {
                return true;
            }
        }

        return false;
    }
}
