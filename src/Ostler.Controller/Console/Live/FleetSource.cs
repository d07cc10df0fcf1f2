namespace Ostler.Controller.Console.Live;

/// <summary>
/// The caches for as long as somebody looks, and <see cref="Idle"/> longer. A console that nobody has open costs neither memory nor a
/// watch, so that every replica can serve one: what is shown does not depend on who leads, and what is decided does not depend on who
/// looks.
/// </summary>
/// <param name="create">Makes the caches.</param>
/// <param name="time">The controller's clock.</param>
internal sealed class FleetSource(Func<FleetCaches> create, TimeProvider time) : IAsyncDisposable
{
    /// <summary>How long the caches outlive the last viewer: a reload of the page must not read everything anew.</summary>
    public static readonly TimeSpan Idle = TimeSpan.FromMinutes(2);

    private readonly Lock _lock = new();
    private FleetCaches? _caches;
    private ITimer? _ending;
    private int _viewers;

    /// <summary>Whether there are caches at present.</summary>
    public bool IsRunning
    {
        get
        {
            lock (_lock)
            {
                return _caches is not null;
            }
        }
    }

    /// <summary>Takes part in the caches, which are made for the first viewer. Dispose the lease to leave.</summary>
    public Lease Open()
    {
        lock (_lock)
        {
            _ending?.Dispose();
            _ending = null;
            _viewers++;
            return new(this, _caches ??= create());
        }
    }

    public async ValueTask DisposeAsync() => await EndAsync(always: true);

    private void Close()
    {
        lock (_lock)
        {
            if (--_viewers == 0)
            {
                _ending = time.CreateTimer(static s => _ = ((FleetSource)s!).EndAsync(always: false), this, Idle, Timeout.InfiniteTimeSpan);
            }
        }
    }

    private async Task EndAsync(bool always)
    {
        FleetCaches? ended;
        lock (_lock)
        {
            if (!always && _viewers > 0)
            {
                return;
            }

            _ending?.Dispose();
            (ended, _caches, _ending) = (_caches, null, null);
        }

        if (ended is not null)
        {
            await ended.DisposeAsync();
        }
    }

    /// <summary>A part in the caches.</summary>
    public sealed class Lease(FleetSource source, FleetCaches caches) : IDisposable
    {
        private FleetSource? _source = source;

        public FleetCaches Caches => caches;

        public void Dispose() => Interlocked.Exchange(ref _source, null)?.Close();
    }
}
