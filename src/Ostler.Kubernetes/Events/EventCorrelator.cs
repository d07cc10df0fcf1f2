namespace Ostler.Kubernetes.Events;

/// <summary>What is to be told, before it is decided how.</summary>
internal sealed record EventNote(ObjectRef Regarding, EventType Type, string Reason, string Message, string Action, DateTimeOffset At);

/// <summary>The identity of an event: what it has in common with its repetitions.</summary>
internal sealed record EventKey(ObjectRef Regarding, EventType Type, string Reason, string Message, string Action);

/// <summary>An event that exists on the server.</summary>
internal sealed record SentEvent(NamespacedName Name, int Count, DateTimeOffset First);

/// <summary>
/// Decides what becomes of a note: nothing (spam), one more of an event that was sent, or a new event. As client-go's correlator does, so
/// that <c>kubectl describe</c> reads as its users are used to. Not synchronised.
/// </summary>
internal sealed class EventCorrelator(EventRecorderOptions options)
{
    private sealed class Bucket
    {
        public double Tokens { get; set; }
        public DateTimeOffset At { get; set; }
    }

    private sealed class Similar
    {
        public HashSet<string> Messages { get; } = [];
        public DateTimeOffset Last { get; set; }
    }

    private readonly RecentMap<ObjectRef, Bucket> _buckets = new(options.Remembered);
    private readonly RecentMap<EventKey, Similar> _similar = new(options.Remembered);
    private readonly RecentMap<EventKey, SentEvent> _sent = new(options.Remembered);

    /// <returns>The identity under which to send; null when the note is spam.</returns>
    public EventKey? Admit(EventNote note)
    {
        if (!TakeToken(note))
        {
            return null;
        }
        var common = new EventKey(note.Regarding, note.Type, note.Reason, "", note.Action);
        if (!_similar.TryGet(common, out var similar) || note.At - similar.Last > options.SimilarWindow)
        {
            similar = new Similar();
        }
        similar.Last = note.At;
        // A message that differs each time (a counter in it) would fill etcd with single events.
        var isKnown = similar.Messages.Contains(note.Message);
        if (!isKnown && similar.Messages.Count < options.MaxSimilar)
        {
            isKnown = similar.Messages.Add(note.Message);
        }
        _similar.Set(common, similar);
        return isKnown ? common with { Message = note.Message } : common;
    }

    public SentEvent? Sent(EventKey key) => _sent.TryGet(key, out var sent) ? sent : null;

    public void Remember(EventKey key, SentEvent sent) => _sent.Set(key, sent);

    public void Forget(EventKey key) => _sent.Remove(key);

    private bool TakeToken(EventNote note)
    {
        if (!_buckets.TryGet(note.Regarding, out var bucket))
        {
            bucket = new Bucket { Tokens = options.Burst, At = note.At };
        }
        var refilled = Math.Max(0, (note.At - bucket.At) / options.RefillPeriod);
        bucket.Tokens = Math.Min(options.Burst, bucket.Tokens + refilled);
        bucket.At = note.At;
        _buckets.Set(note.Regarding, bucket);
        if (bucket.Tokens < 1)
        {
            return false;
        }
        bucket.Tokens -= 1;
        return true;
    }
}
