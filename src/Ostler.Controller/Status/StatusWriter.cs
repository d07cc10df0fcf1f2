using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using Ostler.Kubernetes;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Informers;

namespace Ostler.Controller.Status;

/// <summary>What came of a status.</summary>
/// <param name="Written">Whether it was written now.</param>
/// <param name="HeldFor">Null: nothing is left to write. Else: come back after this time, it is too soon after the last write.</param>
public readonly record struct StatusWrite(bool Written, TimeSpan? HeldFor);

/// <summary>
/// Writes a status by server-side apply, only when it differs, and not much more often than once in <paramref name="interval"/>, unless a
/// condition changed: people and GitOps wait for conditions, whereas counts move with each of a thousand nodes.
/// </summary>
/// <param name="client">The API server.</param>
/// <param name="type">The resource.</param>
/// <param name="cache">Takes what was written, so that the next pass does not write it again.</param>
/// <param name="time">The controller's clock.</param>
/// <param name="interval">The least time between two writes of one object in which no condition changes.</param>
public sealed class StatusWriter<T>(ApiClient client, ResourceType<T> type, Informer<T> cache, TimeProvider time, TimeSpan interval)
    where T : class
{
    /// <summary>
    /// Lists that the API server merges by a key: it may give them back in another order than they were sent in, which is no difference.
    /// </summary>
    private static readonly Dictionary<string, string> MergedBy = new()
    {
        ["conditions"] = "type",
        ["inFlight"] = "node",
        ["blocked"] = "node",
        ["failedDigests"] = "digest",
        ["quarantined"] = "digest",
    };

    // Only the pace; after a restart the first write is made at once.
    private readonly ConcurrentDictionary<NamespacedName, long> _lastWrites = new();

    /// <param name="current">The object as cached.</param>
    /// <param name="wanted">The same object with the status that it should have.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    public async Task<StatusWrite> WriteAsync(T current, T wanted, CancellationToken cancellationToken)
    {
        var before = StatusOf(current);
        var after = StatusOf(wanted);
        if (JsonNode.DeepEquals(before, after))
        {
            return default;
        }

        var meta = type.MetaOf(current);
        if (before is not null
            && JsonNode.DeepEquals(Verdicts(before), Verdicts(after))
            && _lastWrites.TryGetValue(meta.Key, out var last)
            && interval - time.GetElapsedTime(last) is var rest && rest > TimeSpan.Zero)
        {
            return new(false, rest);
        }

        var body = new JsonObject { ["apiVersion"] = type.ApiVersion, ["kind"] = type.Kind, ["status"] = after };
        var written = await client.PatchAsync(type, meta.Key, Patch.Apply(body, force: true).OnlyIf(meta.Uid), cancellationToken, "status");
        _lastWrites[meta.Key] = time.GetTimestamp();
        cache.Absorb(written);
        return new(true, null);
    }

    /// <summary>Forgets the pace of an object that is gone.</summary>
    public void Forget(NamespacedName name) => _lastWrites.TryRemove(name, out _);

    private JsonObject? StatusOf(T obj)
    {
        var status = JsonNode.Parse(type.Serialize(obj))!["status"]?.DeepClone().AsObject();
        foreach (var (list, by) in MergedBy)
        {
            if (status?[list] is JsonArray items)
            {
                status[list] = new JsonArray([.. items.Select(i => i!.DeepClone()).OrderBy(i => i![by]?.GetValue<string>(), StringComparer.Ordinal)]);
            }
        }

        return status;
    }

    /// <summary>What programs read of the conditions.</summary>
    private static JsonArray Verdicts(JsonObject? status) => new(
    [
        .. (status?["conditions"] as JsonArray ?? []).Select(static c => (JsonNode)new JsonArray(c!["type"]?.DeepClone(), c["status"]?.DeepClone(), c["reason"]?.DeepClone())),
    ]);
}
