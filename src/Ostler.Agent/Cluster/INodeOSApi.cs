using Ostler.Api.NodeOSes;
using Ostler.Kubernetes.Client;

namespace Ostler.Agent.Cluster;

/// <summary>All that the agent can do in the cluster: read and watch its own NodeOS, and write the status of it.</summary>
/// <remarks>Failures are those of <see cref="Ostler.Kubernetes.Client.ApiClient"/>; see <see cref="ApiFailures"/>.</remarks>
internal interface INodeOSApi
{
    /// <summary>Reads the object from the server's store, not from a cache. Null when there is none.</summary>
    Task<NodeOS?> GetAsync(CancellationToken cancellationToken);

    /// <summary>
    /// The object as it is, then as it changes; null when there is none. Ends when the server closes the watch or a deadline passes; throws when it breaks.
    /// </summary>
    /// <param name="from">Where a former watch ended; null: begin with the present state.</param>
    /// <param name="cancellationToken">Ends it.</param>
    IAsyncEnumerable<NodeOSChange> WatchAsync(string? from, CancellationToken cancellationToken);

    /// <summary>Applies the whole status by server-side apply, only if the object still is the one with this UID.</summary>
    /// <returns>The object as stored.</returns>
    Task<NodeOS> ApplyStatusAsync(string uid, NodeOSStatus status, CancellationToken cancellationToken);
}

/// <param name="ResourceVersion">From where a later watch may go on.</param>
/// <param name="IsBookmark">Nothing happened to the object.</param>
/// <param name="Object">The object; null when there is none (or for a bookmark).</param>
internal readonly record struct NodeOSChange(string ResourceVersion, bool IsBookmark, NodeOS? Object);
