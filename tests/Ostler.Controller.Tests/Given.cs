using System.Text.Json.Nodes;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.OSImages;
using Ostler.Api.UpgradePolicies;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Core;
using Ostler.Kubernetes.Informers;
using Ostler.Testing.Scripted;

namespace Ostler.Controller.Tests;

/// <summary>Objects and caches as tests need them.</summary>
internal static class Given
{
    public const string Digest = "b450cc5b7d514a164762adbcbf8396c66ed6e69b49deac6251426db9e1e44819";

    public static readonly DateTimeOffset Now = new(2026, 11, 1, 12, 0, 0, TimeSpan.Zero);

    public static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static ApiClient Client(ScriptedServer server) => new(server.CreateClient(), new() { FieldManager = "ostler-controller" });

    /// <summary>
    /// An API server that answers just what the script says; a path or verb that it does not know is a failure of the test.
    /// </summary>
    public static ScriptedServer Server(Func<ScriptedRequest, ScriptedResponse, Task> script) => new((request, response, _) => script(request, response));

    /// <summary>A cache that holds these objects and is connected to nothing.</summary>
    public static Informer<T> Cache<T>(ApiClient client, ResourceType<T> type, params T[] objects) where T : class
    {
        var cache = new Informer<T>(client, type);
        foreach (var obj in objects)
        {
            cache.Absorb(obj);
        }

        return cache;
    }

    public static ILister<T> Lister<T>(ResourceType<T> type, params T[] objects) where T : class => Cache(Nowhere, type, objects).Lister;

    /// <summary>A client whose use is a failure of the test.</summary>
    public static ApiClient Nowhere { get; } = new(new HttpClient { BaseAddress = new Uri("http://127.0.0.1:1/") });

    public static Node Node(string name, string uid = "", string? cordonedBy = null, DateTimeOffset? cordonedAt = null, IReadOnlyDictionary<string, string>? labels = null) => new()
    {
        Metadata = new()
        {
            Name = name,
            Uid = uid.Length > 0 ? uid : $"uid-{name}",
            ResourceVersion = "10",
            Labels = labels,
            Annotations = cordonedBy is null
                ? null
                : new Dictionary<string, string>
                {
                    [NodeAnnotations.CordonedBy] = cordonedBy,
                    [NodeAnnotations.CordonedAt] = Timestamp.Format(cordonedAt ?? Now),
                },
        },
        Spec = new() { Unschedulable = cordonedBy is not null },
        Status = new()
        {
            Conditions = [new() { Type = "Ready", Status = "True", Reason = "KubeletReady", LastHeartbeatTime = Now }],
            NodeInfo = new() { BootID = "boot-1" },
        },
    };

    public static NodeOS NodeOS(string name, string? nodeUid = null, NodeOSSpec? spec = null, NodeOSStatus? status = null) => new()
    {
        Metadata = new()
        {
            Name = name,
            Uid = $"os-uid-{name}",
            ResourceVersion = "20",
            Generation = 3,
            OwnerReferences = [new() { ApiVersion = "v1", Kind = "Node", Name = name, Uid = nodeUid ?? $"uid-{name}", Controller = true }],
        },
        Spec = spec ?? new(),
        Status = status,
    };

    /// <summary>Selects whatever does not say no: an empty selector selects nothing.</summary>
    public static LabelSelector AllNodes { get; } = new() { MatchExpressions = [new() { Key = "none", Operator = LabelOperator.DoesNotExist }] };

    public static UpgradePolicy Policy(string name, string image = "edge", IReadOnlyDictionary<string, string>? labels = null, UpgradePolicyStatus? status = null) => new()
    {
        Metadata = new() { Name = name, Uid = $"policy-uid-{name}", ResourceVersion = "30", Generation = 2 },
        Spec = new() { ImageRef = new() { Name = image }, NodeSelector = labels is null ? AllNodes : new() { MatchLabels = labels } },
        Status = status,
    };

    public static OSImage Image(string name = "edge", OstreeSource? ostree = null, OSImageStatus? status = null) => new()
    {
        Metadata = new() { Name = name, Uid = $"image-uid-{name}", ResourceVersion = "40", Generation = 1 },
        Spec = new() { Ostree = ostree ?? new() { Remote = "acme", Url = "http://127.0.0.1:1/repo", Ref = "acme/edge" } },
        Status = status,
    };

    /// <summary>
    /// The object after a patch, as the server would give it back: a higher version, and whatever the test needs besides.
    /// </summary>
    public static JsonNode Written<T>(ResourceType<T> type, T obj, string resourceVersion, Action<JsonObject>? change = null) where T : class
    {
        var json = JsonNode.Parse(type.Serialize(obj))!.AsObject();
        json["metadata"]!["resourceVersion"] = resourceVersion;
        change?.Invoke(json);
        return json;
    }

    /// <summary>What a patch puts where, of whichever kind it is.</summary>
    public static JsonObject Patched(ScriptedRequest request)
    {
        if (request.BodyJson is not JsonArray operations)
        {
            return request.BodyJson!.AsObject();
        }

        var patched = new JsonObject();
        foreach (var operation in operations)
        {
            var path = ((string)operation!["path"]!).Trim('/').Split('/');
            var at = patched;
            foreach (var step in path[..^1])
            {
                at = (JsonObject)(at[step] ??= new JsonObject());
            }

            at[path[^1]] = operation["value"]!.DeepClone();
        }

        return patched;
    }
}
