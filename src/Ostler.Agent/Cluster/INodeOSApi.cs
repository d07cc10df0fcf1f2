using Ostler.Api.NodeOSes;

namespace Ostler.Agent.Cluster;

/// <summary>All that the agent can do in the cluster: read and watch its own NodeOS, and write the status of it.</summary>
/// <remarks>Failures are those of <see cref="Ostler.Kubernetes.Client.ApiClient"/>; see <see cref="ApiFailures"/>.</remarks>
internal interface INodeOSApi
{
    /// <summary>Reads the object from the server's store, not from a cache. Null when there is none.</summary>
    Task<NodeOS?> GetAsync(CancellationToken cancellationToken);

    /// <summary>
    /// The object as it is, then as it changes; null when there is none. Ends when the server closes the watch or a deadline passes; throws
    /// when it breaks.
    /// </summary>
    /// <remarks>
    /// It always begins with a list, of one name and so of one key in etcd. A server that was restored from a backup would accept the
    /// version at which the previous watch ended and send nothing until it gets there, which may be days.
    /// </remarks>
    IAsyncEnumerable<NodeOSChange> WatchAsync(CancellationToken cancellationToken);

    /// <summary>Applies the whole status by server-side apply, only if the object still is the one with this UID.</summary>
    /// <returns>The object as stored.</returns>
    Task<NodeOS> ApplyStatusAsync(string uid, NodeOSStatus status, CancellationToken cancellationToken);
}

/// <param name="ResourceVersion">The version of the collection with it.</param>
/// <param name="IsBookmark">Nothing happened to the object.</param>
/// <param name="Object">The object; null when there is none (or for a bookmark).</param>
internal readonly record struct NodeOSChange(string ResourceVersion, bool IsBookmark, NodeOS? Object)
{
    /// <summary>
    /// The state at the beginning of a watch, read from the server's store. It wins over everything that was known before.
    /// </summary>
    public bool IsListed { get; init; }
}
