namespace Ostler.Kubernetes.Client;

public sealed partial class ApiClient
{
    // An API server may be upgraded under a running controller: from 1.25 on it no longer takes what 1.21 asked for.
    private static readonly TimeSpan EvictionVersionLifetime = TimeSpan.FromMinutes(10);

    private readonly SemaphoreSlim _evictionLookup = new(1, 1);
    private (string? ApiVersion, long At) _eviction;

    /// <summary>Asks for the eviction of a pod, once and without waiting for its end.</summary>
    /// <param name="pod">The pod.</param>
    /// <param name="uid">Evicts only this pod, not a namesake (of a StatefulSet) that came after it.</param>
    /// <param name="gracePeriodSeconds">Null: the pod's own.</param>
    /// <param name="dryRun">Ask only whether it would be allowed.</param>
    /// <param name="cancellationToken">Ends the call.</param>
    /// <exception cref="ApiException">
    /// <see cref="ApiException.IsTooManyRequests"/>: a disruption budget (or the server's load) forbids it now; ask again after
    /// <see cref="ApiException.RetryAfter"/>; <see cref="ApiException.Causes"/> name the budget.
    /// <see cref="ApiException.IsNotFound"/>: gone already. <see cref="ApiException.IsConflict"/>: another pod has the name.
    /// <see cref="ApiException.IsForbiddenNamespaceTerminating"/>: it goes with its namespace.
    /// </exception>
    /// <exception cref="NotSupportedException">The server has no eviction.</exception>
    public async Task EvictAsync(
        NamespacedName pod, string uid, int? gracePeriodSeconds, bool dryRun, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(pod.Namespace);
        ArgumentException.ThrowIfNullOrEmpty(pod.Name);
        var apiVersion = await EvictionApiVersionAsync(cancellationToken).ConfigureAwait(false)
            ?? throw new NotSupportedException("the API server has no pods/eviction");
        var options = ApiBody.DeleteOptions(uid, resourceVersion: null, gracePeriodSeconds, dryRun);

        // In the address too: admission webhooks are told of a dry run from there alone, and one that moves a machine when its pod is
        // evicted must not.
        var path = Query(
            $"api/v1/namespaces/{Uri.EscapeDataString(pod.Namespace)}/pods/{Uri.EscapeDataString(pod.Name)}/eviction", ("dryRun", dryRun ? "All" : null));
        var request = new ApiRequest(HttpMethod.Post, path, "create", "pods/eviction")
        {
            Body = ApiBody.Bytes(ApiBody.Eviction(apiVersion, pod, options)),
        };
        await CallAsync(request, static (_, _) => Task.FromResult(true), cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// The apiVersion in which the server takes evictions (<c>policy/v1</c> from 1.22 on, <c>policy/v1beta1</c> before); null when
    /// it takes none. Found where kubectl finds it, in the group and version of <c>pods/eviction</c>; remembered for 10 minutes.
    /// </summary>
    public async Task<string?> EvictionApiVersionAsync(CancellationToken cancellationToken)
    {
        await _evictionLookup.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_eviction.ApiVersion is { } known && _options.TimeProvider.GetElapsedTime(_eviction.At) < EvictionVersionLifetime)
            {
                return known;
            }
            var core = await DiscoverAsync("", "v1", cancellationToken).ConfigureAwait(false);
            var eviction = core?.FirstOrDefault(r => r is { Name: "pods/eviction", Kind: "Eviction" });
            // Where the server omits them, group and version are those of the path: then it is not an eviction of policy.
            var apiVersion = eviction is { Group.Length: > 0, Version.Length: > 0 } ? $"{eviction.Group}/{eviction.Version}" : null;
            _eviction = (apiVersion, _options.TimeProvider.GetTimestamp());
            return apiVersion;
        }
        finally
        {
            _evictionLookup.Release();
        }
    }
}
