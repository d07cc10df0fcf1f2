using Ostler.Kubernetes.Client;

namespace Ostler.Kubernetes.Events;

/// <summary>Names an object of any type, as an event's <c>involvedObject</c> does.</summary>
/// <param name="ApiVersion"><c>v1</c> or <c>group/version</c>.</param>
/// <param name="Kind">Its kind.</param>
/// <param name="Namespace">Empty when cluster-scoped.</param>
/// <param name="Name">Its name.</param>
/// <param name="Uid">Its UID; <c>kubectl describe</c> shows only events with the right one.</param>
public sealed record ObjectRef(string ApiVersion, string Kind, string Namespace, string Name, string Uid)
{
    public static ObjectRef To<T>(ResourceType<T> type, T obj) where T : class
    {
        ArgumentNullException.ThrowIfNull(type);
        var meta = type.MetaOf(obj);
        return new ObjectRef(type.ApiVersion, type.Kind, meta.Namespace ?? "", meta.Name, meta.Uid ?? "");
    }

    /// <summary>
    /// A node. kubelet and the node controller put the node's name where the UID belongs, and <c>kubectl describe node</c> looks for that
    /// too.
    /// </summary>
    public static ObjectRef ToNode(string name) => new("v1", "Node", "", name, name);
}

/// <summary>Whether an event is bad news.</summary>
public enum EventType
{
    Normal,
    Warning,
}
