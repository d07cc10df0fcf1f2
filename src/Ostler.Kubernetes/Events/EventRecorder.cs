using System.Globalization;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Telemetry;

namespace Ostler.Kubernetes.Events;

/// <summary>
/// Tells people what happened, as core/v1 Events. Repetitions raise the count of one event; different messages for one object and reason
/// become one event when there are too many; one object cannot flood the rest.
/// </summary>
/// <remarks>Events are a courtesy: publishing never blocks and never fails, and what cannot be sent is dropped and counted.</remarks>
public sealed partial class EventRecorder
{
    private const int Attempts = 3;

    private readonly ApiClient _client;
    private readonly EventRecorderOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Channel<EventNote> _notes;
    private readonly EventCorrelator _correlator;
    private long _sequence;

    /// <param name="client">Writes through this; not disposed.</param>
    /// <param name="options">Who records.</param>
    /// <param name="timeProvider">Default: the system's.</param>
    /// <param name="logger">Default: none.</param>
    public EventRecorder(ApiClient client, EventRecorderOptions options, TimeProvider? timeProvider = null, ILogger? logger = null)
    {
        ArgumentNullException.ThrowIfNull(client);
        ArgumentNullException.ThrowIfNull(options);
        _client = client;
        _options = options;
        _time = timeProvider ?? TimeProvider.System;
        _logger = logger ?? NullLogger.Instance;
        _correlator = new EventCorrelator(options);
        _notes = Channel.CreateBounded<EventNote>(new BoundedChannelOptions(options.Capacity)
        {
            FullMode = BoundedChannelFullMode.Wait,
            SingleReader = true,
        });
        // Events made in one process at one time need different names, and those of another start of it too.
        _sequence = _time.GetUtcNow().UtcTicks;
        RuntimeMetrics.InitializeEvents();
    }

    /// <summary>Queues an event. May be called from anywhere.</summary>
    /// <param name="regarding">About what.</param>
    /// <param name="type">Good news or bad.</param>
    /// <param name="reason">Why, in one CamelCase word that programs may rely on.</param>
    /// <param name="message">For people; cut after 1024 characters.</param>
    /// <param name="action">What was done or tried, in one CamelCase word.</param>
    public void Publish(ObjectRef regarding, EventType type, string reason, string message, string action)
    {
        ArgumentNullException.ThrowIfNull(regarding);
        if (!_notes.Writer.TryWrite(new EventNote(regarding, type, reason, message, action, _time.GetUtcNow())))
        {
            RuntimeMetrics.RecordDroppedEvent(EventDrop.Overflow);
        }
    }

    /// <summary>Sends events until cancelled, then what still waits for up to <see cref="EventRecorderOptions.FlushTimeout"/>.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var end = new CancellationTokenSource(Timeout.InfiniteTimeSpan, _time);
        await using var registration = cancellationToken.UnsafeRegister(
            _ =>
            {
                _notes.Writer.TryComplete();
                end.CancelAfter(_options.FlushTimeout);
            },
            null).ConfigureAwait(false);
        try
        {
            await foreach (var note in _notes.Reader.ReadAllAsync(end.Token).ConfigureAwait(false))
            {
                await SendAsync(note, end.Token).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            LogLeftBehind(_notes.Reader.Count);
        }
    }

    private async Task SendAsync(EventNote note, CancellationToken cancellationToken)
    {
        if (_correlator.Admit(note) is not { } key)
        {
            RuntimeMetrics.RecordDroppedEvent(EventDrop.Spam);
            return;
        }
        var message = key.Message.Length > 0 || note.Message.Length == 0 ? note.Message : $"(combined from similar events): {note.Message}";
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await CreateOrRepeatAsync(key, note, message, cancellationToken).ConfigureAwait(false);
                return;
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                throw;
            }
            catch (Exception e) when (attempt < Attempts && IsTransient(e))
            {
                var pause = (e as ApiException)?.RetryAfter ?? TimeSpan.FromSeconds(attempt);
                await Task.Delay(pause, _time, cancellationToken).ConfigureAwait(false);
            }
            catch (Exception e)
            {
                RuntimeMetrics.RecordDroppedEvent(EventDrop.Refused);
                LogDropped(e, note.Reason, note.Regarding.Kind, note.Regarding.Name);
                return;
            }
        }
    }

    private async Task CreateOrRepeatAsync(EventKey key, EventNote note, string message, CancellationToken cancellationToken)
    {
        if (_correlator.Sent(key) is { } sent)
        {
            try
            {
                var patch = Patch.Merge(EventBody.Repeated(sent.Count + 1, note, message));
                await _client.PatchAsync(EventBody.Type, sent.Name, patch, cancellationToken).ConfigureAwait(false);
                _correlator.Remember(key, sent with { Count = sent.Count + 1 });
                return;
            }
            catch (ApiException e) when (e.IsNotFound)
            {
                // The server forgets events after an hour.
                _correlator.Forget(key);
            }
        }
        var suffix = Interlocked.Increment(ref _sequence).ToString("x", CultureInfo.InvariantCulture);
        var body = EventBody.New(key, note, message, suffix, _options);
        var created = await _client.CreateAsync(EventBody.Type, body, cancellationToken).ConfigureAwait(false);
        _correlator.Remember(key, new SentEvent(EventBody.Type.MetaOf(created).Key, 1, note.At));
    }

    private static bool IsTransient(Exception e) =>
        e is HttpRequestException or IOException or TimeoutException
        || (e is ApiException { Code: var code } && ((int)code >= 500 || (int)code == 429));

    [LoggerMessage(60, LogLevel.Warning, "The event {Reason} about {Kind} {Name} could not be sent", EventName = "EventDropped")]
    private partial void LogDropped(Exception error, string reason, string kind, string name);

    [LoggerMessage(61, LogLevel.Information, "{Count} events were not sent before the end", EventName = "EventsLeftBehind")]
    private partial void LogLeftBehind(int count);
}
