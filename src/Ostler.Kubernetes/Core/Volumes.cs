namespace Ostler.Kubernetes.Core;

/// <summary>The part of a storage.k8s.io/v1 VolumeAttachment that tells which volume is attached where.</summary>
public sealed record VolumeAttachment
{
    public NamespacedMeta Metadata { get; set; } = new();
    public VolumeAttachmentSpec? Spec { get; init; }
}

public sealed record VolumeAttachmentSpec
{
    public string? NodeName { get; init; }
    public VolumeAttachmentSource? Source { get; init; }
}

public sealed record VolumeAttachmentSource
{
    /// <summary>Null for a volume that is written out in its pod.</summary>
    public string? PersistentVolumeName { get; init; }
}

/// <summary>The part of a core/v1 PersistentVolumeClaim that tells which volume it has.</summary>
public sealed record PersistentVolumeClaim
{
    public NamespacedMeta Metadata { get; set; } = new();
    public PersistentVolumeClaimSpec? Spec { get; init; }
}

public sealed record PersistentVolumeClaimSpec
{
    /// <summary>Null until it is bound.</summary>
    public string? VolumeName { get; init; }
}

/// <summary>The part of a core/v1 Namespace that drain rules ask for.</summary>
public sealed record Namespace
{
    public NamespacedMeta Metadata { get; set; } = new();

    /// <summary>With its labels alone.</summary>
    public Namespace Trimmed() => this with { Metadata = Metadata with { Annotations = null, OwnerReferences = null, Finalizers = null } };
}
