using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Ostler.Testing.ControlPlane;

/// <summary>A request as the API server saw it.</summary>
/// <param name="Agent">The user agent, up to the first slash or blank.</param>
/// <param name="Verb">As in RBAC.</param>
/// <param name="Resource">With the subresource, as in <c>nodeoses/status</c>.</param>
/// <param name="Name">The object; empty for a collection.</param>
/// <param name="Code">The answer.</param>
/// <param name="Received">When the request came in.</param>
/// <param name="Done">When it was answered; for a watch, when it began.</param>
/// <param name="Body">What was sent, where the log keeps it.</param>
/// <param name="DryRun">Only a question: nothing was stored. Evictions are asked about before a node is cordoned.</param>
public sealed record ApiRequest(
    string Agent, string Verb, string Resource, string Name, int Code, DateTimeOffset Received, DateTimeOffset Done, JsonNode? Body, bool DryRun)
{
    /// <summary>Who asked, as in <c>system:serviceaccount:ostler-system:ostler-agent</c>.</summary>
    public string User { get; init; } = "";

    /// <summary>The API group; empty for the core group, and for paths that are no resource.</summary>
    public string Group { get; init; } = "";

    /// <summary>The namespace; empty for what has none, and for all namespaces.</summary>
    public string Namespace { get; init; } = "";

    public bool IsWrite => !DryRun && Verb is not ("get" or "list" or "watch");

    /// <summary>
    /// A write that a node's upgrade costs Ostler. Leases are renewed by the clock and not by the node. Evictions are one a pod, which is
    /// the workload's number.
    /// </summary>
    public bool IsWriteOfAnUpgrade => IsWrite && Agent is "ostler-controller" or "ostler-agent" && Resource is not ("leases" or "pods/eviction");

    /// <summary>A pod was really asked to go.</summary>
    public bool IsEviction => Resource == "pods/eviction" && !DryRun;
}

/// <summary>
/// The audit log of a local API server: every request of everybody, with two moments of one clock. What a client would count of itself
/// leaves out what it does not know of, such as retries within a library, and heartbeats of nodes are left out.
/// </summary>
public sealed class AuditLog : IDisposable
{
    // Bodies only where they tell the steps of a node apart. Heartbeats are none of Ostler's and would be most of the log.
    private const string Policy = """
        apiVersion: audit.k8s.io/v1
        kind: Policy
        omitStages: [RequestReceived]
        rules:
        - level: None
          namespaces: [kube-node-lease]
        - level: Request
          verbs: [patch]
          resources:
          - group: ""
            resources: [nodes, nodes/status]
          - group: ostler.dev
            resources: [nodeoses, nodeoses/status, upgradepolicies/status]
        - level: Metadata
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("ostler-audit-").FullName;

    public AuditLog() => File.WriteAllText(Path.Combine(_folder, "policy.yaml"), Policy);

    /// <summary>What makes an API server write it.</summary>
    public IReadOnlyList<string> ApiServerArguments =>
    [
        $"--audit-policy-file={Path.Combine(_folder, "policy.yaml")}",
        $"--audit-log-path={LogFile}",

        // Rotated, the beginning would be missing.
        "--audit-log-maxsize=2000",
    ];

    /// <summary>Whether there is a log: a cluster that was there before the test writes none for it.</summary>
    public bool Exists => File.Exists(LogFile);

    private string LogFile => Path.Combine(_folder, "audit.log");

    /// <summary>All requests answered so far, by the moment in which they came in.</summary>
    public IReadOnlyList<ApiRequest> Read()
    {
        var requests = new List<ApiRequest>();
        using var stream = new FileStream(LogFile, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is { } line)
        {
            if (Parse(line) is { } request)
            {
                requests.Add(request);
            }
        }

        requests.Sort(static (a, b) => a.Received.CompareTo(b.Received));
        return requests;
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static ApiRequest? Parse(string line)
    {
        JsonNode entry;
        try
        {
            entry = JsonNode.Parse(line)!;
        }
        catch (JsonException)
        {
            // The last line may be half written.
            return null;
        }

        var verb = (string)entry["verb"]!;
        var began = (string)entry["stage"]! == "ResponseStarted";
        if (began != (verb == "watch"))
        {
            // A watch counts when it begins; its end is no request.
            return null;
        }

        var target = entry["objectRef"];
        var subresource = (string?)target?["subresource"];
        return new(
            ((string?)entry["userAgent"] ?? "").Split('/', ' ')[0],
            verb,
            (string?)target?["resource"] + (subresource is null ? "" : "/" + subresource),
            (string?)target?["name"] ?? "",
            (int?)entry["responseStatus"]?["code"] ?? 0,
            Moment(entry["requestReceivedTimestamp"]),
            Moment(entry["stageTimestamp"]),
            entry["requestObject"],
            IsDryRun(entry))
        {
            User = (string?)entry["user"]?["username"] ?? "",
            Group = (string?)target?["apiGroup"] ?? "",
            Namespace = (string?)target?["namespace"] ?? "",
        };
    }

    private static bool IsDryRun(JsonNode entry) => ((string?)entry["requestURI"])?.Contains("dryRun=", StringComparison.Ordinal) == true;

    private static DateTimeOffset Moment(JsonNode? text) => DateTimeOffset.Parse((string)text!, CultureInfo.InvariantCulture);
}
