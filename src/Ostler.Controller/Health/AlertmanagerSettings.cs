using System.Diagnostics.CodeAnalysis;

namespace Ostler.Controller.Health;

/// <summary>
/// The Alertmanager of the installation. Who writes policies does not choose where its credentials go: another URL gets none of them, and
/// is asked only where the installation allows it.
/// </summary>
internal sealed record AlertmanagerSettings
{
    /// <summary>Its URL, without <c>/api/v2</c>; null: none is configured.</summary>
    public Uri? Url { get; init; }

    /// <summary>A file with the certificate authorities to trust, in PEM; null: the public ones. Read at each request.</summary>
    public string? AuthoritiesFile { get; init; }

    /// <summary>A file with a bearer token; null: none is sent. Read at each request, so that it may be rotated.</summary>
    public string? TokenFile { get; init; }

    /// <summary>Whether a policy may name another Alertmanager.</summary>
    public bool AllowOtherUrls { get; init; }

    /// <summary>Why these settings cannot be used, and what to change; null: they can.</summary>
    public string? Problem => this switch
    {
        { Url: null, TokenFile: not null } or { Url: null, AuthoritiesFile: not null } =>
            "--alertmanager-ca-file and --alertmanager-token-file belong to --alertmanager-url: set it as well.",
        { TokenFile: not null, Url.Scheme: not "https" } =>
            "--alertmanager-token-file needs an https URL in --alertmanager-url: anyone on the network path could read the token.",
        { AuthoritiesFile: not null, Url.Scheme: not "https" } =>
            "--alertmanager-ca-file has no effect with an http URL: use https, or remove it.",
        _ => null,
    };

    /// <summary>An http or https URL of a server, without query, fragment, user and password.</summary>
    public static bool IsUrl(string text, [NotNullWhen(true)] out Uri? url) =>
        Uri.TryCreate(text, UriKind.Absolute, out url)
            && url is { Scheme: "http" or "https", Host.Length: > 0, UserInfo: "", Query: "", Fragment: "" };
}
