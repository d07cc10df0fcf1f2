using System.Text.Json.Serialization;
using Ostler.Api.Schema;

namespace Ostler.Api.UpgradePolicies;

/// <summary>
/// A notification to one receiver. It is recorded before it is sent and again when it was sent, so that a restart neither loses nor
/// repeats it.
/// </summary>
[Atomic]
public sealed record NotificationStatus
{
    /// <summary>The same in every attempt, so that a receiver can discard duplicates.</summary>
    [MaxLength(128)]
    public required string Id { get; init; }

    /// <summary>The name of the receiver.</summary>
    [MaxLength(63)]
    public required string Receiver { get; init; }

    /// <summary>What happened.</summary>
    public required RolloutEvent Event { get; init; }

    /// <summary>The reason, equal to that of the condition.</summary>
    [MaxLength(63), Pattern(Patterns.Reason)]
    public required string Reason { get; init; }

    /// <summary>The message that explains the reason.</summary>
    [MaxLength(32768)]
    public required string Message { get; init; }

    /// <summary>The digest of the rollout.</summary>
    [Pattern(Patterns.Digest)]
    public string? Digest { get; init; }

    /// <summary>The version of the image, for display.</summary>
    [MaxLength(128)]
    public string? Version { get; init; }

    /// <summary>The wave that waits for approval.</summary>
    [MaxLength(63)]
    public string? Wave { get; init; }

    /// <summary>When it happened.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Whether it was delivered.</summary>
    public required NotificationState State { get; init; }

    /// <summary>When it was delivered, or when the last round of attempts ended.</summary>
    public DateTimeOffset? TriedAt { get; init; }

    /// <summary>How many rounds of attempts failed.</summary>
    public int Failures { get; init; }

    /// <summary>Why the last round failed.</summary>
    [MaxLength(2048)]
    public string? Error { get; init; }

    /// <summary>When the next try may start.</summary>
    public DateTimeOffset? RetryAt { get; init; }
}

/// <summary>The state of a notification.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<NotificationState>))]
public enum NotificationState
{
    /// <summary>It is being sent, or is tried again after retryAt.</summary>
    Pending,

    /// <summary>The receiver accepted it.</summary>
    Delivered,

    /// <summary>It could not be delivered within one day.</summary>
    GivenUp,
}
