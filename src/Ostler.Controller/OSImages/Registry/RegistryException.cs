using System.Net;
using Ostler.Api.Meta;

namespace Ostler.Controller.OSImages.Registry;

/// <summary>A registry, or a Secret, did not give what was needed. The message quotes the registry where it had something to say.</summary>
internal sealed class RegistryException(string reason, string message) : Exception(message)
{
    /// <summary>One of <see cref="Reasons"/>.</summary>
    public string Reason => reason;

    /// <summary>How long the server asked to be left alone.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>The HTTP status; null: there was no answer. 200: the content is not what was asked for.</summary>
    public HttpStatusCode? Status { get; init; }

    /// <summary>The answer in short, as in <c>404 Not Found</c>; null: there was none.</summary>
    public string? Answer { get; init; }

    /// <summary>Whether the registry answered that it has no such thing.</summary>
    public bool IsNotFound => reason == Reasons.RefNotFound;

    /// <summary>
    /// Whether the same request will be answered in the same way next time. Registries that lack an API say so with 404, 400, 401, 403,
    /// 405, 406 or 501, or with a
    /// page in HTML, depending on the product.
    /// </summary>
    public bool IsDefinite => Status is HttpStatusCode.OK or HttpStatusCode.NotImplemented
        || (Status is >= HttpStatusCode.BadRequest and < HttpStatusCode.InternalServerError
            and not (HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests));
}
