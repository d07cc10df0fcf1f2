using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Ostler.Controller.OSImages.Registry;

/// <summary>Who one is to a registry. Never logged, never shown.</summary>
/// <param name="User">The name; empty beside an identity token.</param>
/// <param name="Password">The password.</param>
/// <param name="IdentityToken">A refresh token that takes the place of both; null: none.</param>
internal sealed record RegistryCredential(string User, string Password, string? IdentityToken)
{
    // A record would print its secrets.
    public override string ToString() => $"credential of {(User.Length > 0 ? User : "an identity token")}";
}

/// <summary>
/// The entries of a pull secret, and which of them is for an image. Keys are matched as the kubelet does: a host with an optional port and
/// path, a scheme and a trailing <c>/v1/</c> or <c>/v2/</c> ignored; <c>*</c> stands for one part of a host's name; the longest key wins.
/// </summary>
internal sealed class PullCredentials
{
    private readonly List<(string Host, string Path, RegistryCredential Credential)> _entries = [];
    private readonly List<(string Host, string Path, string Key)> _malformed = [];

    /// <summary>No credentials.</summary>
    public static PullCredentials None { get; } = new();

    /// <summary>How many entries there are, for messages.</summary>
    public int Count => _entries.Count;

    /// <summary>The credential for a repository; null: none is meant for it.</summary>
    /// <param name="host">The registry's host with its port, as images are named after it.</param>
    /// <param name="repository">The path below it.</param>
    public RegistryCredential? For(string host, string repository)
    {
        foreach (var (entryHost, path, credential) in _entries)
        {
            if (Matches(entryHost, path, host, repository))
            {
                return credential;
            }
        }

        return null;
    }

    /// <summary>
    /// The key of an entry that is meant for a repository but cannot be read; null: there is none. The other entries count all the same.
    /// </summary>
    public string? MalformedFor(string host, string repository)
    {
        foreach (var (entryHost, path, key) in _malformed)
        {
            if (Matches(entryHost, path, host, repository))
            {
                return key;
            }
        }

        return null;
    }

    /// <param name="json">The value of the key <c>.dockerconfigjson</c>, or of <c>.dockercfg</c>.</param>
    /// <param name="legacy">Whether it is the latter, which is the inner part of the former.</param>
    /// <param name="credentials">The entries.</param>
    /// <param name="problem">What is wrong, without a word of what is secret.</param>
    public static bool TryRead(
        ReadOnlySpan<byte> json, bool legacy, [NotNullWhen(true)] out PullCredentials? credentials, [NotNullWhen(false)] out string? problem)
    {
        credentials = null;
        Dictionary<string, JsonElement>? auths;
        try
        {
            auths = legacy
                ? JsonSerializer.Deserialize(json, PullSecretJson.Default.DictionaryStringJsonElement)
                : JsonSerializer.Deserialize(json, PullSecretJson.Default.DockerConfigJson)?.Auths;
        }
        catch (JsonException)
        {
            problem = "is not the JSON that kubectl create secret docker-registry writes";
            return false;
        }

        var read = new PullCredentials();
        foreach (var (key, element) in auths ?? [])
        {
            var (host, path) = Normalized(key);
            switch (EntryOf(element, out var credential))
            {
                case Entry.Usable:
                    read._entries.Add((host, path, credential!));
                    break;
                case Entry.Malformed:
                    read._malformed.Add((host, path, key));
                    break;
                default:
                    // docker login leaves an entry without credentials where a credential store has them.
                    break;
            }
        }

        // The longest path first, and of hosts the one without a wildcard, so that the first that fits is the best.
        read._entries.Sort(static (a, b) =>
            a.Path.Length != b.Path.Length ? b.Path.Length - a.Path.Length
            : a.Host.Contains('*') != b.Host.Contains('*') ? (a.Host.Contains('*') ? 1 : -1)
            : string.CompareOrdinal(a.Host, b.Host));
        credentials = read;
        problem = null;
        return true;
    }

    private enum Entry
    {
        Empty,
        Usable,
        Malformed,
    }

