using Ostler.Api.Meta;
using Ostler.Kubernetes.Client;

namespace Ostler.Kubernetes.Core;

/// <summary>The part of metadata that is read of an object that is not ours.</summary>
public sealed record NamespacedMeta
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

    /// <summary>What the client must know of it.</summary>
    public ResourceMeta ToResourceMeta() => new(Namespace, Name, Uid, ResourceVersion ?? "", 0, DeletionTimestamp, Labels, Annotations);

    public override string ToString() => $"{Namespace}/{Name}";
}
