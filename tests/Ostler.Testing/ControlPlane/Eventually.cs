namespace Ostler.Testing.ControlPlane;

/// <summary>Looks again and again until something is so, with a deadline. For what no watch can tell, such as another process.</summary>
internal static class Eventually
{
    private static readonly TimeSpan Period = TimeSpan.FromMilliseconds(50);

    /// <summary>The first value that is not null.</summary>
    /// <exception cref="TimeoutException">There was none in time; the message is <paramref name="what"/>.</exception>
    public static async Task<T> GetAsync<T>(
        string what, Func<CancellationToken, Task<T?>> look, TimeSpan timeout, CancellationToken cancellationToken)
        where T : class
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(timeout);
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

        throw new TimeoutException($"Not so after {timeout.TotalSeconds:0.#} s: {what}.");
    }
}
