using Ostler.Kubernetes.Telemetry;

namespace Ostler.Kubernetes.Queues;

/// <summary>
/// A queue of keys with the semantics of client-go's: a key waits at most once; a key that is being worked on is never handed out a second
/// time, but one that is added meanwhile comes again when it is done; failures are retried ever more slowly, and for ever.
/// </summary>
/// <remarks>Every key from <see cref="GetAsync"/> must come back through <see cref="Done"/>, or it is never handed out again.</remarks>
public sealed class WorkQueue<TKey> : IDisposable where TKey : notnull
{
    // A timer takes at most 49 days, and a maintenance window may be further away: it is armed again on the way.
    private static readonly TimeSpan LongestWait = TimeSpan.FromDays(1);

    private readonly Lock _lock = new();
    private readonly TimeProvider _time;
    private readonly long _origin;
    private readonly ITimer _timer;
    private readonly Queue<(TKey Key, long AddedAt)> _queue = new();
    private readonly HashSet<TKey> _dirty = [];
    private readonly HashSet<TKey> _processing = [];
    private readonly LinkedList<TaskCompletionSource<Dequeued<TKey>>> _waiters = new();
    private readonly DelayedKeys<TKey> _delayed = new();
    private readonly KeyBackoff<TKey> _backoff;
    private readonly TaskCompletionSource _drained = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _shuttingDown;

