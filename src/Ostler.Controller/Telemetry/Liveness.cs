using System.Collections.Concurrent;
using Ostler.Kubernetes.Controllers;

namespace Ostler.Controller.Telemetry;

/// <summary>
/// Whether the work loops make progress. That the process answers says nothing: a reconcile that never returns leaves a rollout
/// standing for ever while every probe is green.
/// </summary>
/// <param name="time">The controller's clock.</param>
/// <param name="patience">
/// How long a reconcile may be under way, or a filled queue without any end of one. Longer than the reconcile timeout, which cures what
/// can be cured without a restart.
/// </param>
internal sealed class Liveness(TimeProvider time, TimeSpan patience)
{
    private readonly ConcurrentDictionary<string, Loop> _loops = new();

    /// <summary>Watches a loop: the returned reconcile does what the given one does, and says when.</summary>
    /// <param name="name">The loop's name; the same one again replaces the former, as in a new term.</param>
    /// <param name="reconcile">The work.</param>
    /// <param name="waiting">How many keys wait for it.</param>
    public Reconcile<TKey> Watch<TKey>(string name, Reconcile<TKey> reconcile, Func<int> waiting)
    {
        var loop = new Loop(waiting, time.GetTimestamp());
        _loops[name] = loop;
        return async (key, cancel) =>
        {
            var pass = new object();
            loop.UnderWay[pass] = time.GetTimestamp();
            try
            {
                return await reconcile(key, cancel);
            }
            finally
            {
                loop.UnderWay.TryRemove(pass, out _);
                loop.LastEnd = time.GetTimestamp();
            }
        };
    }

    /// <summary>No loop is watched any more: the term is over.</summary>
    public void Clear() => _loops.Clear();

    /// <summary>What stands still, in a sentence; null when all is well.</summary>
    public string? Problem()
    {
        foreach (var (name, loop) in _loops)
        {
            if (loop.UnderWay.Values is { Count: > 0 } passes && time.GetElapsedTime(passes.Min()) > patience)
            {
                return $"a reconcile of {name} has been running for more than {patience.TotalSeconds:0} s";
            }

            if (loop.Waiting() == 0)
            {
                // Nothing to do is no standstill; patience begins with the first key that waits.
                loop.LastEnd = time.GetTimestamp();
            }
            else if (time.GetElapsedTime(loop.LastEnd) > patience)
            {
                return $"keys wait for {name}, and no reconcile has ended for more than {patience.TotalSeconds:0} s";
            }
        }

        return null;
    }

    private sealed class Loop(Func<int> waiting, long now)
    {
        private long _lastEnd = now;

        public Func<int> Waiting => waiting;
        public ConcurrentDictionary<object, long> UnderWay { get; } = new();

        public long LastEnd
        {
            get => Volatile.Read(ref _lastEnd);
            set => Volatile.Write(ref _lastEnd, value);
        }
    }
}
