namespace Ostler.Kubernetes.Informers;

/// <summary>What an informer caches, and when it stops believing a connection.</summary>
public sealed record InformerOptions<T> where T : class
{
    /// <summary>Only this namespace. Default: all.</summary>
    public string Namespace { get; init; } = "";

    public string? LabelSelector { get; init; }
    public string? FieldSelector { get; init; }

    /// <summary>
    /// Runs on each object at once as it is read, before it is cached: drop here what is never read. Must keep name, UID and
    /// resourceVersion. Default: none.
    /// </summary>
    public Func<T, T>? Transform { get; init; }

    /// <summary>
    /// A watch that sends nothing for this time, not even a bookmark, is taken for dead and everything is listed again. Servers send
    /// bookmarks only where something changes; on a quiet collection the watch is asked to end after 60 to 90 % of this time, so that a
    /// living connection is never taken for a dead one. Default 5 min.
    /// </summary>
    public TimeSpan SilenceTimeout { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>Objects in one page of a list. Default 250.</summary>
    public int PageSize { get; init; } = 250;

    /// <summary>How reconnects are spaced. Default 0.8 s doubling to 30 s.</summary>
    public BackoffOptions Backoff { get; init; } = new() { Initial = TimeSpan.FromSeconds(0.8), Maximum = TimeSpan.FromSeconds(30) };
}
