using System.Text.Json.Serialization;
using Ostler.Api.OSImages;
using Ostler.Api.Schema;

namespace Ostler.Api.UpgradePolicies;

/// <summary>A receiver of notifications by HTTP.</summary>
[Cel("has(self.url) || has(self.secretRef)", "set url, or secretRef to a Secret with the key address")]
public sealed record NotificationReceiver
{
    /// <summary>The name within the policy. Another name is another receiver.</summary>
    [MinLength(1), MaxLength(63), Pattern("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")]
    public required string Name { get; init; }

    /// <summary>The format of the request.</summary>
    [Default("\"Webhook\"")]
    public NotificationType Type { get; init; }

    /// <summary>
    /// The address of the receiver. Redirects are not followed. Default: the key <c>address</c> of secretRef, for addresses that are
    /// secret, such as those of Slack.
    /// </summary>
    [MinLength(1), MaxLength(2048), Pattern("^https?://[^\\s]+$")]
    public string? Url { get; init; }

    /// <summary>
    /// A Secret in Ostler's own namespace. The key <c>address</c> is the address if url is absent. The key <c>token</c>, if present,
    /// signs the body of a Webhook: the header <c>X-Signature</c> is <c>sha256=</c> followed by the HMAC-SHA256 in hexadecimal digits.
    /// The Secret is read for each attempt, and must carry the label <c>ostler.dev/use: notification</c>.
    /// </summary>
    public SecretReference? SecretRef { get; init; }

    /// <summary>The events to send. Default: all.</summary>
    [MaxItems(5)]
    public IReadOnlyList<RolloutEvent>? Events { get; init; }
}

/// <summary>The format of a notification.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<NotificationType>))]
public enum NotificationType
{
    /// <summary>JSON with a field for each fact.</summary>
    Webhook,

    /// <summary>A message for an incoming webhook of Slack. Mattermost and Rocket.Chat accept it as well.</summary>
    Slack,
}

/// <summary>An event of a rollout.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RolloutEvent>))]
public enum RolloutEvent
{
    /// <summary>A rollout to another digest began. Once for each digest.</summary>
    Started,

    /// <summary>Too many nodes failed. No other node is touched.</summary>
    Halted,

    /// <summary>The first node rolled back. Once for each digest.</summary>
    RolledBack,

    /// <summary>Every node runs the target. Once for each digest; nodes that join later do not count.</summary>
    Completed,

    /// <summary>A wave waits for an approval. Once for each wave and digest.</summary>
    NeedsApproval,
}
