using Ostler.Kubernetes.Client;
using Ostler.Testing;
using Ostler.Testing.ControlPlane;

namespace Ostler.IntegrationTests.Cluster;

/// <summary>The tests that share one API server and have machines of their own, by name; they run one after the other.</summary>
[CollectionDefinition]
public sealed class ClusterTests : ICollectionFixture<ControllerCluster>;

/// <summary>A real control plane with our CRDs.</summary>
public sealed class ControllerCluster : ControlPlaneFixture
{
    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        await Cluster.InstallCustomResourcesAsync(Path.Combine(Repository.Config, "crd"), TestContext.Current.CancellationToken);
    }
}

/// <summary>Counts the requests that change something.</summary>
internal sealed class WriteCounter : DelegatingHandler
{
    private readonly Dictionary<string, int> _writes = [];

    /// <summary>By method and resource, events and leases included.</summary>
    public IReadOnlyDictionary<string, int> Writes
    {
        get
        {
            lock (_writes)
            {
                return new Dictionary<string, int>(_writes);
            }
        }
    }

    /// <summary>A client of the cluster whose writes are counted.</summary>
    public static (ApiClient Client, WriteCounter Counter) Connect(TestCluster cluster)
    {
        // The library's client has the certificates of the kubeconfig in place.
        var inner = ((k8s.Kubernetes)cluster.Admin).HttpClient;
        var counter = new WriteCounter { InnerHandler = new Forward(inner) };
        return (new(new HttpClient(counter) { BaseAddress = cluster.Server, Timeout = Timeout.InfiniteTimeSpan }, new() { FieldManager = "ostler-controller" }), counter);
    }

    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.Method != HttpMethod.Get)
        {
            var parts = request.RequestUri!.AbsolutePath.Trim('/').Split('/');
            var start = parts[0] == "api" ? 2 : 3;
            var resource = parts[start] == "namespaces" && parts.Length > start + 2 ? parts[start + 2] : parts[start];
            var key = $"{request.Method} {resource}{(parts[^1] is "status" or "eviction" ? "/" + parts[^1] : "")}";
            lock (_writes)
            {
                _writes[key] = _writes.GetValueOrDefault(key) + 1;
            }
        }

        return base.SendAsync(request, cancellationToken);
    }

    private sealed class Forward(HttpClient inner) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            // A message can be sent through one client only.
            var copy = new HttpRequestMessage(request.Method, request.RequestUri) { Content = request.Content, Version = request.Version, VersionPolicy = request.VersionPolicy };
            foreach (var header in request.Headers)
            {
                copy.Headers.TryAddWithoutValidation(header.Key, header.Value);
            }

            return inner.SendAsync(copy, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
        }
    }
}
