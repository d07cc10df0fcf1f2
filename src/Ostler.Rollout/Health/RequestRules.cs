using Ostler.Api.OSImages;
using Ostler.Api.Shared;

namespace Ostler.Rollout.Health;

/// <summary>Which headers and parameters a policy may add to a request, when it is validated and again right before it is sent.</summary>
public static class RequestRules
{
    /// <summary>
    /// These would change whom a request is for, who sends it, or how it is read. A policy is also no place for a credential.
    /// </summary>
    private static readonly HashSet<string> ReservedHeaders = new(StringComparer.OrdinalIgnoreCase)
    {
        "Accept-Encoding", "Authorization", "Connection", "Cookie", "Expect", "Host", "Keep-Alive", "Proxy-Authorization", "Proxy-Connection", "TE", "Trailer",
        "Transfer-Encoding", "Upgrade", "User-Agent",
    };

    private static readonly HashSet<string> ReservedParameters = new(StringComparer.OrdinalIgnoreCase) { "query", "time", "timeout" };

    /// <summary>Why a token is not sent to a server whose certificate is not verified.</summary>
    public const string InsecureToken =
        "must not be set with bearerTokenSecretRef: any server could take the token. Name the authority in caBundle or caSecretRef";

    /// <summary>What is wrong with a request that carries a token to whoever answers; null: nothing.</summary>
    public static (string Field, string Message)? Problem(SecretReference? token, CheckTls? tls) =>
        token is not null && tls?.InsecureSkipVerify == true ? ("tls.insecureSkipVerify", InsecureToken) : null;

    /// <summary>What is wrong with the first header or parameter that may not be sent, and in which field; null when all may.</summary>
    public static (string Field, string Message)? Problem(PrometheusCheck check)
    {
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        for (var i = 0; i < (check.Headers?.Count ?? 0); i++)
        {
            if (Problem(check.Headers![i]) is { } problem)
            {
                return ($"headers[{i}]", problem);
            }

            if (!names.Add(check.Headers[i].Name))
            {
                return ($"headers[{i}].name", $"{check.Headers[i].Name} is used twice");
            }
        }

        for (var i = 0; i < (check.Parameters?.Count ?? 0); i++)
        {
            if (check.Parameters![i].Name is var name && (name.Length == 0 || ReservedParameters.Contains(name)))
            {
                return ($"parameters[{i}].name", "must not be empty, query, time or timeout: Ostler sets these");
            }
        }

        return null;
    }

    private static string? Problem(RequestHeader header)
    {
        if (header.Name.Length == 0 || !header.Name.All(static c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_'))
        {
            return "has a name with other characters than letters, digits, - and _";
        }

        if (header.Name.Equals("Authorization", StringComparison.OrdinalIgnoreCase))
        {
            return "must not be Authorization: put the token into bearerTokenSecretRef";
        }

        if (ReservedHeaders.Contains(header.Name) || header.Name.StartsWith("Content-", StringComparison.OrdinalIgnoreCase))
        {
            return $"must not be {header.Name}: Ostler sets it";
        }

        return header.Value.Length == 0 || header.Value.Any(static c => c is < ' ' or > '~') ? "has a value that is not printable ASCII" : null;
    }
}
