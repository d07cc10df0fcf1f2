using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Text;

namespace Ostler.Rollout.Notifications;

/// <summary>
/// What a notification looks like on the wire. Pure. Stable: fields are added and never taken away or given another meaning while
/// <c>version</c> is 1.
/// </summary>
public static class NotificationBody
{
    /// <summary>The version of the JSON of <see cref="NotificationType.Webhook"/>.</summary>
    public const int Version = 1;

    /// <summary>The header with the signature, as Flux's generic-hmac provider has it.</summary>
    public const string SignatureHeader = "X-Signature";

    /// <summary>The header with the ID: a receiver that saw it before was told already.</summary>
    public const string IdHeader = "X-Ostler-Notification-Id";

    // Names of people and places in messages stay readable.
    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The body in UTF-8.</summary>
    /// <param name="type">For whom.</param>
    /// <param name="policy">The policy's name.</param>
    /// <param name="policyUid">Its UID.</param>
    /// <param name="image">The OSImage's name.</param>
    /// <param name="entry">What happened.</param>
    /// <param name="nodes">How many nodes are where now.</param>
    public static byte[] Of(NotificationType type, string policy, string? policyUid, string image, NotificationStatus entry, NodeCounts? nodes) =>
        Encoding.UTF8.GetBytes((type == NotificationType.Slack ? Slack(policy, image, entry, nodes) : Webhook(policy, policyUid, image, entry, nodes)).ToJsonString(Json));

    /// <summary>The value of <see cref="SignatureHeader"/>.</summary>
    public static string Sign(byte[] body, byte[] token) => $"sha256={Convert.ToHexStringLower(HMACSHA256.HashData(token, body))}";

    private static JsonObject Webhook(string policy, string? policyUid, string image, NotificationStatus entry, NodeCounts? nodes)
    {
        var body = new JsonObject
        {
            ["version"] = Version,
            ["id"] = entry.Id,
            ["event"] = entry.Event.ToString(),
            ["reason"] = entry.Reason,
            ["message"] = entry.Message,
            ["severity"] = IsBad(entry.Event) ? "error" : "info",
            ["timestamp"] = MessageText.Of(entry.At),
            ["policy"] = new JsonObject { ["apiVersion"] = OstlerApi.GroupVersion, ["kind"] = "UpgradePolicy", ["name"] = policy, ["uid"] = policyUid },
            ["image"] = image,
            ["target"] = new JsonObject { ["digest"] = entry.Digest, ["version"] = entry.Version },
        };
        if (entry.Wave is { } wave)
        {
            body["wave"] = wave;
        }

        if (nodes is not null)
        {
            body["nodes"] = new JsonObject
            {
                ["total"] = nodes.Total,
                ["updated"] = nodes.Updated,
                ["updating"] = nodes.Updating,
                ["staged"] = nodes.Staged,
                ["pending"] = nodes.Pending,
                ["failed"] = nodes.Failed,
                ["rolledBack"] = nodes.RolledBack,
            };
        }

        return body;
    }

    // Attachments and no blocks: they are what those who imitate Slack take as well.
    private static JsonObject Slack(string policy, string image, NotificationStatus entry, NodeCounts? nodes)
    {
        var title = $"Rollout {policy} {NotificationRules.Phrase(entry.Event)}";
        var fields = new JsonArray(Field("Image", entry.Digest is { } digest ? $"{image}: {MessageText.Of(digest, entry.Version)}" : image), Field("Reason", entry.Reason));
        if (entry.Wave is { } wave)
        {
            fields.Add((JsonNode)Field("Wave", wave));
        }

        if (nodes is not null)
        {
            fields.Add((JsonNode)Field("Nodes", $"{nodes.Updated} of {nodes.Total} updated, {nodes.Failed + nodes.RolledBack} failed"));
        }

        return new()
        {
            ["text"] = Escape(title),
            ["attachments"] = new JsonArray(new JsonObject
            {
                ["color"] = entry.Event switch
                {
                    RolloutEvent.Halted or RolloutEvent.RolledBack => "danger",
                    RolloutEvent.NeedsApproval => "warning",
                    _ => "good",
                },
                ["fallback"] = Escape($"{title}: {entry.Message}"),
                ["text"] = Escape(entry.Message),
                ["fields"] = fields,
                ["ts"] = entry.At.ToUnixTimeSeconds(),
            }),
        };
    }

    private static JsonObject Field(string title, string value) => new() { ["title"] = title, ["value"] = Escape(value), ["short"] = true };

    // Slack's three: <…> is a link or calls a channel together, which no message of ours may.
    private static string Escape(string text) => text.Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal).Replace(">", "&gt;", StringComparison.Ordinal);

    private static bool IsBad(RolloutEvent what) => what is RolloutEvent.Halted or RolloutEvent.RolledBack;
}
