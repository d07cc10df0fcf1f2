namespace Ostler.Controller.OSImages.Registry;

/// <summary>How a server wants to be convinced (WWW-Authenticate): a scheme and its parameters.</summary>
public sealed record AuthChallenge(string Scheme, IReadOnlyDictionary<string, string> Parameters)
{
    /// <summary>Where a token is to be had, for the scheme Bearer.</summary>
    public string? Realm => Parameters.GetValueOrDefault("realm");

    public string? Service => Parameters.GetValueOrDefault("service");

    public string? Scope => Parameters.GetValueOrDefault("scope");

    /// <summary>Why the last try was refused.</summary>
    public string? Error => Parameters.GetValueOrDefault("error");

    public bool Is(string scheme) => Scheme.Equals(scheme, StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads one value of the header; what cannot be read is left out.</summary>
    /// <param name="scheme">The scheme.</param>
    /// <param name="parameters">What follows it: <c>name="value"</c>, separated by commas, in which a quoted value may hold commas.</param>
    public static AuthChallenge Of(string scheme, string? parameters)
    {
        var found = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        var rest = (parameters ?? "").AsSpan().TrimStart();
        while (rest.Length > 0)
        {
            var equals = rest.IndexOf('=');
            if (equals <= 0)
            {
                break;
            }

            var name = rest[..equals].Trim().TrimStart(',').Trim().ToString();
            rest = rest[(equals + 1)..].TrimStart();
            var value = rest.Length > 0 && rest[0] == '"' ? Quoted(ref rest) : Plain(ref rest);
            found.TryAdd(name, value);
            rest = rest.TrimStart().TrimStart(',').TrimStart();
        }

        return new(scheme, found);
    }

    private static string Plain(ref ReadOnlySpan<char> rest)
    {
        var end = rest.IndexOf(',');
        var value = end < 0 ? rest : rest[..end];
        rest = end < 0 ? [] : rest[end..];
        return value.Trim().ToString();
    }

    private static string Quoted(ref ReadOnlySpan<char> rest)
    {
        var value = new System.Text.StringBuilder();
        var i = 1;
        for (; i < rest.Length && rest[i] != '"'; i++)
        {
            i += rest[i] == '\\' && i + 1 < rest.Length ? 1 : 0;
            value.Append(rest[i]);
        }

        rest = rest[Math.Min(i + 1, rest.Length)..];
        return value.ToString();
    }
}
