using System.Text.Json.Serialization;
using Ostler.Api.OSImages;
using Ostler.Api.Schema;

namespace Ostler.Api.Shared;

/// <summary>
/// A Prometheus instant query, sent by the controller. Thanos, Mimir and VictoriaMetrics serve the same API. An answer that the server
/// calls partial, or that has warnings, is an error and never passes.
/// </summary>
[Cel(
    "!(has(self.bearerTokenSecretRef) && has(self.tls) && has(self.tls.insecureSkipVerify) && self.tls.insecureSkipVerify)",
    "insecureSkipVerify must not be set with bearerTokenSecretRef: any server could take the token")]
public sealed record PrometheusCheck
{
    /// <summary>The server's URL, without <c>/api/v1</c>. Redirects are not followed, so that the token goes to no other server.</summary>
    [MinLength(1), MaxLength(2048), Pattern("^https?://[^\\s]+$")]
    public required string Url { get; init; }

    /// <summary>
    /// The query. It must return at least one sample, and each must be other than 0, or as <c>want</c> says. No sample, or NaN, counts
    /// as missing. <c>{node}</c> stands for the node's name, <c>{address}</c> for its internal IP. A comparison without <c>bool</c>
    /// drops the series for which it is false: <c>up == 1</c> passes if one of ten targets is up; <c>min(up) == bool 1</c> does not.
    /// </summary>
    [MinLength(1), MaxLength(4096)]
    public required string Query { get; init; }

    /// <summary>What each sample must be. Default: other than 0.</summary>
    public SampleComparison? Want { get; init; }

    /// <summary>Which certificates to trust with https. Default: the public certificate authorities.</summary>
    public CheckTls? Tls { get; init; }

    /// <summary>
    /// A Secret in Ostler's own namespace whose key <c>token</c> is sent as the bearer token. Only over https, and not with
    /// insecureSkipVerify. The Secret must carry <c>ostler.dev/use: health-check</c>.
    /// </summary>
    public SecretReference? BearerTokenSecretRef { get; init; }

    /// <summary>
    /// Request headers, such as Mimir's tenant (<c>X-Scope-OrgID</c>). Everyone who can read policies can read them, so put a token
    /// into bearerTokenSecretRef.
    /// </summary>
    [ListMap("name"), MaxItems(16)]
    public IReadOnlyList<RequestHeader>? Headers { get; init; }

    /// <summary>
    /// Query parameters of the request, such as <c>partial_response: "false"</c> for Thanos or <c>deny_partial_response: "1"</c> for
    /// VictoriaMetrics. Servers ignore parameters that they do not know. Not query, time and timeout, which Ostler sets.
    /// </summary>
    [MaxItems(16)]
    public IReadOnlyList<RequestParameter>? Parameters { get; init; }
}

/// <summary>How a sample is compared.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<SampleOperator>))]
public enum SampleOperator
{
    /// <summary>Equal to the number.</summary>
    Equal,

    /// <summary>Any other number.</summary>
    NotEqual,

    /// <summary>Less than the number.</summary>
    Less,

    /// <summary>Less than or equal to the number.</summary>
    LessOrEqual,

    /// <summary>Greater than the number.</summary>
    Greater,

    /// <summary>Greater than or equal to the number.</summary>
    GreaterOrEqual,
}

/// <summary>What a sample must be.</summary>
public sealed record SampleComparison
{
    /// <summary>How it is compared.</summary>
    public required SampleOperator Operator { get; init; }

    /// <summary>The number to compare with.</summary>
    [MinLength(1), MaxLength(64), Pattern("^[-+]?[0-9]+(\\.[0-9]+)?([eE][-+]?[0-9]+)?$")]
    public required string Value { get; init; }
}
