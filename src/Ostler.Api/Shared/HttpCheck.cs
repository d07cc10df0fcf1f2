using System.Text.Json.Serialization;
using Ostler.Api.OSImages;
using Ostler.Api.Schema;

namespace Ostler.Api.Shared;

/// <summary>From where an HTTP check is made.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<HttpCheckOrigin>))]
public enum HttpCheckOrigin
{
    /// <summary>From the network of the node itself, by its agent. Names are resolved as for pods: by the cluster's DNS, then by the host's.</summary>
    Host,

    /// <summary>From the controller's pod.</summary>
    Controller,
}

/// <summary>An HTTP GET. At most 5 redirects are followed, none from https to http; proxies of the environment are not used. Link-local and cloud metadata addresses are refused.</summary>
public sealed record HttpCheck
{
    /// <summary>The address; <c>{node}</c> stands for the node's name, <c>{address}</c> for its internal IP.</summary>
    [MinLength(1), MaxLength(2048), Pattern("^https?://[^\\s]+$")]
    public required string Url { get; init; }

    /// <summary>From where.</summary>
    [Default("\"Host\"")]
    public HttpCheckOrigin From { get; init; }

    /// <summary>Whom to trust behind https. Default: the public authorities.</summary>
    public CheckTls? Tls { get; init; }
}

/// <summary>Whom a check trusts behind https.</summary>
[Cel("!(has(self.caBundle) && has(self.caSecretRef))", "set at most one of caBundle and caSecretRef")]
public sealed record CheckTls
{
    /// <summary>The authorities that may have signed the server's certificate, in PEM; no others count then.</summary>
    [MaxLength(65536)]
    public string? CaBundle { get; init; }

    /// <summary>A Secret in Ostler's own namespace with these in its key <c>ca.crt</c>, marked <c>ostler.dev/use: health-check</c>. Not for checks from the host: agents read no Secrets.</summary>
    public SecretReference? CaSecretRef { get; init; }

    /// <summary>The name that the certificate must bear. Default: the host of the URL.</summary>
    [MaxLength(253)]
    public string? ServerName { get; init; }

    /// <summary>Whether any certificate will do. Whoever is on the way can then answer in the server's place.</summary>
    [Default("false")]
    public bool InsecureSkipVerify { get; init; }
}
