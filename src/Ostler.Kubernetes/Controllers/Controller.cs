using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Queues;
using Ostler.Kubernetes.Telemetry;

namespace Ostler.Kubernetes.Controllers;

/// <summary>Hands the keys of a queue to a reconcile, and decides by its outcome when each comes again.</summary>
/// <remarks>
/// Start it after its informers have synced: a reconcile that sees half a cluster would take the other half for deleted.
/// No outcome ends the controller, and no key is ever given up.
/// </remarks>
public sealed partial class Controller<TKey> where TKey : notnull
{
    private readonly Reconcile<TKey> _reconcile;
    private readonly ControllerOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private long _reconcileId;

    /// <param name="name">In logs and metrics; unique in the program.</param>
    /// <param name="reconcile">Called for each key.</param>
    /// <param name="options">Default: see <see cref="ControllerOptions"/>.</param>
    /// <param name="timeProvider">Default: the system's.</param>
    /// <param name="logger">Default: none.</param>
    /// <param name="queue">
    /// One that was made before, so that what adds to it need not know the controller; its own options count. Default: a new one.
    /// </param>
    public Controller(
        string name,
        Reconcile<TKey> reconcile,
        ControllerOptions? options = null,
        TimeProvider? timeProvider = null,
        ILogger? logger = null,
        WorkQueue<TKey>? queue = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        ArgumentNullException.ThrowIfNull(reconcile);
        _options = options ?? new ControllerOptions();
        ArgumentOutOfRangeException.ThrowIfLessThan(_options.Workers, 1, nameof(options));
        Name = name;
        _reconcile = reconcile;
        _time = timeProvider ?? TimeProvider.System;
        _logger = logger ?? NullLogger.Instance;
        Queue = queue ?? new WorkQueue<TKey>(name, _options.Queue, _time);
        RuntimeMetrics.InitializeController(name);
    }

    public string Name { get; }

    /// <summary>Add keys here, for example from the handlers of informers.</summary>
    public WorkQueue<TKey> Queue { get; }

    /// <summary>
    /// Works until cancelled, then cancels the reconciles under way and waits for them up to
    /// <see cref="ControllerOptions.ShutdownTimeout"/>. Keys that only wait are dropped: the next process to lead finds them by itself.
    /// Once per controller.
    /// </summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var workers = new Task[_options.Workers];
        for (var i = 0; i < workers.Length; i++)
        {
            workers[i] = WorkAsync(cancellationToken);
        }
        // The workers end one by one with the token, each after the reconcile that it is in.
        var all = Task.WhenAll(workers);
        var stopped = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using (cancellationToken.UnsafeRegister(static s => ((TaskCompletionSource)s!).TrySetResult(), stopped).ConfigureAwait(false))
        {
            await Task.WhenAny(all, stopped.Task).ConfigureAwait(false);
        }
        Queue.ShutDown();
        try
        {
            await all.WaitAsync(_options.ShutdownTimeout, _time, CancellationToken.None).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            LogStillWorking(Name, _options.ShutdownTimeout.TotalSeconds);
        }
    }

    private async Task WorkAsync(CancellationToken cancellationToken)
    {
        // A reconcile that never yields must not keep the other workers from starting.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
        while (!cancellationToken.IsCancellationRequested)
        {
            Dequeued<TKey> next;
            try
            {
                next = await Queue.GetAsync(cancellationToken).ConfigureAwait(false);
            }
            catch (OperationCanceledException)
            {
                return;
            }
            if (next.ShuttingDown)
            {
                return;
            }
            try
            {
                await ReconcileOneAsync(next.Key, cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                Queue.Done(next.Key);
            }
        }
    }

    private async Task ReconcileOneAsync(TKey key, CancellationToken cancellationToken)
    {
        var id = Interlocked.Increment(ref _reconcileId).ToString(CultureInfo.InvariantCulture);
        using var scope = _logger.BeginScope(new ReconcileScope(Name, key.ToString() ?? "", id));
        using var activity = RuntimeMetrics.Activities.StartActivity("reconcile");
        activity?.SetTag("controller", Name).SetTag("key", key.ToString());
        var started = _time.GetTimestamp();
        var outcome = await OutcomeOfAsync(key, cancellationToken).ConfigureAwait(false);
        RuntimeMetrics.RecordReconcile(Name, outcome, _time.GetElapsedTime(started));
        activity?.SetTag("result", outcome);
        if (outcome is ReconcileOutcome.Error or ReconcileOutcome.Panic or ReconcileOutcome.Terminal)
        {
            activity?.SetStatus(ActivityStatusCode.Error);
        }
    }

    /// <summary>The one switch: what comes of a reconcile, and when its key comes again.</summary>
    private async Task<string> OutcomeOfAsync(TKey key, CancellationToken cancellationToken)
    {
        using var deadline = new Deadline(_options.ReconcileTimeout, _time, cancellationToken);
        try
        {
            var result = await _reconcile(key, deadline.Token).ConfigureAwait(false);
            Queue.Forget(key);
            if (result.RequeueAfter is not { } delay)
            {
                return ReconcileOutcome.Success;
            }
            Queue.AddAfter(key, delay);
            return ReconcileOutcome.RequeueAfter;
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return ReconcileOutcome.Cancelled;
        }
        catch (TerminalException e)
        {
            Queue.Forget(key);
            LogTerminal(e, Name, key.ToString());
            return ReconcileOutcome.Terminal;
        }
        catch (ApiException e) when (e.IsConflict)
        {
            // Somebody else wrote in between, which is their right: look again, without an alarm.
            Queue.AddRateLimited(key);
            LogConflict(Name, key.ToString(), e.Message);
            return ReconcileOutcome.Conflict;
        }
        catch (Exception e)
        {
            Queue.AddRateLimited(key, (e as ApiException)?.RetryAfter ?? TimeSpan.Zero);
            if (IsExpected(e))
            {
                LogFailed(e, Name, key.ToString(), Queue.Retries(key));
                return ReconcileOutcome.Error;
            }
            LogPanic(e, Name, key.ToString(), Queue.Retries(key));
            return ReconcileOutcome.Panic;
        }
    }

    // Whatever is not an answer of the world is a fault of the program, and counted as such.
    private static bool IsExpected(Exception e) =>
        e is ApiException or HttpRequestException or IOException or TimeoutException or OperationCanceledException
            or NotSupportedException or UnauthorizedAccessException;

    [LoggerMessage(20, LogLevel.Warning, "Reconcile of {Key} by {Controller} failed, retry {Retry}", EventName = "ReconcileFailed")]
    private partial void LogFailed(Exception error, string controller, string? key, int retry);

    [LoggerMessage(21, LogLevel.Error, "Reconcile of {Key} by {Controller} broke down, which is a fault of this program; retry {Retry}", EventName = "ReconcilePanicked")]
    private partial void LogPanic(Exception error, string controller, string? key, int retry);

    [LoggerMessage(22, LogLevel.Error, "Reconcile of {Key} by {Controller} failed for good; it rests until its object changes", EventName = "ReconcileFailedForGood")]
    private partial void LogTerminal(Exception error, string controller, string? key);

    [LoggerMessage(23, LogLevel.Debug, "Reconcile of {Key} by {Controller} met a conflict, looking again: {Message}", EventName = "ReconcileConflict")]
    private partial void LogConflict(string controller, string? key, string message);

    [LoggerMessage(24, LogLevel.Warning, "{Controller} still works after {Seconds:0} s of shutting down; leaving it behind", EventName = "StillWorking")]
    private partial void LogStillWorking(string controller, double seconds);
}
