using System.Net;
using Microsoft.Extensions.Logging;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Telemetry;

namespace Ostler.Kubernetes.Informers;

public sealed partial class Informer<T>
{
    // A connection that lived so long was not a symptom: what comes next is a first failure again.
    private static readonly TimeSpan HealthyConnection = TimeSpan.FromSeconds(30);

    // From where to watch; null: list first.
    private string? _resumeVersion;
    private string? _lastVersion;
    private int _failures;

    /// <summary>Lists and watches until cancelled. Once per informer.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (Interlocked.Exchange(ref _running, 1) == 1)
        {
            throw new InvalidOperationException("an informer runs once");
        }
        while (!cancellationToken.IsCancellationRequested)
        {
            var started = _time.GetTimestamp();
            var pause = TimeSpan.Zero;
            try
            {
                if (_resumeVersion is not null)
                {
                    await CheckHistoryAsync(cancellationToken).ConfigureAwait(false);
                }
                if (_resumeVersion is null)
                {
                    await ListAsync(cancellationToken).ConfigureAwait(false);
                    started = _time.GetTimestamp();
                }
                await WatchAsync(cancellationToken).ConfigureAwait(false);
                pause = PauseAfterEnd(started);
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                pause = PauseAfterError(started, e);
            }
            try
            {
                await Task.Delay(pause, _time, cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }
        }
    }

    // The same selectors with every request: a role may allow no others.
    private ListOptions Selected => new()
    {
        Namespace = _options.Namespace,
        LabelSelector = _options.LabelSelector,
        FieldSelector = _options.FieldSelector,
        PageSize = _options.PageSize,
    };

    /// <summary>
    /// A server that was restored from a backup takes a version of the lost future without a word and sends nothing until it gets there,
    /// which may be days. So whenever a watch ended the present version is asked for first, at the price of one object every few minutes.
    /// </summary>
    private async Task CheckHistoryAsync(CancellationToken cancellationToken)
    {
        var present = await _client.CurrentVersionAsync(_type, Selected, cancellationToken).ConfigureAwait(false);
        if (ResourceVersions.IsOlder(present, _resumeVersion!))
        {
            _resumeVersion = null;
        }
    }

    private async Task ListAsync(CancellationToken cancellationToken)
    {
        var list = await _client.ListAsync(_type, Selected, cancellationToken, _options.Transform).ConfigureAwait(false);
        // A quorum read never goes back, so a lower number is another history: etcd was restored from a backup.
        var historyWentBack = _lastVersion is { } last && ResourceVersions.IsOlder(list.ResourceVersion, last);
        lock (_lock)
        {
            _cache.Replace(list.Items, list.ResourceVersion, historyWentBack);
        }
        if (historyWentBack)
        {
            LogHistoryWentBack(_type.QualifiedName, _lastVersion!, list.ResourceVersion);
        }
        Heard(list.ResourceVersion);
        LogListed(_type.QualifiedName, list.Items.Count, list.ResourceVersion);
        _synced.TrySetResult();
    }

    private async Task WatchAsync(CancellationToken cancellationToken)
    {
        // Shorter than our patience, so that on a quiet collection, where even bookmarks may not come, the ordinary end of a watch comes
        // first.
        var serverTimeout = _options.SilenceTimeout * (0.6 + (0.3 * _random()));
        using var silence = new Deadline(_options.SilenceTimeout, _time, cancellationToken);
        try
        {
            var watch = new WatchOptions
            {
                Namespace = _options.Namespace,
                LabelSelector = _options.LabelSelector,
                FieldSelector = _options.FieldSelector,
                ResourceVersion = _resumeVersion,
                ServerTimeout = serverTimeout,
            };
            await foreach (var change in _client.WatchAsync(_type, watch, silence.Token).ConfigureAwait(false))
            {
                silence.Extend(_options.SilenceTimeout);
                Apply(change);
                Heard(change.ResourceVersion);
            }
        }
        catch (OperationCanceledException e) when (silence.HasPassed)
        {
            throw new SilenceException(_options.SilenceTimeout, e);
        }
    }

