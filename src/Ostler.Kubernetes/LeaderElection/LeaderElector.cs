using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Telemetry;

namespace Ostler.Kubernetes.LeaderElection;

/// <summary>
/// Lets one process at a time lead, by a Lease. Each term has a token that is cancelled at
/// <see cref="LeaderElectionOptions.RenewDeadline"/> after the last successful renewal, before another process can take the lease.
/// </summary>
/// <remarks>
/// Gate every write by the term's token. There is no "am I leader?" to ask on purpose: the answer would be old when it is used.
/// A request that is under way when the token is cancelled may still be carried out; what must not happen twice needs a precondition too.
/// Time is measured by the monotonic clock, from before a renewal was sent: its answer may have been long under way.
/// The process may be frozen, or the machine suspended, for longer than a lease: then no timer has cancelled the token when it goes on. So
/// the term is also a <see cref="IWriteFence"/>, to be asked right before each write: see <see cref="ApiClient.Fenced"/>. The clock
/// (<see cref="BootTime"/>) goes on during a suspension.
/// </remarks>
public sealed partial class LeaderElector
{
    // Freeing the lease is a courtesy that spares the successor a lease duration; it must not hold up the exit.
    private static readonly TimeSpan ReleaseTimeout = TimeSpan.FromSeconds(5);

    private readonly LeaderElectionOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Func<double> _random;
    private readonly LeaseLock _lock;

