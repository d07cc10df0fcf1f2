using System.Net;

namespace Ostler.Kubernetes.Client;

/// <summary>The API server answered, and the answer was no.</summary>
public sealed class ApiException : Exception
{
    /// <summary>
    /// An API server is asked again after this at the latest. Its own flow control asks for a second, a disruption budget for ten; whoever
    /// obeyed an hour would be deaf to the cluster for as long, with every probe green.
    /// </summary>
    public static readonly TimeSpan LongestRetryAfter = TimeSpan.FromSeconds(30);

    public ApiException(HttpStatusCode code, ApiStatus? status, TimeSpan? retryAfter = null, string? request = null)
        : base(Describe(code, status, request))
    {
        Code = code;
        Status = status;
        var asked = retryAfter ?? (status?.Details?.RetryAfterSeconds is > 0 and var s ? TimeSpan.FromSeconds(s) : null);
        RetryAfter = asked is { } wait ? RetryAfterHeader.Bounded(wait, LongestRetryAfter) : null;
    }

    public HttpStatusCode Code { get; }

    /// <summary>The server's reason in one CamelCase word; empty when it gave none.</summary>
    public string Reason => Status?.Reason ?? "";

    /// <summary>The server's own words; null when a proxy answered with something else.</summary>
    public ApiStatus? Status { get; }

    /// <summary>How long the server asks to wait, at most <see cref="LongestRetryAfter"/>; null when it does not say.</summary>
    public TimeSpan? RetryAfter { get; }

    /// <summary>Causes of <see cref="ApiStatusDetails.Causes"/>; never null.</summary>
    public IReadOnlyList<ApiStatusCause> Causes => Status?.Details?.Causes ?? [];

    /// <summary>
    /// The object is not as the request supposed: another resourceVersion or UID. Read again, decide again.
    /// Not a create that collides with an existing name (<see cref="IsAlreadyExists"/>), nor an apply of fields that another manager owns
    /// (<see cref="IsFieldManagerConflict"/>): those do not pass by looking again.
    /// </summary>
    /// <remarks>
    /// The server calls a wrong UID in a patch a change of an immutable field (422 with a cause on <c>metadata.uid</c>),
    /// but for the caller it is the same thing: the object was replaced under its name.
    /// </remarks>
    public bool IsConflict =>
        (Code == HttpStatusCode.Conflict && !IsAlreadyExists && !IsFieldManagerConflict)
        || (Code == HttpStatusCode.UnprocessableEntity && Causes.Any(c => c.Field == "metadata.uid"));

    /// <summary>Of an apply without force: others own the fields that the <see cref="Causes"/> name.</summary>
    public bool IsFieldManagerConflict => Code == HttpStatusCode.Conflict && Causes.Any(c => c.Type == "FieldManagerConflict");

    public bool IsAlreadyExists => Code == HttpStatusCode.Conflict && Reason == "AlreadyExists";
    public bool IsNotFound => Code == HttpStatusCode.NotFound;

    /// <summary>The resource version or continue token is too old: list anew.</summary>
    public bool IsGone => Code == HttpStatusCode.Gone || Reason is "Expired" or "Gone";

    /// <summary>Overload; or, of an eviction, a disruption budget: see <see cref="Causes"/> for which.</summary>
    public bool IsTooManyRequests => Code == HttpStatusCode.TooManyRequests;

    /// <summary>Of a create or an eviction: the namespace is being deleted, so the object will go by itself.</summary>
    public bool IsForbiddenNamespaceTerminating =>
        Code == HttpStatusCode.Forbidden && Causes.Any(c => c.Type == "NamespaceTerminating");

    public bool IsForbidden => Code == HttpStatusCode.Forbidden;
    public bool IsUnauthorized => Code == HttpStatusCode.Unauthorized;
    public bool IsInvalid => Code == HttpStatusCode.UnprocessableEntity;

    private static string Describe(HttpStatusCode code, ApiStatus? status, string? request)
    {
        var text = status switch
        {
            { Message.Length: > 0 } => status.Message,
            { Reason.Length: > 0 } => status.Reason,
            _ => "no status in the answer",
        };
        return request is null ? $"{text} ({(int)code})" : $"{request}: {text} ({(int)code})";
    }
}
