namespace Ostler.Testing.Waiting;

/// <summary>Passes what is reported to every timer that follows.</summary>
public sealed class ProgressFeed : IProgressSource
{
    private readonly Lock _gate = new();
    private readonly List<ProgressTimer> _timers = [];

    /// <summary>A state of something; see <see cref="ProgressTimer.Observe(string)"/>.</summary>
    public void Report(string state) => ForEach(timer => timer.Observe(state));

    /// <summary>A line of a log; see <see cref="ProgressTimer.ObserveLine"/>.</summary>
    public void ReportLine(string line) => ForEach(timer => timer.ObserveLine(line));

    public IDisposable Follow(ProgressTimer timer)
    {
        lock (_gate)
        {
            _timers.Add(timer);
        }

        return new Following(this, timer);
    }

    private void ForEach(Action<ProgressTimer> report)
    {
        lock (_gate)
        {
            _timers.ForEach(report);
        }
    }

    private sealed class Following(ProgressFeed feed, ProgressTimer timer) : IDisposable
    {
        public void Dispose()
        {
            lock (feed._gate)
            {
                feed._timers.Remove(timer);
            }
        }
    }
}
