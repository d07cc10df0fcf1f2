using Ostler.Api.NodeOSes;
using Ostler.Kubernetes.Informers;
using Ostler.Rollout.Hosts.Decisions;

namespace Ostler.Agent.Cluster;

/// <summary>
/// The latest known state of the NodeOS: the watch puts it in, the agent's loop takes it out. What lies between two looks is skipped.
/// </summary>
internal sealed class LatestNodeOS : IDisposable
{
    private readonly Lock _gate = new();
    private NodeOS? _latest;
    private bool _known;
    private TaskCompletionSource _changed = New();
    private CancellationTokenSource _superseded = new();

    /// <summary>
    /// The latest state (null: there is no such object, or not yet a word of it), a task that ends with the next change, and a token that
    /// is cancelled when what is asked of the node changes.
    /// </summary>
    public (NodeOS? Latest, bool Known, Task Changed, CancellationToken Superseded) Look()
    {
        lock (_gate)
        {
            return (_latest, _known, _changed.Task, _superseded.Token);
        }
    }

    /// <summary>The version that is known. To be read before a request whose answer is then given to <see cref="SetAnswer"/>.</summary>
    public string? Version
    {
        get
        {
            lock (_gate)
            {
                return _latest?.Metadata.ResourceVersion;
            }
        }
    }

    /// <summary>
    /// Puts in what a watch sent. A state of the same object that is older than the one known is dropped: the echo of a watch that lags
    /// behind our own write.
    /// </summary>
    public void Set(NodeOS? os)
    {
        lock (_gate)
        {
            if (!IsOlder(os, _latest))
            {
                Put(os);
            }
        }
    }

    /// <summary>
    /// Puts in what a list, a read or a write answered. An answer that is older than what was known before it was asked for comes from a
    /// server that was restored from a backup, and wins; one that is older only than what a watch has sent meanwhile is dropped.
    /// </summary>
    public void SetAnswer(NodeOS? os, string? before)
    {
        lock (_gate)
        {
            if (!IsOlder(os, _latest) || (before is not null && ResourceVersions.IsOlder(os!.Metadata.ResourceVersion ?? "", before)))
            {
                Put(os);
            }
        }
    }

    private void Put(NodeOS? os)
    {
        var other = !_known || !NodeOrder.AsksTheSame(os, _latest);
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

    public void Dispose() => _superseded.Dispose();

    private static bool IsOlder(NodeOS? arrived, NodeOS? known) =>
        arrived is not null
        && known is not null
        && arrived.Metadata.Uid == known.Metadata.Uid
        && ResourceVersions.IsOlder(arrived.Metadata.ResourceVersion ?? "", known.Metadata.ResourceVersion ?? "");

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
