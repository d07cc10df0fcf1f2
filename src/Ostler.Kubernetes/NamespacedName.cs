namespace Ostler.Kubernetes;

/// <summary>Names an object of a known type. The namespace of a cluster-scoped object is empty.</summary>
public readonly record struct NamespacedName(string Namespace, string Name) : IComparable<NamespacedName>
{
    /// <summary>Names a cluster-scoped object.</summary>
    public static NamespacedName ClusterScoped(string name) => new("", name);

    public int CompareTo(NamespacedName other)
    {
        var byNamespace = string.CompareOrdinal(Namespace, other.Namespace);
        return byNamespace != 0 ? byNamespace : string.CompareOrdinal(Name, other.Name);
    }

    /// <summary><c>namespace/name</c>, or only the name when cluster-scoped.</summary>
    public override string ToString() => string.IsNullOrEmpty(Namespace) ? Name : $"{Namespace}/{Name}";

    public static bool operator <(NamespacedName left, NamespacedName right) => left.CompareTo(right) < 0;
    public static bool operator <=(NamespacedName left, NamespacedName right) => left.CompareTo(right) <= 0;
    public static bool operator >(NamespacedName left, NamespacedName right) => left.CompareTo(right) > 0;
    public static bool operator >=(NamespacedName left, NamespacedName right) => left.CompareTo(right) >= 0;
}
