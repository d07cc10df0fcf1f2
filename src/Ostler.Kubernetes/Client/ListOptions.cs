namespace Ostler.Kubernetes.Client;

/// <summary>What to list.</summary>
public sealed record ListOptions
{
    public static ListOptions All { get; } = new();

    /// <summary>Only this namespace. Default: all. Ignored for cluster-scoped resources.</summary>
    public string Namespace { get; init; } = "";

    public string? LabelSelector { get; init; }
    public string? FieldSelector { get; init; }

    /// <summary>Objects in one page. Default 250; 0 asks for everything in one answer.</summary>
    public int PageSize { get; init; } = 250;

    /// <summary>
    /// Default null: the most recent state (quorum read). "0" takes whatever the server's cache holds, which may be old and is
    /// answered in one page.
    /// </summary>
    public string? ResourceVersion { get; init; }
}

/// <summary>What to watch, and from where.</summary>
public sealed record WatchOptions
{
    /// <summary>Only this namespace. Default: all. Ignored for cluster-scoped resources.</summary>
    public string Namespace { get; init; } = "";

    public string? LabelSelector { get; init; }
    public string? FieldSelector { get; init; }

    /// <summary>Where to start: of a list, an event or a bookmark. Default null: the present, preceded by everything that exists.</summary>
    public string? ResourceVersion { get; init; }

    /// <summary>The server closes the watch after this time. Default null: when it likes. Whole seconds, at least one.</summary>
    public TimeSpan? ServerTimeout { get; init; }
}

/// <summary>Objects, and the version of the collection from which a watch may go on.</summary>
public sealed record ResourceList<T>(IReadOnlyList<T> Items, string ResourceVersion);

/// <summary>What a watch tells of an object.</summary>
public enum WatchEventType
{
    Added,
    Modified,
    Deleted,

    /// <summary>Nothing happened up to this resource version. There is no object.</summary>
    Bookmark,
}

/// <summary>One event of a watch.</summary>
/// <param name="Type">What happened.</param>
/// <param name="Object">The object; null for a bookmark only.</param>
/// <param name="ResourceVersion">From where a later watch may go on.</param>
public readonly record struct WatchEvent<T>(WatchEventType Type, T? Object, string ResourceVersion) where T : class;

/// <summary>What a deleted object must be, so that its namesake is not hit.</summary>
public readonly record struct DeletePreconditions(string? Uid = null, string? ResourceVersion = null);
