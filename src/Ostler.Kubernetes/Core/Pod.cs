using System.Text.Json.Serialization;
using Ostler.Api.Meta;

namespace Ostler.Kubernetes.Core;

/// <summary>The part of a core/v1 Pod that a drain rests on.</summary>
public sealed record Pod
{
    /// <summary>The kubelet's mark on the image of a static pod, which cannot be evicted.</summary>
    public const string MirrorAnnotation = "kubernetes.io/config.mirror";

    public PodMeta Metadata { get; set; } = new();
    public PodSpec? Spec { get; init; }
    public PodStatus? Status { get; init; }

    /// <summary>Without the annotations and volumes that nobody here reads.</summary>
    public Pod Trimmed() => this with
    {
        Metadata = Metadata with
        {
            Annotations = Metadata.Annotations?.TryGetValue(MirrorAnnotation, out var mirror) == true
                ? new Dictionary<string, string> { [MirrorAnnotation] = mirror }
                : null,
        },
        Spec = Spec is null ? null : Spec with { Volumes = Spec.Volumes?.Where(v => v.EmptyDir is not null || v.Claim is not null || v.Ephemeral is not null).ToArray() },
        Status = Status is null ? null : Status with { Conditions = Status.Conditions?.Where(c => c.Type == "Ready").ToArray() },
    };
}

public sealed record PodMeta
{
    public string Namespace { get; set; } = "";
    public string Name { get; set; } = "";
    public string Uid { get; set; } = "";
    public string? ResourceVersion { get; init; }
    public DateTimeOffset? DeletionTimestamp { get; init; }
    public long? DeletionGracePeriodSeconds { get; init; }
    public IReadOnlyDictionary<string, string>? Labels { get; init; }
    public IReadOnlyDictionary<string, string>? Annotations { get; init; }
    public IReadOnlyList<OwnerReference>? OwnerReferences { get; init; }
    public IReadOnlyList<string>? Finalizers { get; init; }
}

public sealed record PodSpec
{
    public string? NodeName { get; init; }
    public long? TerminationGracePeriodSeconds { get; init; }
    public IReadOnlyList<PodVolume>? Volumes { get; init; }
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

    public bool IsReady => Conditions?.Any(c => c is { Type: "Ready", Status: "True" }) == true;
}

public sealed record PodCondition
{
    public string Type { get; set; } = "";
    public string Status { get; set; } = "";
}