    /// <param name="client">Reads and writes the lease through this; not disposed.</param>
    /// <param name="options">Who contends for what.</param>
    /// <param name="timeProvider">Default: the system's.</param>
    /// <param name="logger">Default: none.</param>
    /// <param name="random">In [0, 1); for jitter. Default: random.</param>
    /// <exception cref="ArgumentException">The durations would let two lead at once.</exception>
    public LeaderElector(
        ApiClient client,
        LeaderElectionOptions options,
        TimeProvider? timeProvider = null,
        ILogger? logger = null,
        Func<double>? random = null)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _options = options;
        _time = BootTime.For(timeProvider ?? TimeProvider.System);
        _logger = logger ?? NullLogger.Instance;
        _random = random ?? Jitter.Default;
        _lock = new LeaseLock(client, options, _time);
        RuntimeMetrics.RecordLeader(options.LeaseName, leads: false);
    }

    /// <summary>
    /// Contends for the lease, leads, and contends again, until <paramref name="cancellationToken"/>. When a term ends,
    /// <paramref name="lead"/> is awaited before anything else, so that two terms never overlap in this process; at the end the lease is
    /// released.
    /// </summary>
    /// <param name="lead">Leads until its token is cancelled. Should it return before, that is the end: the lease is released and this
    /// method returns.</param>
    /// <param name="cancellationToken">Ends the term and this method.</param>
    /// <exception cref="Exception">Whatever <paramref name="lead"/> threw, after the lease was released: the process had better start
    /// afresh.</exception>
    public Task RunAsync(Func<CancellationToken, Task> lead, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(lead);
        return RunAsync((_, token) => lead(token), cancellationToken);
    }

    /// <summary>As the other, and hands the term's fence to <paramref name="lead"/>.</summary>
    public async Task RunAsync(Func<IWriteFence, CancellationToken, Task> lead, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(lead);
        while (!cancellationToken.IsCancellationRequested)
        {
            if (await AcquireAsync(cancellationToken).ConfigureAwait(false) is not { } acquiredAt)
            {
                return;
            }
            LogAcquired(_options.Identity, _options.LeaseName);
            if (await LeadOneTermAsync(lead, acquiredAt, cancellationToken).ConfigureAwait(false))
            {
                return;
            }
        }
    }

    /// <returns>When the successful attempt began; null when stopped.</returns>
    private async Task<long?> AcquireAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var startedAt = _time.GetTimestamp();
            if (await AttemptAsync(renewing: false, cancellationToken).ConfigureAwait(false) == LeaseOutcome.Held)
            {
                return startedAt;
            }
            await PauseAsync(cancellationToken).ConfigureAwait(false);
        }
        return null;
    }

    /// <returns>True when there must not be another term: stopped, or <paramref name="lead"/> returned by itself.</returns>
    private async Task<bool> LeadOneTermAsync(Func<IWriteFence, CancellationToken, Task> lead, long acquiredAt, CancellationToken cancellationToken)
    {
        using var term = new Term(_options.RenewDeadline, _time, acquiredAt, cancellationToken);
        RuntimeMetrics.RecordLeader(_options.LeaseName, leads: true);
        using var renewalEnd = CancellationTokenSource.CreateLinkedTokenSource(term.Token);
        var renewing = RenewAsync(term, renewalEnd.Token);
        try
        {
            await lead(term, term.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (term.Token.IsCancellationRequested)
        {
        }
        finally
        {
            await renewalEnd.CancelAsync().ConfigureAwait(false);
            await renewing.ConfigureAwait(false);
            RuntimeMetrics.RecordLeader(_options.LeaseName, leads: false);
            if (term.IsLost)
            {
                LogLost(_options.Identity, _options.LeaseName);
            }
            else
            {
                await ReleaseAsync().ConfigureAwait(false);
            }
        }
        return !term.IsLost;
    }

    private async Task RenewAsync(Term term, CancellationToken cancellationToken)
    {
        while (true)
        {
            await PauseAsync(cancellationToken).ConfigureAwait(false);
            if (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            var startedAt = _time.GetTimestamp();
            switch (await AttemptAsync(renewing: true, cancellationToken).ConfigureAwait(false))
            {
                case LeaseOutcome.Held:
                    term.Renewed(startedAt);
                    break;
                case LeaseOutcome.HeldByOther:
                    // Somebody took it although we had not given up (the lease was edited or deleted): not one more write.
                    term.Lose();
                    return;
                default:
                    // Neither ours nor another's for sure: until the deadline, go on trying.
                    break;
            }
        }
    }

    private async Task<LeaseOutcome> AttemptAsync(bool renewing, CancellationToken cancellationToken)
    {
        // An attempt that hangs must leave time for another before the deadline.
        using var deadline = new Deadline(_options.RenewDeadline / 2, _time, cancellationToken);
        try
        {
            return await _lock.TryHoldAsync(renewing, deadline.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!deadline.HasPassed)
        {
            return LeaseOutcome.Contended;
        }
        catch (Exception e)
        {
            // A reset connection, a server that restarts, an overload: none of them says that another leads.
            LogAttemptFailed(e, _options.LeaseName);
            return LeaseOutcome.Contended;
        }
    }

    private async Task ReleaseAsync()
    {
        using var timeout = new CancellationTokenSource(ReleaseTimeout, _time);
        try
        {
            if (await _lock.ReleaseAsync(timeout.Token).ConfigureAwait(false))
            {
                LogReleased(_options.Identity, _options.LeaseName);
            }
        }
        catch (Exception e)
        {
            LogReleaseFailed(e, _options.LeaseName);
        }
    }

    private async Task PauseAsync(CancellationToken cancellationToken)
    {
        try
        {
            var pause = _options.RetryPeriod * (1 + (LeaderElectionOptions.JitterFactor * _random()));
            await Task.Delay(pause, _time, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // The callers look at their token.
        }
    }

    [LoggerMessage(40, LogLevel.Information, "{Identity} leads by {Lease}", EventName = "LeaseAcquired")]
    private partial void LogAcquired(string identity, string lease);

    [LoggerMessage(41, LogLevel.Warning, "{Identity} no longer leads by {Lease}", EventName = "LeaseLost")]
    private partial void LogLost(string identity, string lease);

    [LoggerMessage(42, LogLevel.Information, "{Identity} released {Lease}", EventName = "LeaseReleased")]
    private partial void LogReleased(string identity, string lease);

    [LoggerMessage(43, LogLevel.Warning, "An attempt to hold {Lease} failed", EventName = "LeaseAttemptFailed")]
    private partial void LogAttemptFailed(Exception error, string lease);

    [LoggerMessage(44, LogLevel.Warning, "{Lease} could not be released; others take it when it expires", EventName = "LeaseReleaseFailed")]
    private partial void LogReleaseFailed(Exception error, string lease);
}
