namespace Ostler.Kubernetes.Informers;

/// <summary>
/// The UIDs that we know to be gone before the watch has told us, so that news from before the deletion does not bring them back.
/// Bounded: the watch lags behind by seconds, not by a thousand deletions.
/// </summary>
internal sealed class RecentDeletions
{
    public const int Capacity = 1024;

    private readonly HashSet<string> _uids = [];
    private readonly Queue<string> _order = new();

    public bool Contains(string uid) => _uids.Contains(uid);

    public void Record(string uid)
    {
        if (!_uids.Add(uid))
        {
            return;
        }
        if (_order.Count == Capacity)
        {
            _uids.Remove(_order.Dequeue());
        }
        _order.Enqueue(uid);
    }

    public void Clear()
    {
        _uids.Clear();
        _order.Clear();
    }
}
