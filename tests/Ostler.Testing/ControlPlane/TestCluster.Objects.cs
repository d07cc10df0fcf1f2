using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using k8s;
using k8s.Autorest;
using k8s.Models;

namespace Ostler.Testing.ControlPlane;

/// <content>Namespaces and CustomResourceDefinitions.</content>
public sealed partial class TestCluster
{
    private static readonly TimeSpan ObjectTimeout = TimeSpan.FromSeconds(60);

    /// <summary>A namespace of the test's own, ready for pods; removed, without waiting for its content to go, when disposed of.</summary>
    public async Task<TestNamespace> CreateNamespaceAsync(string prefix = "test", CancellationToken cancellationToken = default)
    {
        var name = UniqueName(prefix);
        await _admin.CoreV1.CreateNamespaceAsync(new V1Namespace { Metadata = new() { Name = name } }, cancellationToken: cancellationToken).ConfigureAwait(false);
        if (Capabilities.HasControllerManager)
        {
            // Pods are refused until controllers have made the account and, before 1.24, a token for it.
            await Eventually.GetAsync(
                $"namespace {name} has its default service account",
                async token => await FindAsync(() => _admin.CoreV1.ReadNamespacedServiceAccountAsync("default", name, cancellationToken: token)).ConfigureAwait(false) is { } account
                    && (Capabilities.Version.IsAtLeast(1, 24) || account.Secrets is { Count: > 0 }) ? account : null,
                ObjectTimeout,
                cancellationToken).ConfigureAwait(false);
        }

        return new TestNamespace(name, _admin);
    }

    /// <summary>Creates or replaces every CustomResourceDefinition in the YAML files of a folder, and waits until each is served.</summary>
    /// <param name="directory">For example <c>config/crd</c>; documents of other kinds, such as a kustomization, are passed over.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The names of the definitions.</returns>
    /// <exception cref="InvalidDataException">The folder holds none.</exception>
    public async Task<IReadOnlyList<string>> InstallCustomResourcesAsync(string directory, CancellationToken cancellationToken = default)
    {
        var definitions = Directory.EnumerateFiles(directory)
            .Where(f => f.EndsWith(".yaml", StringComparison.Ordinal) || f.EndsWith(".yml", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .SelectMany(f => YamlDocuments.Read(File.ReadAllText(f)))
            .Where(d => (string?)d["kind"] == "CustomResourceDefinition")
            .ToList();
        if (definitions.Count == 0)
        {
            throw new InvalidDataException($"No CustomResourceDefinition in {directory}.");
        }

        foreach (var definition in definitions)
        {
            await CreateOrReplaceAsync(definition, cancellationToken).ConfigureAwait(false);
        }

        var names = definitions.Select(NameOf).ToList();
        foreach (var name in names)
        {
            await Eventually.GetAsync(
                $"{name} is established",
                async token => await ReadAsync(name, token).ConfigureAwait(false) is { Status.Conditions: { } conditions } served
                    && conditions.Any(c => c is { Type: "Established", Status: "True" }) ? served : null,
                ObjectTimeout,
                cancellationToken).ConfigureAwait(false);
        }

        return names;
    }

    private static string NameOf(JsonObject definition) => (string)definition["metadata"]!["name"]!;

    /// <summary>Not server-side apply: an old server refuses to apply schema fields that it does not know, such as CEL rules,
    /// where create and replace drop them. The text is sent as it stands: the library's model cannot write the default of a
    /// field.</summary>
    private async Task CreateOrReplaceAsync(JsonObject definition, CancellationToken cancellationToken)
    {
        var collection = new Uri(Server, "apis/apiextensions.k8s.io/v1/customresourcedefinitions");
        using var created = await SendAsync(HttpMethod.Post, collection, definition, cancellationToken).ConfigureAwait(false);
        if (created.StatusCode != HttpStatusCode.Conflict)
        {
            await ThrowUnlessAcceptedAsync(created, definition, cancellationToken).ConfigureAwait(false);
            return;
        }

        var existing = await ReadAsync(NameOf(definition), cancellationToken).ConfigureAwait(false);
        definition["metadata"]!["resourceVersion"] = existing.Metadata.ResourceVersion;
        using var replaced = await SendAsync(HttpMethod.Put, new Uri($"{collection}/{NameOf(definition)}"), definition, cancellationToken).ConfigureAwait(false);
        await ThrowUnlessAcceptedAsync(replaced, definition, cancellationToken).ConfigureAwait(false);
    }

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, Uri address, JsonObject body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, address) { Content = new StringContent(body.ToJsonString(), Encoding.UTF8, "application/json") };
        if (_admin.Credentials is { } credentials)
        {
            await credentials.ProcessHttpRequestAsync(request, cancellationToken).ConfigureAwait(false);
        }

        return await _admin.HttpClient.SendAsync(request, cancellationToken).ConfigureAwait(false);
    }

    private static async Task ThrowUnlessAcceptedAsync(HttpResponseMessage response, JsonObject definition, CancellationToken cancellationToken)
    {
        if (!response.IsSuccessStatusCode)
        {
            var answer = await response.Content.ReadAsStringAsync(cancellationToken).ConfigureAwait(false);
            throw new InvalidDataException($"The API server refuses {NameOf(definition)}: {answer}");
        }
    }

    private Task<V1CustomResourceDefinition> ReadAsync(string name, CancellationToken cancellationToken) =>
        _admin.ApiextensionsV1.ReadCustomResourceDefinitionAsync(name, cancellationToken: cancellationToken);

    private static async Task<T?> FindAsync<T>(Func<Task<T>> read)
        where T : class
    {
        try
        {
            return await read().ConfigureAwait(false);
        }
        catch (HttpOperationException e) when (e.Response.StatusCode == HttpStatusCode.NotFound)
        {
            return null;
        }
    }
}

/// <summary>A namespace that goes with the test.</summary>
public sealed class TestNamespace : IAsyncDisposable
{
    private readonly IKubernetes _admin;

    internal TestNamespace(string name, IKubernetes admin)
    {
        Name = name;
        _admin = admin;
    }

    public string Name { get; }

    public async ValueTask DisposeAsync()
    {
        try
        {
            await _admin.CoreV1.DeleteNamespaceAsync(Name).ConfigureAwait(false);
        }
        catch (Exception e) when (e is HttpOperationException or HttpRequestException or ObjectDisposedException)
        {
            // The test removed it, or stopped its API server for good. A failure here would hide the test's own.
        }
    }

    public override string ToString() => Name;
}
