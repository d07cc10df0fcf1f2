using System.Text.Json.Serialization;
using Ostler.Api.OSImages;
using Ostler.Api.Schema;

namespace Ostler.Api.UpgradePolicies;

/// <summary>Somebody who is told by HTTP how a rollout goes.</summary>
[Cel("has(self.url) || has(self.secretRef)", "set url, or secretRef to a Secret with the key address")]
public sealed record NotificationReceiver
{
    /// <summary>Its name within the policy. Another name is another receiver.</summary>
    [MinLength(1), MaxLength(63), Pattern("^[a-z0-9]([-a-z0-9]*[a-z0-9])?$")]
    public required string Name { get; init; }

    /// <summary>What the body of the request looks like.</summary>
    [Default("\"Webhook\"")]
    public NotificationType Type { get; init; }

    /// <summary>Where it is posted to. Redirects are not followed. Default: the key <c>address</c> of secretRef, where addresses belong that are secret themselves, as those of Slack.</summary>
    [MinLength(1), MaxLength(2048), Pattern("^https?://[^\\s]+$")]
    public string? Url { get; init; }

    /// <summary>
    /// A Secret in Ostler's own namespace: the key <c>address</c> is the address, when url is absent; the key <c>token</c>, if there is one, signs the body of a Webhook: the header
    /// <c>X-Signature</c> is <c>sha256=</c> and the HMAC-SHA256 in hexadecimal digits. It is read for each try, and marked
    /// <c>ostler.dev/use: notification</c>.
    /// </summary>
    public SecretReference? SecretRef { get; init; }

    /// <summary>Of what it is told. Default: of everything.</summary>
    [MaxItems(5)]
    public IReadOnlyList<RolloutEvent>? Events { get; init; }
}

/// <summary>What the body of a notification looks like.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<NotificationType>))]
public enum NotificationType
{
    /// <summary>JSON with everything in fields of its own.</summary>
    Webhook,

    /// <summary>A message for an incoming webhook of Slack, or of those who take the same, as Mattermost and Rocket.Chat.</summary>
    Slack,
}

/// <summary>What of a rollout is worth a notification.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RolloutEvent>))]
public enum RolloutEvent
{
    /// <summary>Nodes are moved to another tree from now on. Once for each tree.</summary>
    Started,

    /// <summary>Too many nodes failed; no further one is touched.</summary>
    Halted,

    /// <summary>The first node went back to its former tree. Once for each tree.</summary>
    RolledBack,

    /// <summary>Every node runs the tree. Once for each tree: a node that joins later is no news.</summary>
    Completed,

    /// <summary>A wave waits for a person. Once for each wave and tree.</summary>
    NeedsApproval,
}
