namespace Ostler.Kubernetes.LeaderElection;

/// <summary>One term of a leader: a token that lives as long as renewals keep coming.</summary>
internal sealed class Term : IDisposable
{
    private readonly TimeSpan _renewDeadline;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _lost;
    private readonly CancellationTokenSource _linked;

    public Term(TimeSpan renewDeadline, TimeProvider time, long acquiredAt, CancellationToken cancellationToken)
    {
        _renewDeadline = renewDeadline;
        _time = time;
        _lost = new CancellationTokenSource(Remaining(acquiredAt), time);
        _linked = CancellationTokenSource.CreateLinkedTokenSource(_lost.Token, cancellationToken);
    }

    /// <summary>Cancelled when the term is lost or the process stops.</summary>
    public CancellationToken Token => _linked.Token;

    /// <summary>The lease is another's, or may become so soon: it is not ours to release.</summary>
    public bool IsLost => _lost.IsCancellationRequested;

    /// <summary>Starts the deadline anew. A renewal that came too late changes nothing.</summary>
    public void Renewed(long startedAt) => _lost.CancelAfter(Remaining(startedAt));

    public void Lose() => _lost.Cancel();

    public void Dispose()
    {
        _linked.Dispose();
        _lost.Dispose();
    }

    private TimeSpan Remaining(long renewedAt)
    {
        var remaining = _renewDeadline - _time.GetElapsedTime(renewedAt);
        return remaining > TimeSpan.Zero ? remaining : TimeSpan.Zero;
    }
}
