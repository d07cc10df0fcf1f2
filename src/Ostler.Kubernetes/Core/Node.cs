using System.Text.Json.Serialization;
using Ostler.Api.Meta;

namespace Ostler.Kubernetes.Core;

/// <summary>The part of a core/v1 Node that a rollout rests on.</summary>
/// <remarks>
/// Not the client library's model: a Node carries the list of all its images, and thousands of them are cached. What is written
/// to Nodes are patches, so that fields missing here are never lost.
/// </remarks>
public sealed record Node
{
    public ObjectMeta Metadata { get; set; } = new();
    public NodeSpec? Spec { get; init; }
    public NodeStatus? Status { get; init; }

    [JsonIgnore]
    public string Name => Metadata.Name;

    [JsonIgnore]
    public bool Unschedulable => Spec?.Unschedulable ?? false;

    /// <summary>The policy whose slot the node holds; null when it holds none.</summary>
    [JsonIgnore]
    public string? CordonedBy => Metadata.Annotations?.GetValueOrDefault(NodeAnnotations.CordonedBy);

    /// <summary>Who holds the node back from upgrades, and why; null: nobody.</summary>
    [JsonIgnore]
    public NodeHold? Hold => NodeHold.Of(Metadata);

    /// <summary>Whether it has the taint with which a node registers that is to be upgraded before it gets workloads.</summary>
    [JsonIgnore]
    public bool HasJoinTaint => Spec?.Taints?.Any(t => t.Key == NodeMarks.OutdatedTaint) == true;

    [JsonIgnore]
    public NodeCondition? Ready => Status?.Conditions?.FirstOrDefault(c => c.Type == "Ready");

    [JsonIgnore]
    public bool IsReady => Ready?.Status == "True";

    [JsonIgnore]
    public string? InternalIP => Status?.Addresses?.FirstOrDefault(a => a.Type == "InternalIP")?.Address;

    /// <summary>The architecture as Go names it; the label is there before the kubelet's first report.</summary>
    [JsonIgnore]
    public string? Architecture => Status?.NodeInfo?.Architecture is { Length: > 0 } told ? told : Metadata.Labels?.GetValueOrDefault("kubernetes.io/arch");

    [JsonIgnore]
    public string? OperatingSystem => Status?.NodeInfo?.OperatingSystem is { Length: > 0 } told ? told : Metadata.Labels?.GetValueOrDefault("kubernetes.io/os");

    /// <summary>
    /// Without the annotations and addresses that nobody here reads. Of conditions other than Ready, which gates look at, type, status and
    /// reason are left: their messages are long, and there are thousands of nodes.
    /// </summary>
    public Node Trimmed() => this with
    {
        Metadata = Metadata with
        {
            Annotations = Metadata.Annotations?.Where(a =>
                a.Key is NodeAnnotations.CordonedBy or NodeAnnotations.CordonedAt or NodeMarks.Hold).ToDictionary() is { Count: > 0 } kept
                ? kept
                : null,
            Finalizers = null,
        },
        Status = Status is null ? null : Status with
        {
            Conditions = Status.Conditions?.Select(static c => c.Type == "Ready" ? c : c.Trimmed()).ToArray() is { Length: > 0 } conditions
                ? conditions : null,
            Addresses = InternalIP is { } ip ? [new() { Type = "InternalIP", Address = ip }] : null,
        },
    };
}

public sealed record NodeSpec
{
    public bool Unschedulable { get; init; }
    public IReadOnlyList<NodeTaint>? Taints { get; init; }
}

/// <summary>A taint with all its fields, since the list is written back whole when one is taken out.</summary>
public sealed record NodeTaint
{
    public string Key { get; set; } = "";
    public string? Value { get; init; }
    public string Effect { get; set; } = "";
    public DateTimeOffset? TimeAdded { get; init; }
}

public sealed record NodeStatus
{
    public IReadOnlyList<NodeCondition>? Conditions { get; init; }
    public NodeInfo? NodeInfo { get; init; }
    public IReadOnlyList<NodeAddress>? Addresses { get; init; }
}

public sealed record NodeAddress
{
    public string Type { get; set; } = "";
    public string Address { get; set; } = "";
}

public sealed record NodeCondition
{
    public string Type { get; set; } = "";
    public string Status { get; set; } = "";
    public string? Reason { get; init; }
    public string? Message { get; init; }
    public DateTimeOffset? LastHeartbeatTime { get; init; }

    /// <summary>Type, status and reason, with the words that every node has in one copy.</summary>
    internal NodeCondition Trimmed() => new()
    {
        Type = Shared(Type),
        Status = Shared(Status),
        Reason = Reason is null ? null : Shared(Reason),
    };

    private static string Shared(string word) => word switch
    {
        "True" => "True",
        "False" => "False",
        "Unknown" => "Unknown",
        "MemoryPressure" => "MemoryPressure",
        "DiskPressure" => "DiskPressure",
        "PIDPressure" => "PIDPressure",
        "NetworkUnavailable" => "NetworkUnavailable",
        "KubeletHasSufficientMemory" => "KubeletHasSufficientMemory",
        "KubeletHasNoDiskPressure" => "KubeletHasNoDiskPressure",
        "KubeletHasSufficientPID" => "KubeletHasSufficientPID",
        _ => word,
    };
}

public sealed record NodeInfo
{
    public string? BootID { get; init; }
    public string? Architecture { get; init; }
    public string? OperatingSystem { get; init; }
}
