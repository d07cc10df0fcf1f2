using System.Text.Json.Serialization;
using Ostler.Api.Meta;
using Ostler.Kubernetes.Client;

namespace Ostler.Controller.Console.Access;

/// <summary>authentication.k8s.io/v1: whose is this token?</summary>
internal sealed record TokenReview
{
    public string ApiVersion { get; init; } = "authentication.k8s.io/v1";
    public string Kind { get; init; } = "TokenReview";
    public TokenReviewSpec? Spec { get; init; }
    public TokenReviewStatus? Status { get; init; }
}

internal sealed record TokenReviewSpec
{
    public required string Token { get; init; }

    /// <summary>Never with the token: records print their members.</summary>
    public override string ToString() => nameof(TokenReviewSpec);
}

internal sealed record TokenReviewStatus
{
    public bool Authenticated { get; init; }
    public UserInfo? User { get; init; }
    public string? Error { get; init; }
}

internal sealed record UserInfo
{
    public string? Username { get; init; }
    public string? Uid { get; init; }
    public IReadOnlyList<string>? Groups { get; init; }
    public IReadOnlyDictionary<string, IReadOnlyList<string>>? Extra { get; init; }
}

/// <summary>authorization.k8s.io/v1: may this user do that?</summary>
internal sealed record SubjectAccessReview
{
    public string ApiVersion { get; init; } = "authorization.k8s.io/v1";
    public string Kind { get; init; } = "SubjectAccessReview";
    public SubjectAccessReviewSpec? Spec { get; init; }
    public SubjectAccessReviewStatus? Status { get; init; }
}

internal sealed record SubjectAccessReviewSpec
{
    public string? User { get; init; }
    public string? Uid { get; init; }
    public IReadOnlyList<string>? Groups { get; init; }
    public IReadOnlyDictionary<string, IReadOnlyList<string>>? Extra { get; init; }
    public ResourceAttributes? ResourceAttributes { get; init; }
}

internal sealed record ResourceAttributes
{
    public string? Namespace { get; init; }
    public required string Verb { get; init; }
    public string? Group { get; init; }
    public required string Resource { get; init; }
}

internal sealed record SubjectAccessReviewStatus
{
    public bool Allowed { get; init; }
    public string? Reason { get; init; }
    public string? EvaluationError { get; init; }
}

/// <summary>The reviews by which the console authenticates and authorizes requests.</summary>
internal static class ReviewResources
{
    public static ResourceType<TokenReview> TokenReviews { get; } = new(
        "authentication.k8s.io", "v1", "tokenreviews", "TokenReview", namespaced: false, AccessJson.Default.TokenReview, static _ => new("", "", "", ""));

    public static ResourceType<SubjectAccessReview> SubjectAccessReviews { get; } = new(
        "authorization.k8s.io", "v1", "subjectaccessreviews", "SubjectAccessReview", namespaced: false, AccessJson.Default.SubjectAccessReview, static _ => new("", "", "", ""));
}

/// <summary>What goes to the API server to authenticate and authorize a request, and the refusal that goes to the browser.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingDefault,
    Converters = [typeof(TimestampJsonConverter)])]
[JsonSerializable(typeof(Refusal))]
[JsonSerializable(typeof(TokenReview))]
[JsonSerializable(typeof(SubjectAccessReview))]
internal sealed partial class AccessJson : JsonSerializerContext;
