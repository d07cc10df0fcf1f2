namespace Ostler.Kubernetes.Core;

/// <summary>authentication.k8s.io/v1: whose is this token?</summary>
public sealed record TokenReview
{
    public string ApiVersion { get; init; } = "authentication.k8s.io/v1";
    public string Kind { get; init; } = "TokenReview";
    public TokenReviewSpec? Spec { get; init; }
    public TokenReviewStatus? Status { get; init; }
}

public sealed record TokenReviewSpec
{
    public required string Token { get; init; }

    /// <summary>Never with the token: records print their members.</summary>
    public override string ToString() => nameof(TokenReviewSpec);
}

public sealed record TokenReviewStatus
{
    public bool Authenticated { get; init; }
    public UserInfo? User { get; init; }
    public string? Error { get; init; }
}

public sealed record UserInfo
{
    public string? Username { get; init; }
    public string? Uid { get; init; }
    public IReadOnlyList<string>? Groups { get; init; }
    public IReadOnlyDictionary<string, IReadOnlyList<string>>? Extra { get; init; }
}

/// <summary>authorization.k8s.io/v1: may this user do that?</summary>
public sealed record SubjectAccessReview
{
    public string ApiVersion { get; init; } = "authorization.k8s.io/v1";
    public string Kind { get; init; } = "SubjectAccessReview";
    public SubjectAccessReviewSpec? Spec { get; init; }
    public SubjectAccessReviewStatus? Status { get; init; }
}

public sealed record SubjectAccessReviewSpec
{
    public string? User { get; init; }
    public string? Uid { get; init; }
    public IReadOnlyList<string>? Groups { get; init; }
    public IReadOnlyDictionary<string, IReadOnlyList<string>>? Extra { get; init; }
    public ResourceAttributes? ResourceAttributes { get; init; }
}

public sealed record ResourceAttributes
{
    public string? Namespace { get; init; }
    public required string Verb { get; init; }
    public string? Group { get; init; }
    public required string Resource { get; init; }
}

public sealed record SubjectAccessReviewStatus
{
    public bool Allowed { get; init; }
    public string? Reason { get; init; }
    public string? EvaluationError { get; init; }
}
