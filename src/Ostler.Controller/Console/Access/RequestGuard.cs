using Microsoft.AspNetCore.Http;

namespace Ostler.Controller.Console.Access;

/// <summary>What every request must be, and every answer says, whoever asks.</summary>
internal static class RequestGuard
{
    /// <summary>
    /// Nothing but our own files: no inline script or style, no frame, no form, nowhere else to connect to. Text that could be markup
    /// cannot be made into markup even by a mistake of ours (trusted types).
    /// </summary>
    public const string ContentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        + "require-trusted-types-for 'script'; trusted-types 'none'";

    /// <summary>The headers of every answer, errors included.</summary>
    public static void Harden(IHeaderDictionary headers)
    {
        headers.ContentSecurityPolicy = ContentSecurityPolicy;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=(), payment=(), usb=()";
        headers.CacheControl = "no-store";
    }

    /// <summary>Why a request is refused before anything is looked at; null when it is not.</summary>
    /// <param name="request">The request.</param>
    /// <param name="hosts">The names that it may be made under; empty: any, which only a console that asks for tokens allows.</param>
    public static Refusal? Refuse(HttpRequest request, IReadOnlyCollection<string> hosts)
    {
        // A page of somebody else's whose name was made to point here (DNS rebinding) still says its own name.
        if (hosts.Count > 0 && !hosts.Contains(request.Host.Host, StringComparer.OrdinalIgnoreCase))
        {
            return new(StatusCodes.Status421MisdirectedRequest, "HostNotServed",
                "This console is not served under that name. Open it as localhost (kubectl port-forward), or have the name added to --console-hosts.");
        }

        // Nothing here changes anything; but nobody else's page has any business with it either. "none" is a person who typed the address.
        return request.Headers["Sec-Fetch-Site"].ToString() is "cross-site" or "same-site" && request.Headers["Sec-Fetch-Mode"] != "navigate"
            ? new(StatusCodes.Status403Forbidden, "CrossSite", "Only the console's own page may request this.")
            : HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method)
                ? null
                : new(StatusCodes.Status405MethodNotAllowed, "ReadOnly", "The console is read-only. Change objects with kubectl, or through GitOps.");
    }

    /// <summary>The names of this machine for itself.</summary>
    public static IReadOnlyList<string> LoopbackNames { get; } = ["localhost", "127.0.0.1", "[::1]"];
}
