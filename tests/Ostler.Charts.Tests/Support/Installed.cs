using System.Net;
using System.Text.Json.Nodes;
using Ostler.Testing.ControlPlane;
using Ostler.Testing.Tools;

namespace Ostler.Charts.Tests.Support;

/// <summary>
/// The cluster as a test of the chart uses it: helm against it, its objects by path, and nothing left of Ostler at the end.
/// </summary>
internal sealed class Installed : IAsyncDisposable
{
    private readonly TestCluster _cluster;

    private Installed(TestCluster cluster, Helm helm) => (_cluster, Helm) = (cluster, helm);

    public Helm Helm { get; }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    // The library's client has the certificates of the kubeconfig in place; its typed surface knows no resources of ours.
    private HttpClient Http => ((k8s.Kubernetes)_cluster.Admin).HttpClient;

    public static async Task<Installed> StartAsync(TestCluster cluster)
    {
        Assert.SkipWhen(cluster.Capabilities.IsShared, "This cluster has other users, and may have Ostler already.");
        return new(cluster, await Rendered.HelmAsync(cluster.KubeconfigPath));
    }

    /// <summary>helm with the release ostler in namespace ostler-system.</summary>
    public Task<string> RunAsync(string command, params string[] arguments) =>
        Helm.RunAsync(Cancel, [command, "ostler", "--namespace", Rendered.Namespace, .. command is "install" or "upgrade" ? Rendered.Images : [], .. arguments]);

    public Task<string> InstallAsync(string chart, params string[] values) => RunAsync("install", [chart, "--create-namespace", .. values]);

    /// <summary>The object at a path of the API; null when there is none, or not yet.</summary>
    public async Task<JsonObject?> GetAsync(string path)
    {
        using var answer = await Http.GetAsync(new Uri(_cluster.Server, path), Cancel);

        // 429: a server that has just been given a CRD is not ready to say.
        return answer.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.TooManyRequests
            ? null
            : JsonNode.Parse(await answer.EnsureSuccessStatusCode().Content.ReadAsStringAsync(Cancel))!.AsObject();
    }

    public async Task CreateAsync(string collection, JsonObject manifest)
    {
        using var body = new StringContent(manifest.ToJsonString(), System.Text.Encoding.UTF8, "application/json");
        using var answer = await Http.PostAsync(new Uri(_cluster.Server, collection), body, Cancel);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync(Cancel));
    }

    public Task DeleteAsync(string path) => RemoveAsync(path, Cancel);

    /// <summary>Looks again until the object is as wanted; what the controllers of Kubernetes do takes them a moment.</summary>
    public async Task<JsonObject?> UntilAsync(string path, Func<JsonObject?, bool> wanted)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        deadline.CancelAfter(TimeSpan.FromSeconds(60));
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        JsonObject? last;
        while (!wanted(last = await GetAsync(path)))
        {
            try
            {
                await tick.WaitForNextTickAsync(deadline.Token);
            }
            catch (OperationCanceledException) when (!Cancel.IsCancellationRequested)
            {
                Assert.Fail($"{path} did not become as wanted in a minute: {last?.ToJsonString()}");
            }
        }

        return last;
    }

    /// <summary>Asks again until the answer is no.</summary>
    public static async Task UntilRefusedAsync(Func<Task<HttpStatusCode>> ask)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        deadline.CancelAfter(TimeSpan.FromSeconds(30));
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        while (await ask() != HttpStatusCode.Forbidden)
        {
            await tick.WaitForNextTickAsync(deadline.Token);
        }
    }

    /// <summary>
    /// Every object of the cluster that bears Ostler's name, as <c>kind name</c>, but for the namespace and for releases.
    /// </summary>
    public async Task<IReadOnlyList<string>> LeftAsync()
    {
        string[] collections =
        [
            "apis/apps/v1/deployments", "apis/apps/v1/daemonsets", "api/v1/services", "api/v1/serviceaccounts", "api/v1/configmaps",
            "apis/rbac.authorization.k8s.io/v1/roles", "apis/rbac.authorization.k8s.io/v1/rolebindings",
            "apis/rbac.authorization.k8s.io/v1/clusterroles", "apis/rbac.authorization.k8s.io/v1/clusterrolebindings",
            "apis/networking.k8s.io/v1/networkpolicies", "apis/apiextensions.k8s.io/v1/customresourcedefinitions",
        ];
        var left = new List<string>();
        foreach (var collection in collections)
        {
            var list = await GetAsync(collection);
            var names = list!["items"]!.AsArray().Select(item => Rendered.NameOf(item!.AsObject()));
            left.AddRange(names.Where(name => name.Contains("ostler", StringComparison.Ordinal)).Select(name => $"{collection[(collection.LastIndexOf('/') + 1)..]} {name}"));
        }

        return [.. left.Order(StringComparer.Ordinal)];
    }

    public async ValueTask DisposeAsync()
    {
        await Helm.TryAsync(CancellationToken.None, "uninstall", "ostler", "--namespace", Rendered.Namespace);
        foreach (var plural in (string[])["nodeoses", "osimages", "upgradepolicies"])
        {
            await RemoveAsync(Crd(plural), CancellationToken.None);
        }

        Helm.Dispose();
    }

    public static string Crd(string plural) => $"apis/apiextensions.k8s.io/v1/customresourcedefinitions/{plural}.ostler.dev";

    private async Task RemoveAsync(string path, CancellationToken cancellationToken)
    {
        using var answer = await Http.DeleteAsync(new Uri(_cluster.Server, path), cancellationToken);
        if (answer.StatusCode != HttpStatusCode.NotFound)
        {
            answer.EnsureSuccessStatusCode();
        }
    }
}
