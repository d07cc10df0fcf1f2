using System.Text.RegularExpressions;

namespace Ostler.Testing.Waiting;

/// <summary>
/// Expires when nothing new was observed for a while, however long the whole takes: a slow machine is not a fault. A state that was seen
/// before is not progress, so a fleet that repeats itself forever expires as well. Time in which this process itself did not run (a
/// suspended or overloaded machine) does not count.
/// </summary>
public sealed partial class ProgressTimer : IDisposable
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);
    private readonly CancellationTokenSource _expired = new();
    private readonly TimeProvider _time;
    private readonly ITimer _ticks;
    private long _lastTick;
    private TimeSpan _quiet;
    private string _last = "nothing was seen";

    public ProgressTimer(TimeProvider time, TimeSpan patience)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(patience, Period);
        (_time, Patience, _lastTick) = (time, patience, time.GetTimestamp());
        _ticks = time.CreateTimer(_ => Tick(), null, Period, Period);
    }

    /// <summary>How long nothing new may happen.</summary>
    public TimeSpan Patience { get; }

    /// <summary>Canceled once there was no progress for <see cref="Patience"/>.</summary>
    public CancellationToken Expired => _expired.Token;

    /// <summary>How long nothing new has happened, as far as this process was running.</summary>
    public TimeSpan Quiet
    {
        get
        {
            lock (_gate)
            {
                return _quiet;
            }
        }
    }

    /// <summary>The newest state, whether it was progress or not.</summary>
    public string LastState
    {
        get
        {
            lock (_gate)
            {
                return _last;
            }
        }
    }

    /// <summary>Takes note of a state.</summary>
    /// <returns>True when it was never seen before, which is progress.</returns>
    public bool Observe(string state) => Observe(state, state);

    /// <summary>
    /// Takes note of a line of a log: lines that differ only in their numbers, such as times and attempts, are the same state.
    /// </summary>
    public bool ObserveLine(string line) => Observe(line, Digits().Replace(line, "0"));

    public void Dispose()
    {
        _ticks.Dispose();
        _expired.Dispose();
    }

    private bool Observe(string state, string key)
    {
        lock (_gate)
        {
            _last = state;
            if (!_seen.Add(key))
            {
                return false;
            }

            _quiet = TimeSpan.Zero;
            return true;
        }
    }

    private void Tick()
    {
        lock (_gate)
        {
            var now = _time.GetTimestamp();
            var elapsed = _time.GetElapsedTime(_lastTick, now);
            _lastTick = now;

            // A tick that comes late shows that this process was held up, and so was everything else on the machine.
            _quiet += elapsed < Period * 2 ? elapsed : Period * 2;
            if (_quiet < Patience)
            {
                return;
            }
        }

        try
        {
            _expired.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The wait ended meanwhile.
        }
    }

    [GeneratedRegex("[0-9]+")]
    private static partial Regex Digits();
}
