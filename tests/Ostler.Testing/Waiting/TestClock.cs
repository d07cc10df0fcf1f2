using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;

namespace Ostler.Testing.Waiting;

/// <summary>
/// A clock that stands still and tells which timers are armed, so that a test advances it when the code waits and not before: no polling,
/// no sleeping, and no timeout that fires because a test was faster than a socket.
/// </summary>
public sealed class TestClock : FakeTimeProvider
{
    private readonly Channel<TimeSpan> _armed = Channel.CreateUnbounded<TimeSpan>();

    public TestClock()
        : this(new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero))
    {
    }

    /// <param name="start">What it shows at first.</param>
    public TestClock(DateTimeOffset start)
        : base(start)
    {
    }

    /// <summary>How long a test waits, by the machine's own clock, for a timer that the code must arm.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>How far the wall clock is off; the monotonic clock and the timers know nothing of it.</summary>
    public TimeSpan WallClockJump { get; set; }

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + WallClockJump;

    // The base's own is computed from the wall clock above.
    public override long GetTimestamp() => base.GetUtcNow().Ticks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ObservedTimer(base.CreateTimer(callback, state, dueTime, period), this);
        Report(dueTime);
        return timer;
    }

    /// <summary>How long the next timer runs that no earlier call has returned.</summary>
    public ValueTask<TimeSpan> NextWaitAsync(CancellationToken cancellationToken) => _armed.Reader.ReadAsync(cancellationToken);

    /// <summary>Waits until a timer of this length is armed that no earlier call has returned.</summary>
    /// <exception cref="TimeoutException">None was within <see cref="Patience"/>; the message names those that were.</exception>
    public async Task WaitedForAsync(TimeSpan length)
    {
        using var patience = new CancellationTokenSource(Patience);
        var seen = new List<TimeSpan>();
        try
        {
            while (await NextWaitAsync(patience.Token) is var armed && armed != length)
            {
                seen.Add(armed);
            }
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"no timer of {length} was armed; armed were: {string.Join(", ", seen)}");
        }
    }

    /// <summary>Waits until a timer of this length is armed that no earlier call has returned, then lets that time pass.</summary>
    public async Task PassAsync(TimeSpan length)
    {
        await WaitedForAsync(length);
        Advance(length);
    }

    private void Report(TimeSpan dueTime)
    {
        if (dueTime != Timeout.InfiniteTimeSpan)
        {
            _armed.Writer.TryWrite(dueTime);
        }
    }

    // A timeout may be set on a timer that was made before.
    private sealed class ObservedTimer(ITimer inner, TestClock clock) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            var changed = inner.Change(dueTime, period);
            clock.Report(dueTime);
            return changed;
        }

        public void Dispose() => inner.Dispose();

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}
