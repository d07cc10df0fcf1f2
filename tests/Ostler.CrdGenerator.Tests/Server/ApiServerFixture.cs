using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json.Nodes;
using Ostler.Testing;
using Ostler.Testing.ControlPlane;

namespace Ostler.CrdGenerator.Tests.Server;

/// <summary>A real API server with the CRDs of config/crd. Only etcd and the API server: nothing here is scheduled or controlled.</summary>
public sealed class ApiServerFixture : ControlPlaneFixture
{
    protected override TestClusterOptions Options => new() { Components = ControlPlaneComponents.ApiServer };

    public override async ValueTask InitializeAsync()
    {
        await base.InitializeAsync();
        await Cluster.InstallCustomResourcesAsync(Path.Combine(Repository.Config, "crd"), TestContext.Current.CancellationToken);
    }

    /// <summary>Asks the API server whether it would take an object, and what it would make of it. Nothing is stored.</summary>
    public Task<Answer> DryRunAsync(JsonObject manifest, CancellationToken cancellationToken) =>
        DryRunAsync((string)manifest["kind"]!, manifest.ToJsonString(), cancellationToken);

    /// <summary>As above, for text that no JSON writer would produce.</summary>
    public Task<Answer> DryRunAsync(string kind, string manifest, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, $"{CollectionOf(kind)}?dryRun=All", manifest, "application/json", cancellationToken);

    public Task<Answer> CreateAsync(JsonObject manifest, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Post, CollectionOf((string)manifest["kind"]!), manifest.ToJsonString(), "application/json", cancellationToken);

    public Task<Answer> MergeAsync(JsonObject manifest, JsonObject patch, string subresource, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Patch, $"{CollectionOf((string)manifest["kind"]!)}/{(string?)manifest["metadata"]!["name"]}{subresource}", patch.ToJsonString(), "application/merge-patch+json", cancellationToken);

    public Task<Answer> ApplyAsync(string path, JsonObject manifest, CancellationToken cancellationToken) =>
        SendAsync(HttpMethod.Patch, $"{path}/{(string?)manifest["metadata"]!["name"]}?fieldManager=test&force=true&dryRun=All", manifest.ToJsonString(), "application/apply-patch+yaml", cancellationToken);

    /// <summary>What <c>kubectl get</c> shows: the server renders the table.</summary>
    public async Task<JsonObject> TableAsync(string plural, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(Cluster.Server, $"apis/ostler.dev/v1alpha1/{plural}"));
        request.Headers.Accept.Add(MediaTypeWithQualityHeaderValue.Parse("application/json;as=Table;v=v1;g=meta.k8s.io"));
        using var response = await Http.SendAsync(request, cancellationToken);
        response.EnsureSuccessStatusCode();
        return (await response.Content.ReadFromJsonAsync<JsonObject>(cancellationToken))!;
    }

    // The library's client has the certificates of the kubeconfig in place; its typed surface knows no resources of ours.
    private HttpClient Http => ((k8s.Kubernetes)Cluster.Admin).HttpClient;

    private static string CollectionOf(string kind) => $"apis/ostler.dev/v1alpha1/{kind switch
    {
        "OSImage" => "osimages",
        "UpgradePolicy" => "upgradepolicies",
        "NodeOS" => "nodeoses",
        _ => throw new ArgumentException($"{kind} is no kind of ours."),
    }}";

    private async Task<Answer> SendAsync(HttpMethod method, string path, string body, string contentType, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, new Uri(Cluster.Server, path))
        {
            Content = new StringContent(body, Encoding.UTF8, MediaTypeHeaderValue.Parse(contentType)),
        };
        using var response = await Http.SendAsync(request, cancellationToken);
        return new(response.IsSuccessStatusCode, (await response.Content.ReadFromJsonAsync<JsonObject>(cancellationToken))!);
    }
}

/// <summary>What the API server said: the object, or a metav1.Status that says what is wrong.</summary>
public sealed record Answer(bool Accepted, JsonObject Body)
{
    // Servers that know rules add, to what the schema refuses, that the rules were not tried on it.
    private const string RulesNotTried = "<nil>";

    public string Message => (string?)Body["message"] ?? "";

    /// <summary>The fields that the API server objects to.</summary>
    public IReadOnlyList<string> Fields =>
        [.. (Body["details"]?["causes"] as JsonArray ?? []).Select(cause => (string?)cause!["field"] ?? "").Where(name => name != RulesNotTried)];
}
