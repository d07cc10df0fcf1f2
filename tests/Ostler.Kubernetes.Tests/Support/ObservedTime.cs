using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;

namespace Ostler.Kubernetes.Tests.Support;

/// <summary>
/// A fake clock that tells which timers are armed, so that a test advances it when the code waits and not before: no polling, no sleeping,
/// and no timeout that fires because a test was faster than a socket.
/// </summary>
internal sealed class ObservedTime : FakeTimeProvider
{
    private readonly Channel<TimeSpan> _armed = Channel.CreateUnbounded<TimeSpan>();

    public ObservedTime()
        : base(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero))
    {
    }

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

    /// <summary>Waits until a timer of this length is armed that no earlier call has returned, then lets that time pass.</summary>
    public async Task PassAsync(TimeSpan due)
    {
        await ArmedAsync(due);
        Advance(due);
    }

    /// <summary>Waits until a timer of this length is armed that no earlier call has returned.</summary>
    public async Task ArmedAsync(TimeSpan due)
    {
        var seen = new List<TimeSpan>();
        try
        {
            while (true)
            {
                var armed = await _armed.Reader.ReadAsync(Within.Deadline);
                if (armed == due)
                {
                    return;
                }
                seen.Add(armed);
            }
        }
        catch (OperationCanceledException)
        {
            throw new TimeoutException($"no timer of {due} was armed; armed were: {string.Join(", ", seen)}");
        }
    }

    private void Report(TimeSpan dueTime)
    {
        if (dueTime != Timeout.InfiniteTimeSpan)
        {
            _armed.Writer.TryWrite(dueTime);
        }
    }

    private sealed class ObservedTimer(ITimer inner, ObservedTime time) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            var changed = inner.Change(dueTime, period);
            time.Report(dueTime);
            return changed;
        }

        public void Dispose() => inner.Dispose();

        public ValueTask DisposeAsync() => inner.DisposeAsync();
    }
}

/// <summary>The patience of a test with real I/O.</summary>
internal static class Within
{
    /// <summary>Cancelled 30 s from now, or with the test.</summary>
    public static CancellationToken Deadline
    {
        get
        {
            var source = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
            source.CancelAfter(TimeSpan.FromSeconds(30));
            return source.Token;
        }
    }
}
