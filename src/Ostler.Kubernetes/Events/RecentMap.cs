namespace Ostler.Kubernetes.Events;

/// <summary>A dictionary that forgets what was not used for longest. Not synchronised.</summary>
internal sealed class RecentMap<TKey, TValue>(int capacity) where TKey : notnull
{
    private readonly Dictionary<TKey, LinkedListNode<(TKey Key, TValue Value)>> _nodes = [];
    private readonly LinkedList<(TKey Key, TValue Value)> _byUse = new();

    public int Count => _nodes.Count;

    public bool TryGet(TKey key, out TValue value)
    {
        if (_nodes.TryGetValue(key, out var node))
        {
            _byUse.Remove(node);
            _byUse.AddFirst(node);
            value = node.Value.Value;
            return true;
        }
        value = default!;
        return false;
    }

    public void Set(TKey key, TValue value)
    {
        if (_nodes.Remove(key, out var known))
        {
            _byUse.Remove(known);
        }
        else if (_nodes.Count == capacity && _byUse.Last is { } oldest)
        {
            _nodes.Remove(oldest.Value.Key);
            _byUse.RemoveLast();
        }
        _nodes[key] = _byUse.AddFirst((key, value));
    }

    public void Remove(TKey key)
    {
        if (_nodes.Remove(key, out var node))
        {
            _byUse.Remove(node);
        }
    }
}
