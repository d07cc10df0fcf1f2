using Ostler.Api.NodeOSes;

namespace Ostler.Agent.Cluster;

/// <summary>The latest known state of the NodeOS: the watch puts it in, the agent's loop takes it out. What lies between two looks is skipped.</summary>
internal sealed class LatestNodeOS : IDisposable
{
    private readonly Lock _gate = new();
    private NodeOS? _latest;
    private bool _known;
    private TaskCompletionSource _changed = New();
    private CancellationTokenSource _superseded = new();

    /// <summary>
    /// The latest state (null: there is no such object, or not yet a word of it), a task that ends with the next change, and a token that is cancelled
    /// when what is asked of the node changes.
    /// </summary>
    public (NodeOS? Latest, bool Known, Task Changed, CancellationToken Superseded) Look()
    {
        lock (_gate)
        {
            return (_latest, _known, _changed.Task, _superseded.Token);
        }
    }

    /// <summary>Puts in what the server told. A state of the same object that is older than the one known is dropped: the echo of a watch that lags behind our own write.</summary>
    public void Set(NodeOS? os)
    {
        lock (_gate)
        {
            if (_known && IsOlder(os, _latest))
            {
                return;
            }

            var other = !_known || !AsksTheSame(os, _latest);
            (_latest, _known) = (os, true);
            if (other)
            {
                var superseded = _superseded;
                _superseded = new CancellationTokenSource();

                // Not under the lock's caller's stack: what is cancelled may look here at once.
                _ = superseded.CancelAsync();
            }

            var changed = _changed;
            _changed = New();
            changed.SetResult();
        }
    }

    public void Dispose() => _superseded.Dispose();

    /// <summary>True when both are the same object with the same spec, or both are none.</summary>
    public static bool AsksTheSame(NodeOS? a, NodeOS? b) =>
        a is null || b is null
            ? a is null && b is null
            : a.Metadata.Uid == b.Metadata.Uid
                && a.Metadata.Generation == b.Metadata.Generation
                && (a.Metadata.DeletionTimestamp is null) == (b.Metadata.DeletionTimestamp is null);

    private static bool IsOlder(NodeOS? arrived, NodeOS? known) =>
        arrived is not null
        && arrived.Metadata.Uid == known?.Metadata.Uid
        && ulong.TryParse(arrived.Metadata.ResourceVersion, out var version)
        && ulong.TryParse(known?.Metadata.ResourceVersion, out var latest)
        && version < latest;

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
