using Ostler.Kubernetes.Client;

namespace Ostler.Kubernetes.LeaderElection;

/// <summary>
/// One term of a leader: a token that lives as long as renewals keep coming, and a fence that asks the clock and not the token.
/// </summary>
internal sealed class Term : IWriteFence, IDisposable
{
    private readonly TimeSpan _renewDeadline;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _lost;
    private readonly CancellationTokenSource _linked;
    private readonly Lock _lock = new();
    private long _renewedAt;
    private bool _isOver;

    public Term(TimeSpan renewDeadline, TimeProvider time, long acquiredAt, CancellationToken cancellationToken)
    {
        _renewDeadline = renewDeadline;
        _time = time;
        _renewedAt = acquiredAt;
        _lost = new CancellationTokenSource(Remaining(acquiredAt), time);
        _linked = CancellationTokenSource.CreateLinkedTokenSource(_lost.Token, cancellationToken);
        Token = _linked.Token;
    }

    /// <summary>Cancelled when the term is lost or the process stops.</summary>
    public CancellationToken Token { get; }

    /// <summary>The lease is another's, or may become so soon: it is not ours to release.</summary>
    public bool IsLost => _lost.IsCancellationRequested;

    /// <summary>Starts the deadline again. A renewal that came too late changes nothing.</summary>
    public void Renewed(long startedAt)
    {
        lock (_lock)
        {
            // A term that ran out by the clock stays lost, even if its timer has not fired yet.
            if (_isOver || Remaining(_renewedAt) == TimeSpan.Zero)
            {
                return;
            }

            _renewedAt = startedAt;
            _lost.CancelAfter(Remaining(startedAt));
        }
    }

    public void Lose()
    {
        lock (_lock)
        {
            if (_isOver)
            {
                return;
            }

            _isOver = true;
        }

        try
        {
            _lost.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The term ended meanwhile, in another way.
        }
    }

    public void Pass()
    {
        bool isOver, isDue;
        lock (_lock)
        {
            isOver = _isOver || Token.IsCancellationRequested;
            isDue = !isOver && Remaining(_renewedAt) == TimeSpan.Zero;
        }

        if (isDue)
        {
            // So that whoever writes learns it from the token as well, as of any other end of a term.
            Lose();
        }

        if (isOver || isDue)
        {
            throw new OperationCanceledException("The term as leader is over: nothing more is written.", Token);
        }
    }

    public void Dispose()
    {
        lock (_lock)
        {
            // A write that is left behind finds the fence closed.
            _isOver = true;
        }

        _linked.Dispose();
        _lost.Dispose();
    }

    private TimeSpan Remaining(long renewedAt)
    {
        var remaining = _renewDeadline - _time.GetElapsedTime(renewedAt);
        return remaining > TimeSpan.Zero ? remaining : TimeSpan.Zero;
    }
}
