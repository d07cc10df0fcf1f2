using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;

namespace Ostler.Controller.Tests.Health;

/// <summary>A clock that stands still, and tells each time that somebody begins to wait: it is then that a test lets time pass.</summary>
internal sealed class WaitClock() : FakeTimeProvider(Given.Now)
{
    private readonly Channel<TimeSpan> _waits = Channel.CreateUnbounded<TimeSpan>();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(base.CreateTimer(callback, state, dueTime, period), this);
        _waits.Writer.TryWrite(dueTime);
        return timer;
    }

    /// <summary>Comes back when somebody waits for this long.</summary>
    public async Task WaitedForAsync(TimeSpan length)
    {
        while (await _waits.Reader.ReadAsync(Given.Cancel) != length)
        {
        }
    }

    /// <summary>Lets the time pass that somebody waits for.</summary>
    public async Task PassAsync(TimeSpan length)
    {
        await WaitedForAsync(length);
        Advance(length);
    }

    // A timeout may be set on a timer that was made before.
    private sealed class Timer(ITimer timer, WaitClock clock) : ITimer
    {
        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            var changed = timer.Change(dueTime, period);
            clock._waits.Writer.TryWrite(dueTime);
            return changed;
        }

        public void Dispose() => timer.Dispose();

        public ValueTask DisposeAsync() => timer.DisposeAsync();
    }
}
