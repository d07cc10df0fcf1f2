using System.Net;

namespace Ostler.Controller.OSImages.Registry;

/// <summary>The server's fault, or that of the way to it: worth another try. Carries the server's words.</summary>
internal sealed class TransientHttpException(string message) : Exception(message)
{
    /// <summary>The status that the server answered with; null: not known.</summary>
    public HttpStatusCode? Status { get; init; }

    /// <summary>The status in short, as in <c>502 Bad Gateway</c>.</summary>
    public string? Answer { get; init; }
}
