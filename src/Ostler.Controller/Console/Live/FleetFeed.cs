using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Ostler.Controller.Console.Access;
using Ostler.Controller.Console.Views;

namespace Ostler.Controller.Console.Live;

/// <summary>
/// The fleet as it was last seen, each row with the version in which it last changed. A viewer remembers one number and asks what came
/// after it: whoever is slow, or was away, gets the newest state of each row once, and nothing is queued for anybody.
/// </summary>
/// <remarks>
/// Memory is bounded by the fleet, not by its viewers: one serialised form of each row, and the names of the last
/// <see cref="MaxGone"/> rows that are no more. Who has not heard of older ones gets everything anew.
/// </remarks>
public sealed class FleetFeed(string epoch)
{
    /// <summary>How many removed rows are remembered.</summary>
    public const int MaxGone = 1000;

    private readonly Lock _lock = new();
    private readonly Dictionary<(string Kind, string Name), Entry> _entries = [];
    private readonly Queue<(string Kind, string Name, long Version)> _gone = new();
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _version;
    private long _forgotten;

    /// <summary>The kinds of rows, as the page names them.</summary>
    public static IReadOnlyList<string> Kinds { get; } = ["policies", "images", "nodes"];

    /// <summary>Takes a new view; rows that say the same as before are left as they are.</summary>
    public void Update(FleetView view)
    {
        lock (_lock)
        {
            var next = _version + 1;
            var seen = new HashSet<(string, string)>(view.Nodes.Count + view.Policies.Count + view.Images.Count);
            var changed = false;
            foreach (var policy in view.Policies)
            {
                changed |= Set(seen, ("policies", policy.Name), policy, ConsoleJson.Default.PolicyRow, next);
            }

            foreach (var image in view.Images)
            {
                changed |= Set(seen, ("images", image.Name), image, ConsoleJson.Default.ImageRow, next);
            }

            foreach (var node in view.Nodes)
            {
                changed |= Set(seen, ("nodes", node.Name), node, ConsoleJson.Default.NodeRow, next);
            }

            if (seen.Count < _entries.Count)
            {
                changed = true;
                foreach (var key in _entries.Keys.Where(k => !seen.Contains(k)).ToArray())
                {
                    _entries.Remove(key);
                    _gone.Enqueue((key.Kind, key.Name, next));
                    if (_gone.Count > MaxGone)
                    {
                        _forgotten = _gone.Dequeue().Version;
                    }
                }
            }

            if (changed || _version == 0)
            {
                _version = next;
                var waiting = _changed;
                _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
                waiting.TrySetResult();
            }
        }
    }

    /// <summary>The row of a node; null when there is none.</summary>
    public NodeRow? Node(string name)
    {
        lock (_lock)
        {
            return _entries.GetValueOrDefault(("nodes", name))?.Row as NodeRow;
        }
    }

    /// <summary>Completes when there is something newer than a version.</summary>
    public Task ChangedAsync(long since)
    {
        lock (_lock)
        {
            return _version > since ? Task.CompletedTask : _changed.Task;
        }
    }

    /// <summary>What changed since a version: <c>{"full": …, "policies": […], "nodes": […], "gone": {"nodes": ["name"]}}</c>.</summary>
    /// <param name="since">A version that <paramref name="utf8"/> was written for before; 0 for everything.</param>
    /// <param name="utf8">Where it is written. The lock is held meanwhile: memory, not a connection.</param>
    /// <returns>The version that the reader has then.</returns>
    public long Write(long since, Utf8JsonWriter utf8)
    {
        lock (_lock)
        {
            var full = since <= 0 || since < _forgotten || since > _version;
            utf8.WriteStartObject();
            utf8.WriteBoolean("full", full);
            foreach (var kind in Kinds)
            {
                utf8.WriteStartArray(kind);
                foreach (var (key, entry) in _entries)
                {
                    if (key.Kind == kind && (full || entry.Version > since))
                    {
                        // Our own serializer made it a moment ago.
                        utf8.WriteRawValue(entry.Json, skipInputValidation: true);
                    }
                }

                utf8.WriteEndArray();
            }

            if (!full)
            {
                WriteGone(since, utf8);
            }

            utf8.WriteEndObject();
            return _version;
        }
    }

    /// <summary>The name of a version for a client that comes back, perhaps to another replica or after a restart.</summary>
    public string IdOf(long version) => $"{epoch}-{version.ToString(System.Globalization.CultureInfo.InvariantCulture)}";

    /// <summary>The version of that name; 0 when it is not one of this feed's.</summary>
    public long VersionOf(string? id) =>
        id is not null && id.StartsWith(epoch + "-", StringComparison.Ordinal)
        && long.TryParse(id.AsSpan(epoch.Length + 1), System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var version)
            ? version
            : 0;

    private void WriteGone(long since, Utf8JsonWriter utf8)
    {
        utf8.WriteStartObject("gone");
        foreach (var kind in Kinds)
        {
            utf8.WriteStartArray(kind);
            foreach (var (_, name, _) in _gone.Where(g => g.Kind == kind && g.Version > since && !_entries.ContainsKey((kind, g.Name))))
            {
                utf8.WriteStringValue(name);
            }

            utf8.WriteEndArray();
        }

        utf8.WriteEndObject();
    }

    private bool Set<T>(HashSet<(string, string)> seen, (string, string) key, T row, JsonTypeInfo<T> json, long version) where T : class
    {
        seen.Add(key);
        if (_entries.TryGetValue(key, out var entry) && row.Equals(entry.Row))
        {
            return false;
        }

        _entries[key] = new(row, JsonSerializer.SerializeToUtf8Bytes(row, json), version);
        return true;
    }

    private sealed record Entry(object Row, byte[] Json, long Version);
}
