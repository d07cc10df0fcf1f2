using System.Text.Json.Serialization;
using Ostler.Api.Schema;

namespace Ostler.Api.UpgradePolicies;

/// <summary>A notification to one receiver: written down before it is sent, so that no restart loses it, and when it was, so that none repeats it.</summary>
[Atomic]
public sealed record NotificationStatus
{
    /// <summary>The same in every try: a receiver that was told twice, because the controller died just then, knows it by that.</summary>
    [MaxLength(128)]
    public required string Id { get; init; }

    /// <summary>The name of the receiver.</summary>
    [MaxLength(63)]
    public required string Receiver { get; init; }

    /// <summary>What happened.</summary>
    public required RolloutEvent Event { get; init; }

    /// <summary>Why, in one word: that of the condition that says so.</summary>
    [MaxLength(63), Pattern(Patterns.Reason)]
    public required string Reason { get; init; }

    /// <summary>Why, for people.</summary>
    [MaxLength(32768)]
    public required string Message { get; init; }

    /// <summary>The tree that the rollout is about.</summary>
    [Pattern(Patterns.Digest)]
    public string? Digest { get; init; }

    /// <summary>Its version for people.</summary>
    [MaxLength(128)]
    public string? Version { get; init; }

    /// <summary>The wave that waits for approval.</summary>
    [MaxLength(63)]
    public string? Wave { get; init; }

    /// <summary>When it happened.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>Whether it has arrived.</summary>
    public required NotificationState State { get; init; }

    /// <summary>When it arrived, or the last round of tries was over.</summary>
    public DateTimeOffset? TriedAt { get; init; }

    /// <summary>How many rounds of tries have failed.</summary>
    public int Failures { get; init; }

    /// <summary>Why the last round failed, for people.</summary>
    [MaxLength(2048)]
    public string? Error { get; init; }

    /// <summary>Not before this it is tried again.</summary>
    public DateTimeOffset? RetryAt { get; init; }
}

/// <summary>How a notification stands.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<NotificationState>))]
public enum NotificationState
{
    /// <summary>It is sent, or tried again after retryAt.</summary>
    Pending,

    /// <summary>The receiver took it.</summary>
    Delivered,

    /// <summary>It was tried for a day in vain.</summary>
    GivenUp,
}
