namespace Ostler.Kubernetes.Informers;

/// <summary>What happened to an object in a cache.</summary>
public enum InformerEventType
{
    Added,
    Updated,
    Deleted,
}

/// <summary>A change of an informer's cache.</summary>
/// <param name="Type">What happened.</param>
/// <param name="Old">Before; null when added.</param>
/// <param name="New">After; null when deleted.</param>
public readonly record struct InformerEvent<T>(InformerEventType Type, T? Old, T? New) where T : class
{
    /// <summary>The object, or the last that was known of it.</summary>
    public T Object => New ?? Old!;
}

/// <summary>Reads an informer's cache. Nothing that it returns may be changed.</summary>
public interface ILister<T> where T : class
{
    /// <returns>Null when the cache has none.</returns>
    T? Get(NamespacedName name);

    /// <summary>A snapshot in no particular order; the same one until something changes.</summary>
    IReadOnlyList<T> List();

    /// <summary>The objects that <see cref="Informer{T}.AddIndex"/> filed under this value. Never null.</summary>
    IReadOnlyList<T> ListByIndex(string index, string value);

    int Count { get; }
}
