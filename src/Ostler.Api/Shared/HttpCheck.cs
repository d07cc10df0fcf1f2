using System.Text.Json.Serialization;
using Ostler.Api.OSImages;
using Ostler.Api.Schema;

namespace Ostler.Api.Shared;

/// <summary>Where an HTTP check runs.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<HttpCheckOrigin>))]
public enum HttpCheckOrigin
{
    /// <summary>On the node's network, by its agent. Names are resolved by the cluster's DNS first, then by the host's.</summary>
    Host,

    /// <summary>In the controller's pod.</summary>
    Controller,
}

/// <summary>
/// An HTTP GET. Up to 5 redirects are followed, never from https to http. Proxies of the environment are not used. Link-local and cloud
/// metadata addresses are refused.
/// </summary>
public sealed record HttpCheck
{
    /// <summary>The URL. <c>{node}</c> stands for the node's name, <c>{address}</c> for its internal IP.</summary>
    [MinLength(1), MaxLength(2048), Pattern("^https?://[^\\s]+$")]
    public required string Url { get; init; }

    /// <summary>Where the check runs.</summary>
    [Default("\"Host\"")]
    public HttpCheckOrigin From { get; init; }

    /// <summary>Which certificates to trust with https. Default: the public certificate authorities.</summary>
    public CheckTls? Tls { get; init; }
}

/// <summary>Which certificates a check trusts with https.</summary>
[Cel("!(has(self.caBundle) && has(self.caSecretRef))", "set at most one of caBundle and caSecretRef")]
public sealed record CheckTls
{
    /// <summary>The certificate authorities to trust, in PEM. They replace the public ones.</summary>
    [MaxLength(65536)]
    public string? CaBundle { get; init; }

    /// <summary>
    /// A Secret in Ostler's own namespace with certificate authorities in its key <c>ca.crt</c>. It must carry the label
    /// <c>ostler.dev/use: health-check</c>. Not for checks on the host, because agents read no Secrets.
    /// </summary>
    public SecretReference? CaSecretRef { get; init; }

    /// <summary>The name that the certificate must have. Default: the host of the URL.</summary>
    [MaxLength(253)]
    public string? ServerName { get; init; }

    /// <summary>Whether to accept any certificate. Anyone on the network path can then forge answers.</summary>
    [Default("false")]
    public bool InsecureSkipVerify { get; init; }
}
