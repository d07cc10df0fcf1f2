using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Text;

namespace Ostler.Controller.Startup;

/// <summary>
/// The time by which the controller decides: that of the API server, from the Date of its answers, kept by a monotonic clock. The wall
/// clock of the machine counts until the first answer, and then only as a second opinion on it: see <see cref="Doubt"/>. Timers and
/// timestamps are the machine's own.
/// </summary>
/// <param name="local">The machine's clocks. Its timestamps should go on while the machine is suspended.</param>
internal sealed class ServerClock(TimeProvider local) : TimeProvider
{
    /// <summary>Leases are renewed every few seconds: a silence of this length means that the API server could not be reached.</summary>
    public static readonly TimeSpan Silence = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly long _began = local.GetTimestamp();
    private ClusterTime? _time;
    private TimeSpan _lastAnswer;
    private ControllerSight? _sight;

    public override TimeZoneInfo LocalTimeZone => local.LocalTimeZone;

    public override long TimestampFrequency => local.TimestampFrequency;

    /// <summary>Since when the API server has answered without a break; null before its first answer.</summary>
    public ControllerSight? Sight
    {
        get
        {
            lock (_lock)
            {
                return _sight;
            }
        }
    }

    /// <summary>
    /// How far the API server's clock is ahead of the machine's, while it is not known which of them is wrong; null: the time can be
    /// trusted.
    /// </summary>
    public TimeSpan? Doubt
    {
        get
        {
            lock (_lock)
            {
                return _time?.Doubt?.By;
            }
        }
    }

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
        {
            return _time?.At(Monotonic) ?? local.GetUtcNow();
        }
    }

    public override long GetTimestamp() => local.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        local.CreateTimer(callback, state, dueTime, period);

    /// <summary>The API server answered.</summary>
    /// <param name="date">Its Date header; null: a proxy or a test that sends none.</param>
    public void Observe(DateTimeOffset? date)
    {
        lock (_lock)
        {
            var monotonic = Monotonic;
            var doubted = _time?.Doubt is not null;
            if (date is { } at)
            {
                var wall = local.GetUtcNow();
                _time = _time?.Observe(at, monotonic, wall) ?? ClusterTime.Begin(at, monotonic, wall);
            }

            var now = _time?.At(monotonic) ?? local.GetUtcNow();
            if (doubted && _time?.Doubt is null)
            {
                _sight = new(now, null) { ClockWasInDoubt = true };
            }
            else if (_sight is null || monotonic - _lastAnswer > Silence)
            {
                _sight = new(now, _sight is null ? null : now - (monotonic - _lastAnswer));
            }

            _lastAnswer = monotonic;
        }
    }

    private TimeSpan Monotonic => local.GetElapsedTime(_began);
}
