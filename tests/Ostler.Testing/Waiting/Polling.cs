namespace Ostler.Testing.Waiting;

/// <summary>Waits for what can only be asked for, again and again.</summary>
public static class Polling
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(100);

    /// <summary>Asks until the answer is the one that is waited for.</summary>
    /// <param name="awaited">What is waited for, for people.</param>
    /// <param name="ask">Asks once.</param>
    /// <param name="holds">Whether the answer is the one that is waited for.</param>
    /// <param name="state">The answer in one line. A line that was not there before is progress.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <exception cref="NoProgressException">No new answer came for <see cref="ProgressWait.DefaultPatience"/>.</exception>
    public static async Task<T> UntilAsync<T>(
        string awaited, Func<Task<T>> ask, Func<T, bool> holds, Func<T, string> state, CancellationToken cancellationToken)
    {
        using var timer = new ProgressTimer(TimeProvider.System, ProgressWait.DefaultPatience);
        using var tick = new PeriodicTimer(Interval);
        while (true)
        {
            var answer = await ask();
            if (holds(answer))
            {
                return answer;
            }

            timer.Observe(state(answer));
            if (timer.Expired.IsCancellationRequested)
            {
                throw new NoProgressException(awaited, timer.Patience, timer.LastState);
            }

            await tick.WaitForNextTickAsync(cancellationToken);
        }
    }
}
