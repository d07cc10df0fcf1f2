using System.Text.Json.Serialization;

namespace Ostler.Kubernetes.Client;

/// <summary>The API server's answer to what it did not do (metav1.Status).</summary>
/// <remarks>Ours and not the client library's: the agent must not link the models of the whole API for an error message.</remarks>
public sealed record ApiStatus
{
    public string? Status { get; init; }
    public string? Message { get; init; }

    /// <summary>One CamelCase word, for example <c>AlreadyExists</c> or <c>Expired</c>.</summary>
    public string? Reason { get; init; }

    public int? Code { get; init; }
    public ApiStatusDetails? Details { get; init; }
}

/// <summary>What the status is about.</summary>
public sealed record ApiStatusDetails
{
    public string? Name { get; init; }
    public string? Group { get; init; }
    public string? Kind { get; init; }
    public string? Uid { get; init; }
    public int? RetryAfterSeconds { get; init; }

    /// <summary>For example <c>DisruptionBudget</c> with the budget's own message, or one cause for each invalid field.</summary>
    public IReadOnlyList<ApiStatusCause>? Causes { get; init; }
}

/// <summary>One cause of a failure.</summary>
public sealed record ApiStatusCause
{
    [JsonPropertyName("reason")]
    public string? Type { get; init; }
    public string? Message { get; init; }
    public string? Field { get; init; }
}
