using Ostler.Testing.Waiting;

namespace Ostler.Testing.ControlPlane;

/// <summary>
/// Looks again and again until something holds, within the time that this process really ran. For what no watch can tell, such as another
/// process.
/// </summary>
internal static class Eventually
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(50);

    /// <summary>The first value that is not null.</summary>
    /// <exception cref="NoProgressException">There was none in time; the message names <paramref name="what"/>.</exception>
    public static async Task<T> GetAsync<T>(
        string what, Func<CancellationToken, Task<T?>> look, TimeSpan timeout, CancellationToken cancellationToken)
        where T : class
    {
        using var timer = new ProgressTimer(TimeProvider.System, timeout);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(timer.Expired, cancellationToken);
        using var ticks = new PeriodicTimer(Period);
        try
        {
            do
            {
                if (await look(deadline.Token).ConfigureAwait(false) is { } found)
                {
                    return found;
                }
            }
            while (await ticks.WaitForNextTickAsync(deadline.Token).ConfigureAwait(false));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // Reported below.
        }

        throw new NoProgressException(what, timeout, "not there yet");
    }
}
