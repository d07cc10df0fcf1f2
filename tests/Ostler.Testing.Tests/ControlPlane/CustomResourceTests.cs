using System.Text.Json.Serialization;
using Ostler.Kubernetes.Client;
using Ostler.Testing.ControlPlane;
using k8s;

namespace Ostler.Testing.Tests.ControlPlane;

public sealed class CustomResourceTests(ControlPlaneFixture fixture) : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("ostler-crds-");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    private TestCluster Cluster => fixture.Cluster;

    [Fact]
    public async Task Definitions_are_served_when_the_installation_returns_and_can_be_installed_again()
    {
        var group = Cluster.UniqueName("widgets") + ".ostler.test";
        Write("widgets.yaml", Definition(group, maximum: 3));
        Write("kustomization.yaml", "kind: Kustomization\nresources: [widgets.yaml]\n");

        var installed = await Cluster.InstallCustomResourcesAsync(_folder.FullName, Token);
        Write("widgets.yaml", Definition(group, maximum: 5));
        await Cluster.InstallCustomResourcesAsync(_folder.FullName, Token);

        Assert.Equal(["widgets." + group], installed);
        await Eventually.GetAsync(
            "the second schema is in force",
            async token => await TryCreateAsync(group, "five", 5, token) ? "yes" : null,
            TimeSpan.FromSeconds(20),
            Token);
        Assert.False(await TryCreateAsync(group, "six", 6, Token));
        await Cluster.Admin.ApiextensionsV1.DeleteCustomResourceDefinitionAsync("widgets." + group, cancellationToken: Token);
    }

    [Fact]
    public async Task A_folder_without_definitions_is_an_error()
    {
        Write("kustomization.yaml", "kind: Kustomization\n");

        await Assert.ThrowsAsync<InvalidDataException>(() => Cluster.InstallCustomResourcesAsync(_folder.FullName, Token));
    }

    public void Dispose() => _folder.Delete(recursive: true);

    private async Task<bool> TryCreateAsync(string group, string name, int size, CancellationToken cancellationToken)
    {
        using var client = Cluster.CreateApiClient();
        try
        {
            await client.CreateAsync(WidgetType(group), new() { ApiVersion = group + "/v1", Metadata = new() { Name = name }, Spec = new(size) }, cancellationToken);
            return true;
        }
        catch (ApiException e) when (e.IsInvalid)
        {
            return false;
        }
    }

    private static ResourceType<Widget> WidgetType(string group) => new(
        group, "v1", "widgets", "Widget", namespaced: false, WidgetJson.Default.Widget,
        widget => new("", widget.Metadata.Name, "", "", 0, null, null, null));

    private void Write(string name, string content) => File.WriteAllText(Path.Combine(_folder.FullName, name), content);

    private static string Definition(string group, int maximum) => $$"""
        # x-kubernetes-validations is unknown to servers before 1.23, which must not mind.
        apiVersion: apiextensions.k8s.io/v1
        kind: CustomResourceDefinition
        metadata:
          name: widgets.{{group}}
        spec:
          group: {{group}}
          scope: Cluster
          names: {kind: Widget, plural: widgets, singular: widget}
          versions:
          - name: v1
            served: true
            storage: true
            schema:
              openAPIV3Schema:
                type: object
                properties:
                  spec:
                    type: object
                    properties:
                      size: {type: integer, maximum: {{maximum}}}
                    x-kubernetes-validations:
                    - rule: "self.size > 0"
        """;
}

internal sealed record Widget
{
    public string ApiVersion { get; init; } = "";

    public string Kind { get; init; } = "Widget";

    public WidgetMetadata Metadata { get; init; } = new();

    public WidgetSpec Spec { get; init; } = new(0);
}

internal sealed record WidgetMetadata
{
    public string Name { get; init; } = "";
}

internal sealed record WidgetSpec(int Size);

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.CamelCase)]
[JsonSerializable(typeof(Widget))]
internal sealed partial class WidgetJson : JsonSerializerContext;
