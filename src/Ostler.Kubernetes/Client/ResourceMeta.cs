namespace Ostler.Kubernetes.Client;

/// <summary>The metadata that the runtime itself needs of any object.</summary>
public readonly record struct ResourceMeta(
    string Namespace,
    string Name,
    string Uid,
    string ResourceVersion,
    long Generation = 0,
    DateTimeOffset? DeletionTimestamp = null,
    IReadOnlyDictionary<string, string>? Labels = null,
    IReadOnlyDictionary<string, string>? Annotations = null)
{
    public NamespacedName Key => new(Namespace ?? "", Name);

    /// <summary>Deletion was asked for; finalizers or a grace period keep the object.</summary>
    public bool IsTerminating => DeletionTimestamp is not null;
}