    private static Entry EntryOf(JsonElement element, out RegistryCredential? credential)
    {
        credential = null;
        DockerConfigEntry? entry;
        try
        {
            entry = element.Deserialize(PullSecretJson.Default.DockerConfigEntry);
        }
        catch (JsonException)
        {
            return Entry.Malformed;
        }

        var (user, password) = (entry?.Username ?? "", entry?.Password ?? "");
        if (entry?.Auth is { } auth && !string.IsNullOrWhiteSpace(auth) && !TryDecode(auth, out user, out password))
        {
            return Entry.Malformed;
        }

        var token = string.IsNullOrWhiteSpace(entry?.IdentityToken) ? null : entry.IdentityToken;
        if (string.IsNullOrWhiteSpace(user) && token is null)
        {
            return Entry.Empty;
        }

        credential = new(user, password, token);
        return Entry.Usable;
    }

    // With or without the padding of base64, as the kubelet reads it.
    private static bool TryDecode(string auth, out string user, out string password)
    {
        (user, password) = ("", "");
        var text = auth.Trim();
        var bytes = new byte[text.Length];
        if (!Convert.TryFromBase64String(text.PadRight((text.Length + 3) / 4 * 4, '='), bytes, out var written))
        {
            return false;
        }

        var decoded = Encoding.UTF8.GetString(bytes.AsSpan(0, written));
        var colon = decoded.IndexOf(':', StringComparison.Ordinal);
        if (colon < 0)
        {
            return false;
        }

        (user, password) = (decoded[..colon], decoded[(colon + 1)..].TrimEnd('\0'));
        return true;
    }

    private static (string Host, string Path) Normalized(string key)
    {
        var scheme = key.IndexOf("://", StringComparison.Ordinal);
        var text = (scheme < 0 ? key : key[(scheme + 3)..]).TrimEnd('/');
        var slash = text.IndexOf('/', StringComparison.Ordinal);
        var (host, path) = slash < 0 ? (text, "") : (text[..slash], text[(slash + 1)..]);
        path = path is "v1" or "v2" ? "" : path;
        return (host is "index.docker.io" or "registry-1.docker.io" ? "docker.io" : host, path);
    }

    private static bool Matches(string entryHost, string path, string host, string repository) =>
        MatchesHost(entryHost, host) && (path.Length == 0 || repository == path || repository.StartsWith(path + "/", StringComparison.Ordinal));

    // Part by part, so that a wildcard never reaches over a dot: *.example is no key for evil.registry.example.
    private static bool MatchesHost(string key, string host)
    {
        if (!key.Contains('*', StringComparison.Ordinal))
        {
            return key.Equals(host, StringComparison.OrdinalIgnoreCase);
        }

        var (keyName, keyPort) = Port(key);
        var (name, port) = Port(host);
        var (wanted, given) = (keyName.Split('.'), name.Split('.'));
        return keyPort == port && wanted.Length == given.Length && wanted.Zip(given).All(p => MatchesPart(p.First, p.Second));
    }

    private static (string Name, string Port) Port(string host)
    {
        var colon = host.IndexOf(':', StringComparison.Ordinal);
        return colon < 0 ? (host, "") : (host[..colon], host[colon..]);
    }

    private static bool MatchesPart(string pattern, string part)
    {
        var star = pattern.IndexOf('*', StringComparison.Ordinal);
        if (star < 0)
        {
            return pattern.Equals(part, StringComparison.OrdinalIgnoreCase);
        }

        var (before, after) = (pattern[..star], pattern[(star + 1)..].TrimStart('*'));
        return part.Length >= before.Length + after.Length
            && part.StartsWith(before, StringComparison.OrdinalIgnoreCase)
            && part.EndsWith(after, StringComparison.OrdinalIgnoreCase);
    }
}

/// <summary>The value of <c>.dockerconfigjson</c>.</summary>
internal sealed record DockerConfigJson
{
    public Dictionary<string, JsonElement>? Auths { get; init; }
}

/// <summary>One registry's entry in it.</summary>
internal sealed record DockerConfigEntry
{
    public string? Username { get; init; }

    public string? Password { get; init; }

    /// <summary>Both, as user:password in base64.</summary>
    public string? Auth { get; init; }

    [JsonPropertyName("identitytoken")]
    public string? IdentityToken { get; init; }
}

/// <summary>Reads pull secrets without reflection, as leniently as the kubelet does.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(DockerConfigJson))]
[JsonSerializable(typeof(DockerConfigEntry))]
[JsonSerializable(typeof(Dictionary<string, JsonElement>))]
internal sealed partial class PullSecretJson : JsonSerializerContext;
