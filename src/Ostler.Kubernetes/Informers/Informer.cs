using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Telemetry;

namespace Ostler.Kubernetes.Informers;

/// <summary>
/// A local copy of a collection, kept up to date by list and watch. After an expired version, an error, a line that cannot be read, or
/// silence everything is listed again and compared, so that a deletion that was missed is still seen as one.
/// </summary>
/// <remarks>
/// <para>Pitfalls. The cache lags behind the server: decide from it, but write with preconditions. Handlers run one after the other under
/// the informer's lock, in the order of the changes: enqueue a key and return. <see cref="ResourceVersions"/> says why resource
/// versions may be compared.</para>
/// <para>Errors never end <see cref="RunAsync"/>: it goes on trying, with jitter and at most every
/// <see cref="InformerOptions{T}.Backoff"/>, and says so in the log and in <c>watch_restarts_total</c>.</para>
/// </remarks>
public sealed partial class Informer<T> where T : class
{
    private readonly ApiClient _client;
    private readonly ResourceType<T> _type;
    private readonly InformerOptions<T> _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Func<double> _random;
    private readonly Lock _lock = new();
    private readonly InformerCache<T> _cache;
    private readonly List<Action<InformerEvent<T>>> _handlers = [];
    private readonly TaskCompletionSource _synced = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _running;
    private long _lastContact;

    /// <param name="client">Reads through this; not disposed.</param>
    /// <param name="type">What to cache.</param>
    /// <param name="options">Default: everything.</param>
    /// <param name="timeProvider">Default: the system's.</param>
    /// <param name="logger">Default: none.</param>
    /// <param name="random">In [0, 1); for jitter. Default: random.</param>
    public Informer(
        ApiClient client,
        ResourceType<T> type,
        InformerOptions<T>? options = null,
        TimeProvider? timeProvider = null,
        ILogger? logger = null,
        Func<double>? random = null)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(type);
        _client = client;
        _type = type;
        _options = options ?? new InformerOptions<T>();
        _time = timeProvider ?? TimeProvider.System;
        _logger = logger ?? NullLogger.Instance;
        _random = random ?? Jitter.Default;
        _cache = new InformerCache<T>(type, Notify);
        Lister = new LockedLister(this);
        RuntimeMetrics.InitializeWatch(type.QualifiedName);
    }

    public ILister<T> Lister { get; }

    /// <summary>The cache has held everything at least once.</summary>
    public bool HasSynced => _synced.Task.IsCompletedSuccessfully;

    /// <summary>
    /// When the server was last heard of (a list, an event or a bookmark); null before the first time. For liveness probes.
    /// </summary>
    public DateTimeOffset? LastContact
    {
        get
        {
            var ticks = Volatile.Read(ref _lastContact);
            return ticks == 0 ? null : new DateTimeOffset(ticks, TimeSpan.Zero);
        }
    }

    /// <summary>Waits until <see cref="HasSynced"/>.</summary>
    public Task WaitForSyncAsync(CancellationToken cancellationToken) => _synced.Task.WaitAsync(cancellationToken);

    /// <summary>Calls the handler for every change from now on, and at once with an Added for everything that is cached already.</summary>
    public void AddHandler(Action<InformerEvent<T>> handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        lock (_lock)
        {
            _handlers.Add(handler);
            foreach (var obj in _cache.Snapshot())
            {
                Call(handler, new InformerEvent<T>(InformerEventType.Added, null, obj));
            }
        }
    }

    /// <summary>Files each object (as transformed) under the value that the function gives; null files it nowhere.</summary>
    public void AddIndex(string name, Func<T, string?> valueOf)
    {
        ArgumentNullException.ThrowIfNull(valueOf);
        lock (_lock)
        {
            _cache.AddIndex(name, new CacheIndex<T>(_type, valueOf));
        }
    }

    /// <summary>
    /// Takes an object that our own write returned into the cache at once, unless the cache has a newer one or knows that it is deleted. A
    /// watch event that is older is ignored later. Without this, who reads the cache right after a write would decide on the state before
    /// it.
    /// </summary>
    /// <remarks>For objects that the informer's selectors choose; one that they do not would stay until the next list.</remarks>
    public void Absorb(T written)
    {
        ArgumentNullException.ThrowIfNull(written);
        var obj = Transformed(written);
        lock (_lock)
        {
            _cache.Absorb(obj);
        }
    }

    /// <summary>
    /// Takes an object out of the cache at once because it is known to be gone (a read said 404, or a deletion without grace period and
    /// finalizers succeeded). A deletion that was only asked for is not that.
    /// </summary>
    public void AbsorbDeleted(NamespacedName name, string uid)
    {
        ArgumentException.ThrowIfNullOrEmpty(uid);
        lock (_lock)
        {
            _cache.DeleteForGood(name, uid);
        }
    }

    private T Transformed(T obj) => _options.Transform is { } transform ? transform(obj) : obj;

    private void Notify(InformerEvent<T> change)
    {
        foreach (var handler in _handlers)
        {
            Call(handler, change);
        }
    }

    private void Call(Action<InformerEvent<T>> handler, InformerEvent<T> change)
    {
        try
        {
            handler(change);
        }
        catch (Exception e)
        {
            // The cache is right whatever a handler does with it; the other handlers must still hear.
            LogHandlerFailed(e, _type.QualifiedName);
        }
    }

    private sealed class LockedLister(Informer<T> informer) : ILister<T>
    {
        public int Count
        {
            get
            {
                lock (informer._lock)
                {
                    return informer._cache.Count;
                }
            }
        }

        public T? Get(NamespacedName name)
        {
            lock (informer._lock)
            {
                return informer._cache.Get(name);
            }
        }

        public IReadOnlyList<T> List()
        {
            lock (informer._lock)
            {
                return informer._cache.Snapshot();
            }
        }

        public IReadOnlyList<T> ListByIndex(string index, string value)
        {
            lock (informer._lock)
            {
                return informer._cache.Index(index).Find(value);
            }
        }
    }

    [LoggerMessage(4, LogLevel.Error, "A handler of {Resource} failed", EventName = "HandlerFailed")]
    private partial void LogHandlerFailed(Exception error, string resource);
}
