namespace Ostler.Kubernetes.Client;

/// <summary>A token that is cancelled with the caller's, or when the time is up; and which of the two it was.</summary>
internal sealed class Deadline : IDisposable
{
    private readonly CancellationTokenSource _timer;
    private readonly CancellationTokenSource _linked;
    private readonly CancellationToken _caller;

    public Deadline(TimeSpan timeout, TimeProvider timeProvider, CancellationToken cancellationToken)
    {
        _caller = cancellationToken;
        _timer = new CancellationTokenSource(timeout, timeProvider);
        _linked = CancellationTokenSource.CreateLinkedTokenSource(_timer.Token, cancellationToken);
    }

    public CancellationToken Token => _linked.Token;

    /// <summary>The time is up, and the caller did not cancel.</summary>
    public bool HasPassed => _timer.IsCancellationRequested && !_caller.IsCancellationRequested;

    /// <summary>Counts anew from now, unless the time is up already.</summary>
    public void Extend(TimeSpan timeout) => _timer.CancelAfter(timeout);

    public void Dispose()
    {
        _linked.Dispose();
        _timer.Dispose();
    }
}
