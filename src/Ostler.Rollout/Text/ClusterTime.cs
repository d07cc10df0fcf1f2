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
/// A process that has just started expects nothing. It compares the first dates with its machine's clock, and while the two disagree it
/// cannot know which of them is wrong: see <see cref="Doubt"/>.
/// </remarks>
public sealed record ClusterTime
{
    /// <summary>Dates are in whole seconds and take their time to arrive: so much is no deviation.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(2);

    /// <summary>How long the server must keep deviating before its clock is approached.</summary>
    public static readonly TimeSpan Confirmation = TimeSpan.FromMinutes(10);

    /// <summary>How far the server's clock may be from the machine's at the start. Clocks that are synchronized differ by less.</summary>
    public static readonly TimeSpan Agreement = TimeSpan.FromMinutes(1);

    // The middle of the second that a date names.
    private static readonly TimeSpan Half = TimeSpan.FromMilliseconds(500);

    private readonly DateTimeOffset _reference;
    private readonly TimeSpan _at;
    private readonly (TimeSpan Since, TimeSpan By)? _deviation;

    private ClusterTime(DateTimeOffset reference, TimeSpan at, (TimeSpan Since, TimeSpan By)? deviation) =>
        (_reference, _at, _deviation) = (reference, at, deviation);

    /// <summary>
    /// Since when, by the monotonic clock, the server's clock and the machine's have disagreed, and how far the server's is ahead. Nothing
    /// may be decided by a time in doubt. Null: they agreed once, or disagreed by the same for <see cref="Confirmation"/>, and then the
    /// server's counts.
    /// </summary>
    public (TimeSpan Since, TimeSpan By)? Doubt { get; private init; }

    /// <summary>From the first answer of the API server on.</summary>
    /// <param name="date">The Date header.</param>
    /// <param name="monotonic">The monotonic clock when it arrived.</param>
    /// <param name="local">The machine's clock when it arrived; null: there is none to compare with, and the date is believed.</param>
    public static ClusterTime Begin(DateTimeOffset date, TimeSpan monotonic, DateTimeOffset? local = null) =>
        new(date + Half, monotonic, null) { Doubt = date - local is { } by && by.Duration() > Agreement ? (monotonic, by) : null };

    /// <summary>The time at a moment of the monotonic clock.</summary>
    public DateTimeOffset At(TimeSpan monotonic) => monotonic > _at ? _reference.After(monotonic - _at) : _reference;

    /// <summary>After another answer.</summary>
    /// <param name="date">The Date header.</param>
    /// <param name="monotonic">The monotonic clock when it arrived.</param>
    /// <param name="local">The machine's clock when it arrived; it matters only while the time is in doubt.</param>
    public ClusterTime Observe(DateTimeOffset date, TimeSpan monotonic, DateTimeOffset? local = null)
    {
        if (monotonic < _at)
        {
            return this;
        }

        if (Doubt is { } doubt)
        {
            return Resolve(doubt, Begin(date, monotonic, local));
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

    // Whichever clock was corrected: a time in doubt is dropped for the next one.
    private static ClusterTime Resolve((TimeSpan Since, TimeSpan By) doubt, ClusterTime next)
    {
        if (next.Doubt is not { } still || (still.By - doubt.By).Duration() > Agreement)
        {
            return next;
        }

        return next with { Doubt = next._at - doubt.Since >= Confirmation ? null : (doubt.Since, still.By) };
    }

    private static TimeSpan Limit(TimeSpan span, TimeSpan most) => span > most ? most : span < -most ? -most : span;
}
