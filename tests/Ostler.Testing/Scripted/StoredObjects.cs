using System.Globalization;
using System.Text.Json.Nodes;
using Ostler.Kubernetes.Client;

namespace Ostler.Testing.Scripted;

/// <summary>
/// An API server that holds objects in memory: lists and watches of whatever collections were put in, and a script for all the rest. For
/// tests of who only reads; nothing is validated, and thousands of objects cost no etcd.
/// </summary>
public sealed class StoredObjects : IAsyncDisposable
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, Collection> _collections = [];
    private readonly Func<ScriptedRequest, ScriptedResponse, Task> _others;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _version = 1000;

    /// <param name="others">Answers what is neither a list nor a watch. Default: 404.</param>
    public StoredObjects(Func<ScriptedRequest, ScriptedResponse, Task>? others = null)
    {
        _others = others ?? ((_, response) => response.StatusAsync(404, "NotFound"));
        Server = new(AnswerAsync);
    }

    public ScriptedServer Server { get; }

    /// <summary>How many watches were begun.</summary>
    public int Watches { get; private set; }

    /// <summary>Makes sure that a collection is there, be it empty.</summary>
    public void Hold<T>(ResourceType<T> type) where T : class
    {
        lock (_lock)
        {
            Of(type);
        }
    }

    /// <summary>Stores an object, new or changed.</summary>
    public void Put<T>(ResourceType<T> type, T obj) where T : class
    {
        lock (_lock)
        {
            var collection = Of(type);
            var name = type.MetaOf(obj).Name;
            var json = JsonNode.Parse(type.Serialize(obj))!.AsObject();
            var meta = (JsonObject)(json["metadata"] ??= new JsonObject());
            meta["resourceVersion"] = (++_version).ToString(CultureInfo.InvariantCulture);
            var kind = collection.Items.ContainsKey(name) ? "MODIFIED" : "ADDED";
            collection.Items[name] = json.ToJsonString();
            Tell(collection, kind, collection.Items[name]);
        }
    }

    /// <summary>Deletes an object.</summary>
    public void Delete<T>(ResourceType<T> type, string name) where T : class
    {
        lock (_lock)
        {
            var collection = Of(type);
            collection.Items.Remove(name, out var last);
            var json = JsonNode.Parse(last!)!;
            json["metadata"]!["resourceVersion"] = (++_version).ToString(CultureInfo.InvariantCulture);
            Tell(collection, "DELETED", json.ToJsonString());
        }
    }

    public ValueTask DisposeAsync() => Server.DisposeAsync();

    private async Task AnswerAsync(ScriptedRequest request, ScriptedResponse response, CancellationToken cancellationToken)
    {
        Collection? collection;
        lock (_lock)
        {
            collection = request.Method == "GET" ? _collections.GetValueOrDefault(request.Path) : null;
        }

        if (collection is null)
        {
            await _others(request, response);
        }
        else if (request.IsWatch)
        {
            await WatchAsync(collection, long.Parse(request.Query("resourceVersion")!, CultureInfo.InvariantCulture), response, cancellationToken);
        }
        else
        {
            string items, version;
            lock (_lock)
            {
                (items, version) = (string.Join(',', collection.Items.Values), _version.ToString(CultureInfo.InvariantCulture));
            }

            await response.JsonAsync($"{{\"kind\":\"List\",\"apiVersion\":\"v1\",\"metadata\":{{\"resourceVersion\":\"{version}\"}},\"items\":[{items}]}}");
        }
    }

    private async Task WatchAsync(Collection collection, long since, ScriptedResponse response, CancellationToken cancellationToken)
    {
        await response.StartStreamAsync();
        lock (_lock)
        {
            Watches++;
        }

        while (true)
        {
            Task changed;
            (long Version, string Line)[] news;
            lock (_lock)
            {
                (changed, news) = (_changed.Task, [.. collection.Events.Where(e => e.Version > since)]);
            }

            try
            {
                foreach (var (version, line) in news)
                {
                    await response.WriteLineAsync(line);
                    since = version;
                }

                await changed.WaitAsync(cancellationToken);
            }
            catch (Exception e) when (e is IOException or OperationCanceledException or ObjectDisposedException or System.Net.Sockets.SocketException)
            {
                // Nobody watches any more.
                return;
            }
        }
    }

    private void Tell(Collection collection, string kind, string json)
    {
        collection.Events.Add((_version, $"{{\"type\":\"{kind}\",\"object\":{json}}}"));
        var waiting = _changed;
        _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        waiting.TrySetResult();
    }

    private Collection Of<T>(ResourceType<T> type) where T : class
    {
        var path = type.Group.Length == 0 ? $"/api/{type.Version}/{type.Plural}" : $"/apis/{type.Group}/{type.Version}/{type.Plural}";
        return _collections.TryGetValue(path, out var found) ? found : _collections[path] = new();
    }

    private sealed class Collection
    {
        public Dictionary<string, string> Items { get; } = [];

        public List<(long Version, string Line)> Events { get; } = [];
    }
}
