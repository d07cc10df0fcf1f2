using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.Logging;
using Ostler.Api.Meta;
using Ostler.Controller.Console.Views;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Core;

namespace Ostler.Controller.Console.Access;

/// <summary>Why a request is not answered, for the page and for people. What to do next is in the message.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Reason">In one word.</param>
/// <param name="Message">For people.</param>
internal sealed record Refusal([property: System.Text.Json.Serialization.JsonIgnore] int Status, string Reason, string Message);

/// <summary>What a visitor may see: nothing (a refusal), the fleet, and the Events of its nodes.</summary>
/// <param name="Refused">Why nothing is shown; null when the fleet is.</param>
/// <param name="Events">Whether Events are shown.</param>
/// <param name="User">The user name of the token; null when no token was required.</param>
internal sealed record ConsoleAccess(Refusal? Refused, bool Events, string? User = null)
{
    /// <summary>Of whoever comes over loopback: the API server has let them forward a port already.</summary>
    public static ConsoleAccess All { get; } = new(null, true);
}

/// <summary>
/// Asks the API server whose a bearer token is, and whether its owner may list what the console shows: it shows nobody more than kubectl
/// would.
/// </summary>
/// <remarks>
/// Tokens are neither logged nor kept: answers are remembered under their SHA-256, <see cref="AllowedFor"/> or <see cref="RefusedFor"/>,
/// which is also how long a withdrawn right lives on. At most <see cref="MaxRemembered"/> answers, and four questions under way at once:
/// who guesses tokens slows down other guests, not the API server.
/// </remarks>
internal sealed partial class AccessReviews(ApiClient client, TimeProvider time, ILogger logger) : IDisposable
{
    public static readonly TimeSpan AllowedFor = TimeSpan.FromMinutes(1);
    public static readonly TimeSpan RefusedFor = TimeSpan.FromSeconds(10);
    public const int MaxRemembered = 256;
    private const int MaxToken = 16 * 1024;

    /// <summary>What the fleet is made of.</summary>
    private static readonly (string Group, string Resource)[] Shown =
        [("", "nodes"), (OstlerApi.Group, "nodeoses"), (OstlerApi.Group, "upgradepolicies"), (OstlerApi.Group, "osimages")];

    private readonly ConcurrentDictionary<string, (ConsoleAccess Access, long Until)> _answers = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _asking = new(4);

    /// <summary>How many answers are remembered now.</summary>
    public int Remembering => _answers.Count;

    /// <param name="authorization">The header Authorization.</param>
    /// <param name="cancellationToken">Ends the question.</param>
    public async Task<ConsoleAccess> AskAsync(string? authorization, CancellationToken cancellationToken)
    {
        const string Bearer = "Bearer ";
        if (authorization is null || !authorization.StartsWith(Bearer, StringComparison.OrdinalIgnoreCase) || authorization.Length is < 8 or > MaxToken)
        {
            return Refuse(401, "TokenMissing", "Sign in with a token of the cluster: kubectl create token SERVICEACCOUNT --namespace NAMESPACE.");
        }

        var token = authorization[Bearer.Length..].Trim();
        var key = Convert.ToHexString(SHA256.HashData(Encoding.UTF8.GetBytes(token)));
        if (Remembered(key) is { } known)
        {
            return known;
        }

        await _asking.WaitAsync(cancellationToken);
        try
        {
            return Remembered(key) ?? Remember(key, await ReviewAsync(token, cancellationToken));
        }
        catch (Exception e) when (e is ApiException or TimeoutException or HttpRequestException or IOException)
        {
            // Fail closed, and remember nothing: the next request asks anew.
            LogNotReviewed(e.Message);
            return Refuse(503, "ReviewFailed", e is ApiException { IsForbidden: true }
                ? "The controller may not review tokens. Apply config/console, or set console.service.enabled in the chart."
                : "The API server could not review this token. Try again; the controller's log has the error.");
        }
        finally
        {
            _asking.Release();
        }
    }

    public void Dispose() => _asking.Dispose();

    private async Task<ConsoleAccess> ReviewAsync(string token, CancellationToken cancellationToken)
    {
        var review = await client.CreateAsync(CoreResources.TokenReviews, new() { Spec = new() { Token = token } }, cancellationToken);
        if (review.Status is not { Authenticated: true, User: { Username.Length: > 0 } user })
        {
            LogUnknownToken();
            return Refuse(401, "TokenRefused", "The API server does not know this token. It may have expired: create another one with kubectl create token.");
        }

        foreach (var (group, resource) in Shown)
        {
            if (!await MayListAsync(user, "", group, resource, cancellationToken))
            {
                LogForbidden(user.Username, resource);
                return Refuse(403, "Forbidden",
                    $"{user.Username} may not list {resource}{(group.Length > 0 ? "." + group : "")}. An administrator can grant it: kubectl create clusterrolebinding NAME --clusterrole=ostler-console-viewer --user={user.Username}");
            }
        }

        LogSignedIn(user.Username);
        return new(null, await MayListAsync(user, NodeEvents.Namespace, "", "events", cancellationToken), user.Username);
    }

    private async Task<bool> MayListAsync(UserInfo user, string @namespace, string group, string resource, CancellationToken cancellationToken)
    {
        var review = await client.CreateAsync(
            CoreResources.SubjectAccessReviews,
            new()
            {
                Spec = new()
                {
                    User = user.Username,
                    Uid = user.Uid,
                    Groups = user.Groups,
                    Extra = user.Extra,
                    ResourceAttributes = new() { Verb = "list", Group = group, Resource = resource, Namespace = @namespace.Length == 0 ? null : @namespace },
                },
            },
            cancellationToken);
        return review.Status?.Allowed == true;
    }

    private ConsoleAccess? Remembered(string key) => _answers.TryGetValue(key, out var known) && time.GetTimestamp() < known.Until ? known.Access : null;

    private ConsoleAccess Remember(string key, ConsoleAccess access)
    {
        var now = time.GetTimestamp();
        if (_answers.Count >= MaxRemembered)
        {
            foreach (var (old, answer) in _answers)
            {
                if (answer.Until <= now || _answers.Count >= MaxRemembered)
                {
                    _answers.TryRemove(old, out _);
                }
            }
        }

        _answers[key] = (access, now + (long)((access.Refused is null ? AllowedFor : RefusedFor).TotalSeconds * time.TimestampFrequency));
        return access;
    }

    private static ConsoleAccess Refuse(int status, string reason, string message) => new(new(status, reason, message), false);

    [LoggerMessage(1, LogLevel.Warning, "A token could not be reviewed: {Error}")]
    private partial void LogNotReviewed(string error);

    [LoggerMessage(2, LogLevel.Information, "A token was refused: the API server does not know it")]
    private partial void LogUnknownToken();

    [LoggerMessage(3, LogLevel.Information, "{User} may not see the console, because they may not list {Resource}")]
    private partial void LogForbidden(string user, string resource);

    [LoggerMessage(4, LogLevel.Information, "{User} opened the console")]
    private partial void LogSignedIn(string user);
}
