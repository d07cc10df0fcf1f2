namespace Ostler.Rollout.Text;

/// <summary>
/// The time by the API server's clock, kept by this process's monotonic clock in between. One clock for all replicas, and none that a
/// correction of a wall clock
/// moves by more than a tenth of the time that passes: deadlines and soaks are measured with it.
/// </summary>
/// <remarks>
/// A date that differs from what is expected is not believed at first: it may be one server of several, or a clock that was set by
/// mistake and is corrected
/// soon. One that keeps saying so is approached slowly, so that no deadline ends at once.
/// </remarks>
public sealed record ClusterTime
{
    /// <summary>Dates are in whole seconds and take their time to arrive: so much is no deviation.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(2);

    /// <summary>How long the server must keep deviating before its clock is approached.</summary>
    public static readonly TimeSpan Confirmation = TimeSpan.FromMinutes(10);

    // The middle of the second that a date names.
    private static readonly TimeSpan Half = TimeSpan.FromMilliseconds(500);

    private readonly DateTimeOffset _reference;
    private readonly TimeSpan _at;
    private readonly (TimeSpan Since, TimeSpan By)? _deviation;

    private ClusterTime(DateTimeOffset reference, TimeSpan at, (TimeSpan Since, TimeSpan By)? deviation) =>
        (_reference, _at, _deviation) = (reference, at, deviation);

    /// <summary>From the first answer of the API server on.</summary>
    /// <param name="date">The Date header.</param>
    /// <param name="monotonic">The monotonic clock when it arrived.</param>
    public static ClusterTime Begin(DateTimeOffset date, TimeSpan monotonic) => new(date + Half, monotonic, null);

    /// <summary>The time at a moment of the monotonic clock.</summary>
    public DateTimeOffset At(TimeSpan monotonic) => monotonic > _at ? _reference.After(monotonic - _at) : _reference;

    /// <summary>After another answer.</summary>
    /// <param name="date">The Date header.</param>
    /// <param name="monotonic">The monotonic clock when it arrived.</param>
    public ClusterTime Observe(DateTimeOffset date, TimeSpan monotonic)
    {
        if (monotonic < _at)
        {
            return this;
        }

        var now = At(monotonic);
        var passed = monotonic - _at;
        var deviation = date + Half - now;
        if (deviation.Duration() <= Tolerance)
        {
            // Half a percent keeps up with a monotonic clock that runs fast or slow, and follows no jitter.
            return new(now + Limit(deviation, passed / 200), monotonic, null);
        }

        var since = _deviation is { } known && (known.By - deviation).Duration() <= Tolerance ? known.Since : monotonic;
        var step = monotonic - since >= Confirmation ? Limit(deviation, passed / 10) : TimeSpan.Zero;
        return new(now + step, monotonic, (since, deviation - step));
    }

    private static TimeSpan Limit(TimeSpan span, TimeSpan most) => span > most ? most : span < -most ? -most : span;
}
