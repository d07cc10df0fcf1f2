using System.Text.Json.Serialization;
using Ostler.Api.Meta;

namespace Ostler.Kubernetes.Core;

/// <summary>The part of a core/v1 Pod that a drain rests on.</summary>
public sealed record Pod
{
    /// <summary>The kubelet's mark on the image of a static pod, which cannot be evicted.</summary>
    public const string MirrorAnnotation = "kubernetes.io/config.mirror";

    public NamespacedMeta Metadata { get; set; } = new();
    public PodSpec? Spec { get; init; }
    public PodStatus? Status { get; init; }

    /// <summary>The owner that creates the pod again when it is gone; null for a pod that no controller manages.</summary>
    [JsonIgnore]
    public OwnerReference? Controller => Metadata.OwnerReferences?.FirstOrDefault(o => o.Controller == true);

    /// <summary>Whether the kubelet made it from a file of its node, so that it cannot be evicted.</summary>
    [JsonIgnore]
    public bool IsMirror => Metadata.Annotations?.ContainsKey(MirrorAnnotation) == true;

    /// <summary>Whether it has the labels by which the chart selects the pods of Ostler's controller.</summary>
    [JsonIgnore]
    public bool IsOstlerController =>
        Metadata.Labels?.GetValueOrDefault("app.kubernetes.io/name") == "ostler"
        && Metadata.Labels.GetValueOrDefault("app.kubernetes.io/component") == "controller";

    [JsonIgnore]
    public bool HasEmptyDir => Spec?.Volumes?.Any(v => v.EmptyDir is not null) == true;

    /// <summary>Without the annotations and volumes that nobody here reads.</summary>
    public Pod Trimmed() => this with
    {
        Metadata = Metadata with
        {
            Annotations = Metadata.Annotations?.TryGetValue(MirrorAnnotation, out var mirror) == true
                ? new Dictionary<string, string> { [MirrorAnnotation] = mirror }
                : null,
        },
        Spec = Spec?.Trimmed(keepTolerations: IsOstlerController),
        Status = Status is null ? null : Status with { Conditions = Status.Conditions?.Where(c => c.Type == "Ready").ToArray() },
    };
}

public sealed record PodSpec
{
    public string? NodeName { get; init; }
    public long? TerminationGracePeriodSeconds { get; init; }
    public IReadOnlyList<PodVolume>? Volumes { get; init; }
    public IReadOnlyList<PodToleration>? Tolerations { get; init; }
    public IReadOnlyDictionary<string, string>? NodeSelector { get; init; }
    public PodAffinity? Affinity { get; init; }

    /// <summary>Without the volumes and tolerations that say nothing of a drain.</summary>
    /// <param name="keepTolerations">Whether it matters which other nodes could take the pod.</param>
    public PodSpec Trimmed(bool keepTolerations = false) => this with
    {
        Volumes = Volumes?.Where(v => v.EmptyDir is not null || v.Claim is not null || v.Ephemeral is not null).ToArray(),
        Tolerations = Tolerations?.Where(t => keepTolerations || t.IsOfCordon).ToArray() is { Length: > 0 } kept ? kept : null,
        NodeSelector = NodeSelector is { Count: > 0 } ? NodeSelector : null,
        Affinity = Affinity?.NodeAffinity?.Required is null ? null : Affinity,
    };
}

/// <summary>A taint that the pod may be scheduled onto.</summary>
public sealed record PodToleration
{
    /// <summary>
    /// The taint that Kubernetes puts on a cordoned node; the scheduler asks for a toleration of it even before it is there.
    /// </summary>
    public const string CordonTaint = "node.kubernetes.io/unschedulable";

    public string? Key { get; init; }
    public string? Operator { get; init; }
    public string? Value { get; init; }
    public string? Effect { get; init; }

    /// <summary>Whether it lets the pod onto a cordoned node: the taint has no value and the effect NoSchedule.</summary>
    [JsonIgnore]
    public bool IsOfCordon =>
        Effect is null or "" or "NoSchedule"
        && (string.IsNullOrEmpty(Key) ? Operator == "Exists" : Key == CordonTaint && (Operator == "Exists" || string.IsNullOrEmpty(Value)));

    /// <summary>Whether it lets the pod onto a node with this taint.</summary>
    public bool Tolerates(NodeTaint taint) =>
        (string.IsNullOrEmpty(Effect) || Effect == taint.Effect)
        && (string.IsNullOrEmpty(Key) ? Operator == "Exists" : Key == taint.Key)
        && (Operator == "Exists" || (Operator is null or "" or "Equal" && (Value ?? "") == (taint.Value ?? "")));

    public override string ToString() => string.IsNullOrEmpty(Key) ? "operator: Exists" : $"{Key}: {(string.IsNullOrEmpty(Operator) ? "Equal" : Operator)}";
}

public sealed record PodAffinity
{
    public PodNodeAffinity? NodeAffinity { get; init; }
}

public sealed record PodNodeAffinity
{
    [JsonPropertyName("requiredDuringSchedulingIgnoredDuringExecution")]
    public PodNodeTerms? Required { get; init; }
}

public sealed record PodNodeTerms
{
    public IReadOnlyList<PodNodeTerm>? NodeSelectorTerms { get; init; }
}

public sealed record PodNodeTerm
{
    public IReadOnlyList<PodNodeRequirement>? MatchExpressions { get; init; }
    public IReadOnlyList<PodNodeRequirement>? MatchFields { get; init; }
}

/// <summary>Not a label selector: nodes are compared by Gt and Lt as well.</summary>
public sealed record PodNodeRequirement
{
    public string Key { get; set; } = "";
    public string Operator { get; set; } = "";
    public IReadOnlyList<string>? Values { get; init; }
}

public sealed record PodVolume
{
    public string? Name { get; init; }
    public EmptyDirVolume? EmptyDir { get; init; }

    [JsonPropertyName("persistentVolumeClaim")]
    public ClaimVolume? Claim { get; init; }

    public EphemeralVolume? Ephemeral { get; init; }
}

public sealed record ClaimVolume
{
    public string? ClaimName { get; init; }
}

/// <summary>Its claim is made for the pod and called after the pod and the volume.</summary>
public sealed record EphemeralVolume;

/// <summary>Only whether it is there counts.</summary>
public sealed record EmptyDirVolume;

public sealed record PodStatus
{
    public string? Phase { get; init; }
    public IReadOnlyList<PodCondition>? Conditions { get; init; }

    [JsonIgnore]
    public bool IsReady => Conditions?.Any(c => c is { Type: "Ready", Status: "True" }) == true;
}

public sealed record PodCondition
{
    public string Type { get; set; } = "";
    public string Status { get; set; } = "";
}
