using Ostler.Kubernetes.Client;

namespace Ostler.Kubernetes.Informers;

/// <summary>Files the objects of a cache under the values that a function gives them.</summary>
internal sealed class CacheIndex<T>(ResourceType<T> type, Func<T, string?> valueOf) where T : class
{
    private readonly Dictionary<string, Dictionary<NamespacedName, T>> _byValue = new(StringComparer.Ordinal);

    public IReadOnlyList<T> Find(string value) => _byValue.TryGetValue(value, out var objects) ? [.. objects.Values] : [];

    public void Add(T obj)
    {
        if (valueOf(obj) is not { } value)
        {
            return;
        }
        if (!_byValue.TryGetValue(value, out var objects))
        {
            _byValue[value] = objects = [];
        }
        objects[type.MetaOf(obj).Key] = obj;
    }

    public void Remove(T obj)
    {
        if (valueOf(obj) is { } value && _byValue.TryGetValue(value, out var objects))
        {
            objects.Remove(type.MetaOf(obj).Key);
            if (objects.Count == 0)
            {
                _byValue.Remove(value);
            }
        }
    }
}
