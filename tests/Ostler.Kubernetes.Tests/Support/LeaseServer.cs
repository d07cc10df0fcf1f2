using System.Text.Json.Nodes;
using Ostler.Testing.Scripted;

namespace Ostler.Kubernetes.Tests.Support;

/// <summary>
/// One lease in memory, with resource versions and conflicts as the API server has them. Faults are injected per contender.
/// </summary>
internal sealed class LeaseServer : IAsyncDisposable
{
    public const string ContenderHeader = "x-contender";

    private readonly Lock _lock = new();
    private JsonObject? _lease;
    private int _version = 100;

    public LeaseServer() => Http = new ScriptedServer(AnswerAsync);

    public ScriptedServer Http { get; }

    /// <summary>May answer in place of the server (true), or let it (false).</summary>
    public Func<string, ScriptedRequest, ScriptedResponse, CancellationToken, Task<bool>>? Fault { get; set; }

    /// <summary>What is stored; null when there is none.</summary>
    public JsonObject? Lease
    {
        get
        {
            lock (_lock)
            {
                return _lease?.DeepClone().AsObject();
            }
        }
    }

    public string Holder => Lease?["spec"]?["holderIdentity"]?.GetValue<string>() ?? "";

    /// <summary>As somebody with kubectl would.</summary>
    public void Edit(Action<JsonObject>? change)
    {
        lock (_lock)
        {
            if (change is null)
            {
                _lease = null;
                return;
            }
            _lease ??= new JsonObject { ["metadata"] = new JsonObject { ["name"] = "lock", ["namespace"] = "ns" }, ["spec"] = new JsonObject() };
            change(_lease);
            _lease["metadata"]!["resourceVersion"] = $"{++_version}";
        }
    }

    /// <summary>Stores what the request says, as if the server had answered; null when it would have refused.</summary>
    public JsonObject? Store(ScriptedRequest request)
    {
        lock (_lock)
        {
            var wanted = request.BodyJson!.AsObject();
            var isCreate = request.Method == "POST";
            var refused = isCreate ? _lease is not null : _lease is null || (string?)_lease["metadata"]!["resourceVersion"] != (string?)wanted["metadata"]!["resourceVersion"];
            if (refused)
            {
                return null;
            }
            wanted["metadata"]!["resourceVersion"] = $"{++_version}";
            _lease = wanted;
            return wanted.DeepClone().AsObject();
        }
    }

    public ValueTask DisposeAsync() => Http.DisposeAsync();

    private async Task AnswerAsync(ScriptedRequest request, ScriptedResponse response, CancellationToken cancellationToken)
    {
        Assert.StartsWith("/apis/coordination.k8s.io/v1/namespaces/ns/leases", request.Path);
        if (Fault is { } fault && await fault(request.Header(ContenderHeader)!, request, response, cancellationToken))
        {
            return;
        }
        if (request.Method == "GET")
        {
            await (Lease is { } lease ? response.JsonAsync(lease) : response.StatusAsync(404, "NotFound"));
            return;
        }
        if (Store(request) is { } stored)
        {
            await response.JsonAsync(stored, request.Method == "POST" ? 201 : 200);
        }
        else if (request.Method == "PUT" && Lease is null)
        {
            await response.StatusAsync(404, "NotFound");
        }
        else
        {
            await response.StatusAsync(409, request.Method == "POST" ? "AlreadyExists" : "Conflict");
        }
    }
}
