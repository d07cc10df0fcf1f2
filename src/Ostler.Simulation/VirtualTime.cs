namespace Ostler.Simulation;

/// <summary>A clock that jumps from one event to the next. Events of the same moment come in an order that the seed chooses.</summary>
internal sealed class VirtualTime(DateTimeOffset start, SeededSequence random)
{
    private readonly PriorityQueue<Action, (DateTimeOffset At, ulong Tie)> _queue = new();

    public DateTimeOffset Start { get; } = start;

    public DateTimeOffset Now { get; private set; } = start;

    public void At(DateTimeOffset time, Action what) => _queue.Enqueue(what, (time < Now ? Now : time, random.Next()));

    /// <summary>After everything else of that moment. Draws nothing: what hardly ever acts changes no run in which it does not.</summary>
    public void LastIn(TimeSpan delay, Action what) => _queue.Enqueue(what, (Now + delay, ulong.MaxValue));

    public void In(TimeSpan delay, Action what) => At(Now + delay, what);

    /// <summary>Does the next event. False when there is none up to <paramref name="horizon"/>.</summary>
    public bool Step(DateTimeOffset horizon)
    {
        if (!_queue.TryPeek(out _, out var due) || due.At > horizon)
        {
            return false;
        }

        Now = due.At;
        _queue.Dequeue()();
        return true;
    }
}
