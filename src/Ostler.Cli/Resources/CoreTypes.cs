using System.Text.Json.Serialization;
using Ostler.Api.Meta;
using Ostler.Rollout.Drain;
using Ostler.Rollout.Snapshot;

namespace Ostler.Cli.Resources;

/// <summary>The part of a core/v1 Node that commands show.</summary>
internal sealed record Node
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

    [JsonIgnore]
    public bool Ready => Status?.Conditions?.Any(c => c is { Type: "Ready", Status: "True" }) == true;
}

internal sealed record NodeSpec
{
    public bool Unschedulable { get; init; }
}

internal sealed record NodeStatus
{
    public IReadOnlyList<StatusCondition>? Conditions { get; init; }
}

internal sealed record StatusCondition
{
    public string Type { get; set; } = "";
    public string Status { get; set; } = "";
}

/// <summary>Names an object in a namespace.</summary>
internal sealed record NamespacedMeta
{
    public string Namespace { get; set; } = "";
    public string Name { get; set; } = "";
    public string? Uid { get; init; }
    public string? ResourceVersion { get; init; }
    public DateTimeOffset? DeletionTimestamp { get; init; }
    public IReadOnlyDictionary<string, string>? Labels { get; init; }
    public IReadOnlyDictionary<string, string>? Annotations { get; init; }
    public IReadOnlyList<OwnerReference>? OwnerReferences { get; init; }

    public override string ToString() => $"{Namespace}/{Name}";
}

/// <summary>The part of a core/v1 Pod that tells whether a drain would evict it.</summary>
internal sealed record Pod
{
    private const string MirrorAnnotation = "kubernetes.io/config.mirror";

    public NamespacedMeta Metadata { get; set; } = new();
    public PodSpec? Spec { get; init; }
    public PodStatus? Status { get; init; }

    [JsonIgnore]
    public string? ControllerUid => Metadata.OwnerReferences?.FirstOrDefault(o => o.Controller == true)?.Uid;

    /// <summary>What a drain decides by.</summary>
    /// <param name="namespaces">The labels of the namespaces; null: not read.</param>
    public PodFacts ToFacts(IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>? namespaces)
    {
        var controller = Metadata.OwnerReferences?.FirstOrDefault(o => o.Controller == true);
        return new()
        {
            Namespace = Metadata.Namespace,
            Name = Metadata.Name,
            Uid = Metadata.Uid ?? Metadata.ToString(),
            Phase = Status?.Phase ?? "Unknown",
            Ready = Status?.Conditions?.Any(c => c is { Type: "Ready", Status: "True" }) == true,
            DeletionTimestamp = Metadata.DeletionTimestamp,
            Controller = controller is null ? null : new(controller.Kind, controller.Name, controller.Uid),
            IsMirror = Metadata.Annotations?.ContainsKey(MirrorAnnotation) == true,
            HasEmptyDir = Spec?.Volumes?.Any(v => v.EmptyDir is not null) == true,
            Labels = Metadata.Labels,
            NamespaceLabels = namespaces?.GetValueOrDefault(Metadata.Namespace),
        };
    }
}

internal sealed record PodSpec
{
    public string? NodeName { get; init; }
    public IReadOnlyList<PodVolume>? Volumes { get; init; }
}

internal sealed record PodVolume
{
    public EmptyDirVolume? EmptyDir { get; init; }
}

/// <summary>Only whether it is there counts.</summary>
internal sealed record EmptyDirVolume;

internal sealed record PodStatus
{
    public string? Phase { get; init; }
    public IReadOnlyList<StatusCondition>? Conditions { get; init; }
}

/// <summary>A core/v1 Namespace.</summary>
internal sealed record Namespace
{
    public ObjectMeta Metadata { get; set; } = new();
}

/// <summary>A policy/v1 (or v1beta1) PodDisruptionBudget.</summary>
internal sealed record Budget
{
    public NamespacedMeta Metadata { get; set; } = new();
    public BudgetSpec? Spec { get; init; }
    public BudgetStatus? Status { get; init; }

    /// <summary>What an eviction is judged by.</summary>
    /// <param name="isV1">Whether it was read as policy/v1.</param>
    public BudgetFacts ToFacts(bool isV1) => new()
    {
        Namespace = Metadata.Namespace,
        Name = Metadata.Name,
        Selector = Spec?.Selector,
        IsV1 = isV1,
        AlwaysAllowsUnhealthy = Spec?.UnhealthyPodEvictionPolicy == "AlwaysAllow",
        DisruptionsAllowed = Status?.DisruptionsAllowed ?? 0,
        CurrentHealthy = Status?.CurrentHealthy ?? 0,
        DesiredHealthy = Status?.DesiredHealthy ?? 0,
        ExpectedPods = Status?.ExpectedPods ?? 0,
    };
}

internal sealed record BudgetSpec
{
    public LabelSelector? Selector { get; init; }
    public string? UnhealthyPodEvictionPolicy { get; init; }
}

internal sealed record BudgetStatus
{
    public int DisruptionsAllowed { get; init; }
    public int CurrentHealthy { get; init; }
    public int DesiredHealthy { get; init; }
    public int ExpectedPods { get; init; }
}

/// <summary>A coordination.k8s.io/v1 Lease.</summary>
internal sealed record Lease
{
    public NamespacedMeta Metadata { get; set; } = new();
    public LeaseSpec? Spec { get; init; }
}

internal sealed record LeaseSpec
{
    public string? HolderIdentity { get; init; }
    public int? LeaseDurationSeconds { get; init; }
    public DateTimeOffset? RenewTime { get; init; }
}
