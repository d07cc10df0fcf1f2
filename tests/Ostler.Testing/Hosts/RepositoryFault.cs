namespace Ostler.Testing.Hosts;

/// <summary>What goes wrong with a download.</summary>
public enum RepositoryFault
{
    /// <summary>404 for everything.</summary>
    NotFound,

    /// <summary>503 for everything.</summary>
    Unavailable,

    /// <summary>The request is accepted and nothing ever comes, until the fault is lifted or the client gives up.</summary>
    Stall,

    /// <summary>1 KiB every 100 ms.</summary>
    Slow,

    /// <summary>The connection breaks in the middle of an object; metadata files (refs, config, summary) come whole.</summary>
    DropMidObject,

    /// <summary>Objects come with another byte at their end than they have.</summary>
    Corrupt,
}

/// <summary>One request that the repository's server saw; <see cref="Host"/> is null when it came by the common URL.</summary>
public sealed record RepositoryRequest(string? Host, string Path, int Status);
