using Ostler.Kubernetes.Client;

namespace Ostler.Kubernetes.Informers;

/// <summary>
/// The objects of an informer, and the rules by which news of them is believed: what comes from the watch, from a list and from our
/// own writes reaches us in any order, and nothing older may replace anything newer. Not synchronised: members are called under the
/// informer's lock.
/// </summary>
internal sealed class InformerCache<T>(ResourceType<T> type, Action<InformerEvent<T>> notify) where T : class
{
    private readonly Dictionary<NamespacedName, T> _objects = [];
    private readonly Dictionary<string, CacheIndex<T>> _indexes = [];
    private readonly RecentDeletions _deletions = new();
    private IReadOnlyList<T>? _snapshot;

    // Everything that happened up to this version is in the cache.
    private string _heardUpTo = "";

    public int Count => _objects.Count;

    public T? Get(NamespacedName name) => _objects.GetValueOrDefault(name);

    public IReadOnlyList<T> Snapshot() => _snapshot ??= [.. _objects.Values];

    public CacheIndex<T> Index(string name) => _indexes[name];

    public void AddIndex(string name, CacheIndex<T> index)
    {
        _indexes.Add(name, index);
        foreach (var obj in _objects.Values)
        {
            index.Add(obj);
        }
    }

    /// <summary>An object was added or changed, says the watch.</summary>
    public void Set(T obj)
    {
        var meta = type.MetaOf(obj);
        _objects.TryGetValue(meta.Key, out var old);
        if (!_deletions.Contains(meta.Uid) && (old is null || !ResourceVersions.IsOlder(meta.ResourceVersion, type.MetaOf(old).ResourceVersion)))
        {
            Take(meta, old, obj);
        }
    }

    /// <summary>
    /// An object was added or changed, says the answer to our own write. If the cache knows all that happened up to then, it is either
    /// there already or was deleted since, perhaps without ever having been seen.
    /// </summary>
    public void Absorb(T obj)
    {
        if (!ResourceVersions.IsAtMost(type.MetaOf(obj).ResourceVersion, _heardUpTo))
        {
            Set(obj);
        }
    }

    /// <summary>An object was deleted, says the watch (or no longer matches the selector, which a watch tells in the same words).</summary>
    public void Delete(T last)
    {
        var meta = type.MetaOf(last);
        if (_objects.TryGetValue(meta.Key, out var old) && !ResourceVersions.IsOlder(meta.ResourceVersion, type.MetaOf(old).ResourceVersion))
        {
            Discard(meta.Key, old, last);
        }
    }

    /// <summary>The watch has told all up to this version.</summary>
    public void HeardUpTo(string version) => _heardUpTo = version;

    /// <summary>We know that this object is gone for good: no news of it is believed any more.</summary>
    public void DeleteForGood(NamespacedName name, string uid)
    {
        _deletions.Record(uid);
        if (_objects.TryGetValue(name, out var old) && type.MetaOf(old).Uid == uid)
        {
            Discard(name, old, old);
        }
    }

    /// <summary>What exists is this, as of <paramref name="listVersion"/>.</summary>
    /// <param name="items">Everything that exists.</param>
    /// <param name="listVersion">The version of the list.</param>
    /// <param name="historyWentBack">The server's state was restored from a backup: numbers are from another history, so the list alone
    /// counts.</param>
    public void Replace(IReadOnlyList<T> items, string listVersion, bool historyWentBack)
    {
        if (historyWentBack)
        {
            _deletions.Clear();
        }
        var listed = new HashSet<NamespacedName>(items.Count);
        foreach (var item in items)
        {
            var meta = type.MetaOf(item);
            listed.Add(meta.Key);
            _objects.TryGetValue(meta.Key, out var old);
            // What is newer than the list came while the list was under way. What is not, the list knew: it is right even where its
            // object has the lower number, as after a restore from a backup.
            var cameLater = old is not null && ResourceVersions.IsOlder(listVersion, type.MetaOf(old).ResourceVersion);
            if (historyWentBack || (!cameLater && !_deletions.Contains(meta.Uid)))
            {
                Take(meta, old, item);
            }
        }
        // Deletions that we missed. What is newer than the list was absorbed while the list was under way: it is not missing there, it came
        // after.
        var missing = _objects.Where(o => !listed.Contains(o.Key)
            && (historyWentBack || !ResourceVersions.IsOlder(listVersion, type.MetaOf(o.Value).ResourceVersion))).ToList();
        foreach (var (name, old) in missing)
        {
            Discard(name, old, old);
        }
        _heardUpTo = listVersion;
    }

    private void Take(ResourceMeta meta, T? old, T obj)
    {
        if (old is not null)
        {
            var oldMeta = type.MetaOf(old);
            if (oldMeta.Uid != meta.Uid)
            {
                // Another object under the same name. Handlers that keep something by UID must see the end of the first.
                Discard(meta.Key, old, old);
                old = null;
            }
            else if (oldMeta.ResourceVersion == meta.ResourceVersion)
            {
                // Our own write, which Absorb has told already. The old instance stays, so that snapshots keep sharing it.
                return;
            }
        }
        Store(meta.Key, old, obj);
    }

    private void Store(NamespacedName key, T? old, T obj)
    {
        _objects[key] = obj;
        _snapshot = null;
        foreach (var index in _indexes.Values)
        {
            if (old is not null)
            {
                index.Remove(old);
            }
            index.Add(obj);
        }
        notify(new InformerEvent<T>(old is null ? InformerEventType.Added : InformerEventType.Updated, old, obj));
    }

    private void Discard(NamespacedName key, T old, T last)
    {
        _objects.Remove(key);
        _snapshot = null;
        foreach (var index in _indexes.Values)
        {
            index.Remove(old);
        }
        notify(new InformerEvent<T>(InformerEventType.Deleted, last, null));
    }
}