    private void Apply(WatchEvent<T> change)
    {
        var obj = change.Object is { } read ? Transformed(read) : null;
        lock (_lock)
        {
            if (obj is not null && change.Type == WatchEventType.Deleted)
            {
                _cache.Delete(obj);
            }
            else if (obj is not null)
            {
                _cache.Set(obj);
            }
            _cache.HeardUpTo(change.ResourceVersion);
        }
    }

    private void Heard(string version)
    {
        _resumeVersion = _lastVersion = version;
        Volatile.Write(ref _lastContact, _time.GetUtcNow().UtcTicks);
    }

    /// <summary>
    /// A server ends every watch after some minutes, and the next one begins at once: events of a pause would only be late. A watch that
    /// ends as soon as it began is a server's (or a proxy's) fault, and is not begun again without one.
    /// </summary>
    private TimeSpan PauseAfterEnd(long started)
    {
        if (_time.GetElapsedTime(started) < HealthyConnection)
        {
            return PauseAfter(started, WatchEnd.Closed, null);
        }

        RuntimeMetrics.RecordWatchRestart(_type.QualifiedName, WatchEnd.Closed);
        _failures = 0;
        return TimeSpan.Zero;
    }

    private TimeSpan PauseAfterError(long started, Exception error)
    {
        var reason = error switch
        {
            ApiException { IsGone: true } => WatchEnd.Expired,
            SilenceException => WatchEnd.Silence,
            InvalidDataException => WatchEnd.Unreadable,
            _ => WatchEnd.Error,
        };
        if (!CanResumeAfter(error))
        {
            _resumeVersion = null;
        }
        var pause = PauseAfter(started, reason, (error as ApiException)?.RetryAfter);
        LogRestart(error, _type.QualifiedName, reason, pause.TotalSeconds);
        return pause;
    }

    /// <summary>
    /// A server that could not be reached, broke off, or is only overloaded lets us go on where we stopped, which spares it a list.
    /// Whatever else happened, only a list tells what we missed.
    /// </summary>
    private static bool CanResumeAfter(Exception error) => error switch
    {
        InvalidDataException => false,
        ApiException e => e.Code is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable or HttpStatusCode.BadGateway,
        _ => error is HttpRequestException or IOException or TimeoutException,
    };

    private TimeSpan PauseAfter(long started, string reason, TimeSpan? retryAfter)
    {
        RuntimeMetrics.RecordWatchRestart(_type.QualifiedName, reason);
        _failures = _time.GetElapsedTime(started) >= HealthyConnection ? 1 : _failures + 1;
        var pause = _options.Backoff.After(_failures, _random());
        // A whole fleet's watches end together when a server restarts: the jitter spreads their return.
        return retryAfter is { } asked && asked > pause ? asked * (1 + (0.2 * _random())) : pause;
    }

    [LoggerMessage(1, LogLevel.Debug, "Listed {Count} {Resource} at {ResourceVersion}", EventName = "Listed")]
    private partial void LogListed(string resource, int count, string resourceVersion);

    [LoggerMessage(2, LogLevel.Warning, "Watch of {Resource} ended ({Reason}); going on in {PauseSeconds:0.0} s", EventName = "WatchEnded")]
    private partial void LogRestart(Exception error, string resource, string reason, double pauseSeconds);

    [LoggerMessage(3, LogLevel.Warning,
        "The resource version of {Resource} decreased from {Before} to {After}: the server was restored from a backup; only the list counts",
        EventName = "HistoryWentBack")]
    private partial void LogHistoryWentBack(string resource, string before, string after);
}

/// <summary>A watch sent nothing for too long.</summary>
internal sealed class SilenceException(TimeSpan timeout, Exception inner)
    : Exception($"nothing was sent for {timeout.TotalSeconds:0} s", inner);
