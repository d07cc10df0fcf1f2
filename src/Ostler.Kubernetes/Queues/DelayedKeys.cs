namespace Ostler.Kubernetes.Queues;

/// <summary>Keys that become due later; of several times for one key the earliest counts. Not synchronised.</summary>
internal sealed class DelayedKeys<TKey> where TKey : notnull
{
    private readonly PriorityQueue<TKey, long> _byTime = new();
    private readonly Dictionary<TKey, long> _due = [];

    /// <summary>The earliest time, in ticks of the caller's clock; null when nothing waits.</summary>
    public long? NextDue => _byTime.TryPeek(out _, out var due) ? due : null;

    public int Count => _due.Count;

    public void Add(TKey key, long due)
    {
        if (_due.TryGetValue(key, out var known) && known <= due)
        {
            return;
        }
        _due[key] = due;
        _byTime.Enqueue(key, due);
    }

    public IEnumerable<TKey> TakeDue(long now)
    {
        while (_byTime.TryPeek(out var key, out var due) && due <= now)
        {
            _byTime.Dequeue();
            // An entry that an earlier time has replaced: taken already.
            if (_due.TryGetValue(key, out var current) && current == due)
            {
                _due.Remove(key);
                yield return key;
            }
        }
    }

    public void Clear()
    {
        _byTime.Clear();
        _due.Clear();
    }
}
