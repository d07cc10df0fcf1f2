using System.Net.Http.Headers;
using System.Text.Json.Nodes;
using Ostler.Kubernetes.Core;

namespace Ostler.Cli.Tests.Cluster;

/// <summary>What kubectl get prints, asked for as kubectl asks.</summary>
public sealed class PrintColumnTests(CliCluster fixture)
{
    [Fact]
    public async Task An_image_that_does_not_resolve_shows_its_source_all_the_same()
    {
        var cancellationToken = TestContext.Current.CancellationToken;
        var (tree, container) = (fixture.Cluster.UniqueName("tree"), fixture.Cluster.UniqueName("container"));
        using var api = fixture.Cluster.CreateApiClient();
        await api.CreateAsync(OstlerResources.OSImages, Given.Image() with { Metadata = new() { Name = tree } }, cancellationToken);
        await api.CreateAsync(
            OstlerResources.OSImages,
            new() { Metadata = new() { Name = container }, Spec = new() { Container = new() { Image = "quay.io/acme/edge-os:stable" } } },
                cancellationToken);

        Assert.Equal("acme/edge", (await ColumnsAsync(tree, cancellationToken))["Source"]);
        Assert.Equal("quay.io/acme/edge-os:stable", (await ColumnsAsync(container, cancellationToken))["Source"]);
    }

    private async Task<Dictionary<string, string?>> ColumnsAsync(string image, CancellationToken cancellationToken)
    {
        var server = (k8s.Kubernetes)fixture.Cluster.Admin;
        using var request = new HttpRequestMessage(HttpMethod.Get, new Uri(server.BaseUri, $"apis/ostler.dev/v1alpha1/osimages/{image}"));
        request.Headers.Accept.Add(MediaTypeWithQualityHeaderValue.Parse("application/json;as=Table;v=v1;g=meta.k8s.io"));
        using var response = await server.HttpClient.SendAsync(request, cancellationToken);
        var table = JsonNode.Parse(await response.Content.ReadAsStringAsync(cancellationToken))!;
        var names = table["columnDefinitions"]!.AsArray().Select(c => (string)c!["name"]!);
        return names.Zip(table["rows"]![0]!["cells"]!.AsArray().Select(c => c?.ToString())).ToDictionary(c => c.First, c => c.Second);
    }
}
