using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Ostler.Kubernetes.Telemetry;

/// <summary>
/// The instruments of the runtime, in the one meter <see cref="MeterName"/>. Durations are seconds. Label values come from fixed
/// sets or from the names of the program's own controllers, queues and types, never from objects.
/// </summary>
/// <remarks>
/// Counters exist from the start with 0 (the <c>Initialize…</c> methods), so that a rate sees the first increment too: attach the
/// exporter before the controllers are created.
/// </remarks>
public static class RuntimeMetrics
{
    public const string MeterName = "Ostler.Kubernetes";

    private static readonly Meter Meter = new(MeterName);

    private static readonly ConcurrentDictionary<string, Func<int>> QueueDepths = new();
    private static readonly ConcurrentDictionary<string, int> Leaders = new();

    private static readonly InstrumentAdvice<double> FromMilliseconds = new()
    {
        HistogramBucketBoundaries = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    };

    private static readonly Counter<long> QueueAdds = Meter.CreateCounter<long>("workqueue_adds_total", null, "Keys added to the queue.", MetricLabels.Of("name"));
    private static readonly Counter<long> QueueRetries = Meter.CreateCounter<long>("workqueue_retries_total", null, "Keys added after a failure.", MetricLabels.Of("name"));
    private static readonly Histogram<double> QueueLatency =
        Meter.CreateHistogram("workqueue_queue_duration_seconds", "s", "How long a key waited for a worker.", MetricLabels.Of("name"), FromMilliseconds);
    private static readonly Counter<long> Reconciles = Meter.CreateCounter<long>("reconcile_total", null, "Reconciles by result.", MetricLabels.Of("controller", "result"));
    private static readonly Histogram<double> ReconcileDuration =
        Meter.CreateHistogram("reconcile_duration_seconds", "s", "How long a reconcile took.", MetricLabels.Of("controller", "result"), FromMilliseconds);
    private static readonly Counter<long> WatchRestarts = Meter.CreateCounter<long>("watch_restarts_total", null, "Watches that ended, by reason.", MetricLabels.Of("reason", "resource"));
    private static readonly Counter<long> Lists = Meter.CreateCounter<long>("list_total", null, "Lists of whole collections.", MetricLabels.Of("resource"));
    private static readonly Counter<long> ApiRequests = Meter.CreateCounter<long>("api_requests_total", null, "Requests to the API server.", MetricLabels.Of("code", "resource", "verb"));
    private static readonly Histogram<double> ApiRequestDuration =
        Meter.CreateHistogram("api_request_duration_seconds", "s", "Time until the headers of the answer arrive.", MetricLabels.Of("resource", "verb"), FromMilliseconds);
    private static readonly Counter<long> DroppedEvents =
        Meter.CreateCounter<long>("events_dropped_total", null, "Events that were not sent, by reason.", MetricLabels.Of("reason"));

    // Observable, so that an exporter which attaches late still reads the right value.
    private static readonly ObservableGauge<int> QueueDepth = Meter.CreateObservableGauge(
        "workqueue_depth", static () => QueueDepths.Select(q => new Measurement<int>(q.Value(), Label("name", q.Key))), null, "Keys waiting for a worker.", MetricLabels.Of("name"));
    private static readonly ObservableGauge<int> Leader = Meter.CreateObservableGauge(
        "leader", static () => Leaders.Select(l => new Measurement<int>(l.Value, Label("lease", l.Key))), null, "1 while this process leads, 0 while it waits for the lease.", MetricLabels.Of("lease"));

    /// <summary>Traces of reconciles; nothing is recorded unless somebody listens.</summary>
    public static ActivitySource Activities { get; } = new(MeterName);

    internal static void InitializeQueue(string name, Func<int> depth)
    {
        QueueDepths[name] = depth;
        QueueAdds.Add(0, Label("name", name));
        QueueRetries.Add(0, Label("name", name));
    }

    internal static void ForgetQueue(string name) => QueueDepths.TryRemove(name, out _);

    internal static void RecordAdd(string queue) => QueueAdds.Add(1, Label("name", queue));

    internal static void RecordRetry(string queue) => QueueRetries.Add(1, Label("name", queue));

    internal static void RecordQueueLatency(string queue, TimeSpan waited) => QueueLatency.Record(waited.TotalSeconds, Label("name", queue));

    internal static void InitializeController(string controller)
    {
        foreach (var outcome in ReconcileOutcome.All)
        {
            Reconciles.Add(0, Label("controller", controller), Label("result", outcome));
        }
    }

    internal static void RecordReconcile(string controller, string outcome, TimeSpan took)
    {
        Reconciles.Add(1, Label("controller", controller), Label("result", outcome));
        ReconcileDuration.Record(took.TotalSeconds, Label("controller", controller), Label("result", outcome));
    }

    internal static void InitializeWatch(string resource)
    {
        foreach (var reason in WatchEnd.All)
        {
            WatchRestarts.Add(0, Label("resource", resource), Label("reason", reason));
        }
    }

    internal static void RecordWatchRestart(string resource, string reason) =>
        WatchRestarts.Add(1, Label("resource", resource), Label("reason", reason));

    internal static void RecordList(string resource) => Lists.Add(1, Label("resource", resource));

    internal static void RecordApiRequest(string verb, string resource, string code, TimeSpan took)
    {
        ApiRequests.Add(1, Label("verb", verb), Label("resource", resource), Label("code", code));
        ApiRequestDuration.Record(took.TotalSeconds, Label("verb", verb), Label("resource", resource));
    }

    internal static void InitializeEvents()
    {
        foreach (var reason in EventDrop.All)
        {
            DroppedEvents.Add(0, Label("reason", reason));
        }
    }

    internal static void RecordDroppedEvent(string reason) => DroppedEvents.Add(1, Label("reason", reason));

    internal static void RecordLeader(string lease, bool leads) => Leaders[lease] = leads ? 1 : 0;

    private static KeyValuePair<string, object?> Label(string name, string value) => new(name, value);
}

/// <summary>The values of the label <c>result</c> of a reconcile.</summary>
internal static class ReconcileOutcome
{
    public const string Success = "success";
    public const string RequeueAfter = "requeue_after";
    public const string Error = "error";
    public const string Conflict = "conflict";
    public const string Terminal = "terminal";
    public const string Panic = "panic";
    public const string Cancelled = "cancelled";

    public static IReadOnlyList<string> All { get; } = [Success, RequeueAfter, Error, Conflict, Terminal, Panic, Cancelled];
}

/// <summary>The values of the label <c>reason</c> of a watch that ended.</summary>
internal static class WatchEnd
{
    public const string Closed = "closed";
    public const string Expired = "expired";
    public const string Silence = "silence";
    public const string Unreadable = "unreadable";
    public const string Error = "error";

    public static IReadOnlyList<string> All { get; } = [Closed, Expired, Silence, Unreadable, Error];
}

/// <summary>The values of the label <c>reason</c> of an event that was not sent.</summary>
internal static class EventDrop
{
    /// <summary>Too many waited to be sent.</summary>
    public const string Overflow = "overflow";

    /// <summary>Too many of one object.</summary>
    public const string Spam = "spam";

    /// <summary>The API server did not take it.</summary>
    public const string Refused = "refused";

    public static IReadOnlyList<string> All { get; } = [Overflow, Spam, Refused];
}