    /// <param name="name">In metrics.</param>
    /// <param name="options">Default: see <see cref="WorkQueueOptions"/>.</param>
    /// <param name="timeProvider">Default: the system's.</param>
    public WorkQueue(string name, WorkQueueOptions? options = null, TimeProvider? timeProvider = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        Name = name;
        _time = timeProvider ?? TimeProvider.System;
        _origin = _time.GetTimestamp();
        _backoff = new KeyBackoff<TKey>((options ?? new WorkQueueOptions()).Backoff);
        _timer = _time.CreateTimer(static queue => ((WorkQueue<TKey>)queue!).AddDue(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        RuntimeMetrics.InitializeQueue(name, () => Count);
    }

    public string Name { get; }

    /// <summary>Keys that wait for a worker; not those that are being worked on or that are delayed.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _queue.Count;
            }
        }
    }

    public bool IsShuttingDown
    {
        get
        {
            lock (_lock)
            {
                return _shuttingDown;
            }
        }
    }

    /// <summary>Adds a key, unless it waits already.</summary>
    public void Add(TKey key)
    {
        lock (_lock)
        {
            AddLocked(key);
        }
    }

    /// <summary>Adds a key after a time. Of several times for one key the earliest counts.</summary>
    public void AddAfter(TKey key, TimeSpan delay)
    {
        lock (_lock)
        {
            AddAfterLocked(key, delay);
        }
    }

    /// <summary>Adds a key after a time that doubles with each call until <see cref="Forget"/>.</summary>
    /// <param name="key">The key.</param>
    /// <param name="atLeast">Not sooner, for example because a server asked for it. Default: zero.</param>
    public void AddRateLimited(TKey key, TimeSpan atLeast = default)
    {
        lock (_lock)
        {
            var delay = _backoff.Next(key);
            AddAfterLocked(key, delay > atLeast ? delay : atLeast);
        }
        RuntimeMetrics.RecordRetry(Name);
    }

    /// <summary>The key succeeded: its next failure is a first one. Does not take it out of the queue.</summary>
    public void Forget(TKey key)
    {
        lock (_lock)
        {
            _backoff.Forget(key);
        }
    }

    /// <summary>How often the key was added by <see cref="AddRateLimited"/> since the last <see cref="Forget"/>.</summary>
    public int Retries(TKey key)
    {
        lock (_lock)
        {
            return _backoff.Failures(key);
        }
    }

    /// <summary>
    /// Waits for a key. After <see cref="ShutDown"/> what is left is still handed out, then <see cref="Dequeued{TKey}.ShuttingDown"/>.
    /// </summary>
    public async ValueTask<Dequeued<TKey>> GetAsync(CancellationToken cancellationToken)
    {
        TaskCompletionSource<Dequeued<TKey>> waiter;
        LinkedListNode<TaskCompletionSource<Dequeued<TKey>>> node;
        lock (_lock)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (_queue.Count > 0)
            {
                return TakeLocked();
            }
            if (_shuttingDown)
            {
                return new Dequeued<TKey>(default!, ShuttingDown: true);
            }
            waiter = new TaskCompletionSource<Dequeued<TKey>>(TaskCreationOptions.RunContinuationsAsynchronously);
            node = _waiters.AddLast(waiter);
        }
        await using var registration = cancellationToken.UnsafeRegister(
            (_, token) =>
            {
                lock (_lock)
                {
                    // A waiter that was handed a key is no longer in the list: the key wins, for it would be lost otherwise.
                    if (node.List is not null)
                    {
                        _waiters.Remove(node);
                        waiter.TrySetCanceled(token);
                    }
                }
            },
            null).ConfigureAwait(false);
        return await waiter.Task.ConfigureAwait(false);
    }

    /// <summary>The work on a key is over, whatever came of it. Was it added meanwhile, it waits again now.</summary>
    public void Done(TKey key)
    {
        lock (_lock)
        {
            _processing.Remove(key);
            if (_dirty.Contains(key))
            {
                EnqueueLocked(key);
            }
            CompleteDrainLocked();
        }
    }

    /// <summary>
    /// Takes no more keys; what waits is still handed out. Delayed keys are dropped: whoever starts next finds them by itself.
    /// </summary>
    public void ShutDown()
    {
        lock (_lock)
        {
            _shuttingDown = true;
            _delayed.Clear();
            foreach (var waiter in _waiters)
            {
                waiter.TrySetResult(new Dequeued<TKey>(default!, ShuttingDown: true));
            }
            _waiters.Clear();
            CompleteDrainLocked();
        }
        RuntimeMetrics.ForgetQueue(Name);
    }

    /// <summary><see cref="ShutDown"/>, then waits until nothing waits and nothing is being worked on.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled first. The queue stays shut.</exception>
    public async Task ShutDownAsync(CancellationToken cancellationToken)
    {
        ShutDown();
        await _drained.Task.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    public void Dispose()
    {
        ShutDown();
        _timer.Dispose();
    }

    private void AddLocked(TKey key)
    {
        if (_shuttingDown || !_dirty.Add(key))
        {
            return;
        }
        RuntimeMetrics.RecordAdd(Name);
        if (!_processing.Contains(key))
        {
            EnqueueLocked(key);
        }
    }

    private void EnqueueLocked(TKey key)
    {
        _queue.Enqueue((key, _time.GetTimestamp()));
        if (_waiters.First is { } first)
        {
            _waiters.RemoveFirst();
            first.Value.SetResult(TakeLocked());
        }
    }

    private Dequeued<TKey> TakeLocked()
    {
        var (key, addedAt) = _queue.Dequeue();
        _dirty.Remove(key);
        _processing.Add(key);
        RuntimeMetrics.RecordQueueLatency(Name, _time.GetElapsedTime(addedAt));
        return new Dequeued<TKey>(key, ShuttingDown: false);
    }

    private void AddAfterLocked(TKey key, TimeSpan delay)
    {
        if (_shuttingDown)
        {
            return;
        }
        if (delay <= TimeSpan.Zero)
        {
            AddLocked(key);
            return;
        }
        var now = Elapsed();
        _delayed.Add(key, delay.Ticks < long.MaxValue - now ? now + delay.Ticks : long.MaxValue);
        ArmLocked();
    }

    private void AddDue()
    {
        lock (_lock)
        {
            foreach (var key in _delayed.TakeDue(Elapsed()))
            {
                AddLocked(key);
            }
            ArmLocked();
        }
    }

    private void ArmLocked()
    {
        if (_delayed.NextDue is { } due)
        {
            // Rounded up to the timer's grain: early by a fraction, it would find nothing due and spin.
            var wait = TimeSpan.FromMilliseconds(Math.Ceiling(TimeSpan.FromTicks(Math.Max(0, due - Elapsed())).TotalMilliseconds));
            _timer.Change(wait < LongestWait ? wait : LongestWait, Timeout.InfiniteTimeSpan);
        }
    }

    private long Elapsed() => _time.GetElapsedTime(_origin).Ticks;

    private void CompleteDrainLocked()
    {
        if (_shuttingDown && _queue.Count == 0 && _processing.Count == 0)
        {
            _drained.TrySetResult();
        }
    }
}
