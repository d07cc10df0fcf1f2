namespace Ostler.Kubernetes;

/// <summary>
/// The objects that went last, so that an answer to a write which was overtaken by the deletion does not bring them back.
/// Bounded: writes are overtaken by seconds, not by a thousand deletions.
/// </summary>
internal sealed class RecentDeletions
{
    public const int Capacity = 1024;

    private readonly Dictionary<string, ulong> _deletedAt = [];
    private readonly Queue<string> _order = new();

    /// <summary>
    /// The object was gone at this version. It may come back with a higher one: a watch with a selector calls it a deletion too
    /// when an object ceases to match.
    /// </summary>
    public void Record(string uid, string version)
    {
        if (ResourceVersions.TryParse(version, out var at))
        {
            Record(uid, at);
        }
    }

    /// <summary>The object is deleted; its UID never comes back.</summary>
    public void RecordForGood(string uid) => Record(uid, ulong.MaxValue);

    /// <summary>Was the object gone at this version or later?</summary>
    public bool Contains(string uid, string version) =>
        _deletedAt.TryGetValue(uid, out var at) && (at == ulong.MaxValue || (ResourceVersions.TryParse(version, out var v) && v <= at));

    public void Clear()
    {
        _deletedAt.Clear();
        _order.Clear();
    }

    private void Record(string uid, ulong at)
    {
        if (string.IsNullOrEmpty(uid))
        {
            return;
        }
        if (_deletedAt.TryGetValue(uid, out var known))
        {
            _deletedAt[uid] = Math.Max(known, at);
            return;
        }
        if (_order.Count == Capacity)
        {
            _deletedAt.Remove(_order.Dequeue());
        }
        _deletedAt.Add(uid, at);
        _order.Enqueue(uid);
    }
}
