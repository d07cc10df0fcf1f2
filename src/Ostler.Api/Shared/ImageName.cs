using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Ostler.Api.Shared;

/// <summary>
/// The name of a container image, read as Docker, the kubelet and skopeo read it: <c>edge:1</c> is <c>docker.io/library/edge:1</c>. A tag
/// beside a digest is ignored: the digest says more.
/// </summary>
/// <param name="Registry">The registry's host as images are named after it, with its port: <c>docker.io</c>,
/// <c>registry.example:5000</c>.</param>
/// <param name="Repository">The path below it: <c>library/edge</c>.</param>
/// <param name="Tag">The tag; null when the image is named by its digest.</param>
/// <param name="Digest">As in <c>sha256:…</c>; null when the image is named by a tag.</param>
public sealed record ImageName(string Registry, string Repository, string? Tag, string? Digest)
{
    private const string DockerHub = "docker.io";
    private const int LongestTag = 128;
    private const int LongestRepository = 255;

    private static readonly SearchValues<char> HexDigits = SearchValues.Create("0123456789abcdef");

    /// <summary>Registry and repository, as in <c>quay.io/acme/edge-os</c>.</summary>
    public string Name => $"{Registry}/{Repository}";

    /// <summary>What the distribution API calls a reference: the digest, or else the tag.</summary>
    public string TagOrDigest => Digest ?? Tag!;

    /// <summary>The host that answers for the registry. Docker Hub's is not the one in the names of its images.</summary>
    public string Host => Registry == DockerHub ? "registry-1.docker.io" : Registry;

    public override string ToString() => Digest is null ? $"{Name}:{Tag}" : $"{Name}@{Digest}";

    /// <summary>The image as a node is told: by name and digest.</summary>
    public string At(string digest) => $"{Name}@{digest}";

    /// <param name="text">The name as people write it.</param>
    /// <param name="reference">The name in full.</param>
    /// <param name="problem">What is wrong with it and what to write instead.</param>
    public static bool TryParse(string text, [NotNullWhen(true)] out ImageName? reference, [NotNullWhen(false)] out string? problem)
    {
        reference = null;
        var at = text.IndexOf('@', StringComparison.Ordinal);
        var digest = at < 0 ? null : text[(at + 1)..];
        var name = at < 0 ? text : text[..at];
        if (digest is not null && !IsDigest(digest))
        {
            problem = "what follows @ must be sha256: and 64 hexadecimal digits in lower case";
            return false;
        }

        // A colon before the last slash belongs to the registry's port.
        var colon = name.LastIndexOf(':');
        var tag = colon > name.LastIndexOf('/') ? name[(colon + 1)..] : null;
        name = tag is null ? name : name[..colon];
        if (tag is not null && !IsTag(tag))
        {
            problem = $"the tag \"{tag}\" must be of letters, digits, dots, dashes and underscores, {LongestTag} at most, and not begin with a dot or a dash";
            return false;
        }

        var (registry, repository) = Split(name);
        if (!IsHost(registry))
        {
            problem = $"\"{registry}\" is not the host of a registry: write it as in registry.example:5000/acme/edge-os";
            return false;
        }

        if (repository.Length is 0 or > LongestRepository || !repository.Split('/').All(IsPathPart))
        {
            problem = $"\"{repository}\" is not a repository: write it in lower case, as in acme/edge-os, {LongestRepository} characters at most";
            return false;
        }

        problem = null;
        reference = new(registry, repository, digest is null ? tag ?? "latest" : null, digest);
        return true;
    }

    /// <summary>Whether it is a digest that names content: of the algorithms only SHA-256 is known to hosts and to the API.</summary>
    public static bool IsDigest([NotNullWhen(true)] string? text) =>
        text is not null && text.StartsWith("sha256:", StringComparison.Ordinal) && text.Length == 71 && text.AsSpan(7).IndexOfAnyExcept(HexDigits) < 0;

    /// <summary>The host and the rest, with the shorthand of Docker Hub written out.</summary>
    public static (string Registry, string Repository) Split(string name)
    {
        var slash = name.IndexOf('/', StringComparison.Ordinal);
        var first = slash < 0 ? "" : name[..slash];
        var isHost = first.AsSpan().IndexOfAny('.', ':') >= 0 || first == "localhost";
        var (registry, repository) = isHost ? (first, name[(slash + 1)..]) : (DockerHub, name);
        registry = registry is "index.docker.io" or "registry-1.docker.io" ? DockerHub : registry;
        return registry == DockerHub && !repository.Contains('/', StringComparison.Ordinal)
            ? (registry, $"library/{repository}")
            : (registry, repository);
    }

    private static bool IsTag(string tag) =>
        tag.Length is > 0 and <= LongestTag
        && (char.IsAsciiLetterOrDigit(tag[0]) || tag[0] == '_')
        && tag.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-');

    private static bool IsHost(string host)
    {
        var colon = host.IndexOf(':', StringComparison.Ordinal);
        if (colon >= 0 && !(ushort.TryParse(host.AsSpan(colon + 1), out var port) && port > 0))
        {
            return false;
        }

        return (colon < 0 ? host : host[..colon]).Split('.').All(
            part => part.Length > 0 && part[0] != '-' && part[^1] != '-' && part.All(c => char.IsAsciiLetterOrDigit(c) || c == '-'));
    }

    // Runs of letters and digits, joined by a dot, one or two underscores or any number of dashes.
    private static bool IsPathPart(string part)
    {
        if (part.Length == 0 || !IsLowerOrDigit(part[0]) || !IsLowerOrDigit(part[^1]))
        {
            return false;
        }

        for (var i = 0; i < part.Length; i++)
        {
            var from = i;
            while (!IsLowerOrDigit(part[i]))
            {
                i++;
            }

            if (i > from && part[from..i] is not ("." or "_" or "__") && part.AsSpan(from, i - from).IndexOfAnyExcept('-') >= 0)
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsLowerOrDigit(char c) => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c);
}
