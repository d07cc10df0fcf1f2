using System.Text.Json.Serialization;
using Ostler.Api.OSImages;
using Ostler.Api.Schema;

namespace Ostler.Api.Shared;

/// <summary>
/// No alert of an Alertmanager (API v2) that matches may be active. Silenced and inhibited alerts do not count. The controller asks the
/// Alertmanager that the installation names (flag --alertmanager-url, chart value alertmanager.url).
/// </summary>
[Cel(
    "!(has(self.bearerTokenSecretRef) && has(self.tls) && has(self.tls.insecureSkipVerify) && self.tls.insecureSkipVerify)",
    "insecureSkipVerify must not be set with bearerTokenSecretRef: any server could take the token")]
[Cel("has(self.url) || !(has(self.tls) || has(self.bearerTokenSecretRef))",
    "tls and bearerTokenSecretRef belong to url: the installation's Alertmanager has its own")]
public sealed record AlertsCheck
{
    /// <summary>
    /// Which alerts count: those that match all of these, such as <c>{name: severity, value: critical}</c>. Every alert:
    /// <c>{name: alertname, value: ".+", operator: Matches}</c>.
    /// </summary>
    [MinItems(1), MaxItems(16)]
    public required IReadOnlyList<AlertMatcher> Matchers { get; init; }

    /// <summary>Names of alerts that do not count, such as InfoInhibitor.</summary>
    [MaxItems(64), MinLength(1), MaxLength(256)]
    public IReadOnlyList<string>? Ignore { get; init; }

    /// <summary>
    /// The name of an alert that always fires while monitoring works, such as kube-prometheus' Watchdog. If it is not active, the
    /// Alertmanager has nothing to say about the cluster, and the result is missing. It never counts itself. Default: none.
    /// </summary>
    [MinLength(1), MaxLength(256)]
    public string? Watchdog { get; init; }

    /// <summary>
    /// Another Alertmanager's URL, without <c>/api/v2</c>. Only where the installation allows it (--alertmanager-allow-other-urls).
    /// </summary>
    [MinLength(1), MaxLength(2048), Pattern("^https?://[^\\s]+$")]
    public string? Url { get; init; }

    /// <summary>Which certificates to trust at <c>url</c>. Default: the public certificate authorities.</summary>
    public CheckTls? Tls { get; init; }

    /// <summary>
    /// A Secret in Ostler's own namespace whose key <c>token</c> is sent to <c>url</c> as the bearer token, over https only. The Secret
    /// must carry <c>ostler.dev/use: health-check</c>. The installation's own credentials are sent to its own Alertmanager only.
    /// </summary>
    public SecretReference? BearerTokenSecretRef { get; init; }
}

/// <summary>One label that an alert must have.</summary>
public sealed record AlertMatcher
{
    /// <summary>The label.</summary>
    [MinLength(1), MaxLength(256), Pattern("^[a-zA-Z_:][a-zA-Z0-9_:]*$")]
    public required string Name { get; init; }

    /// <summary>The value to compare with. In a health check, <c>{node}</c> stands for the node's name.</summary>
    [MaxLength(1024)]
    public required string Value { get; init; }

    /// <summary>How they are compared.</summary>
    [Default("\"Equal\"")]
    public AlertOperator Operator { get; init; }
}

/// <summary>How the label of an alert is compared.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<AlertOperator>))]
public enum AlertOperator
{
    /// <summary>The label has this value. A missing label has the value "".</summary>
    Equal,

    /// <summary>The label has another value, or is missing.</summary>
    NotEqual,

    /// <summary>The whole value matches the regular expression (RE2).</summary>
    Matches,

    /// <summary>The whole value does not match the regular expression (RE2).</summary>
    DoesNotMatch,
}
