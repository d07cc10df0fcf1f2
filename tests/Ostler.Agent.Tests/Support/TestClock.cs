using System.Threading.Channels;
using Microsoft.Extensions.Time.Testing;

namespace Ostler.Agent.Tests.Support;

/// <summary>A clock that stands still, and tells each time that somebody begins to wait. So a test knows that the agent is at rest, and does not have to guess.</summary>
internal sealed class TestClock() : FakeTimeProvider(Trees.Noon)
{
    private readonly Channel<TimeSpan> _waits = Channel.CreateUnbounded<TimeSpan>();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = base.CreateTimer(callback, state, dueTime, period);
        _waits.Writer.TryWrite(dueTime);
        return timer;
    }

    /// <summary>How long the next one is going to wait that no earlier call has told of.</summary>
    public ValueTask<TimeSpan> NextWaitAsync(CancellationToken cancellationToken) => _waits.Reader.ReadAsync(cancellationToken);

    /// <summary>Comes back when somebody waits for this long.</summary>
    public async Task WaitedForAsync(TimeSpan length, CancellationToken cancellationToken)
    {
        while (await NextWaitAsync(cancellationToken) != length)
        {
        }
    }
}
