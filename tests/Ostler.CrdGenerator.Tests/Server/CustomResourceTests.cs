using System.Text.Json;
using System.Text.Json.Nodes;
using Ostler.Api.Json;
using Ostler.Rollout.Validation;
using Ostler.Testing;
using Ostler.Testing.ControlPlane;
using k8s;

namespace Ostler.CrdGenerator.Tests.Server;

[Collection<ApiServerTests>]
public sealed class CustomResourceTests(ApiServerFixture server)
{
    [Theory]
    [InlineData("nodeoses")]
    [InlineData("osimages")]
    [InlineData("upgradepolicies")]
    public async Task The_API_server_serves_the_resource_and_finds_nothing_wrong_with_its_schema(string plural)
    {
        var definition = await server.Cluster.Admin.ApiextensionsV1.ReadCustomResourceDefinitionAsync(
            $"{plural}.ostler.dev", cancellationToken: TestContext.Current.CancellationToken);

        var conditions = definition.Status.Conditions.ToDictionary(condition => condition.Type, condition => condition.Status);
        Assert.Equal("True", conditions["Established"]);
        Assert.Equal("True", conditions["NamesAccepted"]);

        // Set when the schema is not structural; pruning and defaults would be off.
        Assert.False(conditions.ContainsKey("NonStructuralSchema"));
    }

    /// <summary>GitOps tools apply on the server's side, where 1.20 to 1.22 refuse a field of the schema that they do not know.</summary>
    [Theory]
    [InlineData("nodeoses")]
    [InlineData("osimages")]
    [InlineData("upgradepolicies")]
    public async Task The_variant_for_old_servers_can_be_applied_on_the_server_side(string plural)
    {
        var manifest = YamlDocuments.Read(await File.ReadAllTextAsync(
            Path.Combine(Repository.Config, "kubernetes-1.20", $"{plural}.yaml"), TestContext.Current.CancellationToken))[0];

        var answer = await server.ApplyAsync("apis/apiextensions.k8s.io/v1/customresourcedefinitions", manifest, TestContext.Current.CancellationToken);

        Assert.True(answer.Accepted, answer.Message);
    }

    [Fact]
    public async Task Kubectl_get_shows_the_columns_of_a_policy()
    {
        var name = server.Cluster.UniqueName("columns");
        var policy = Manifests.Minimal("UpgradePolicy", name);
        await server.CreateAsync(policy, TestContext.Current.CancellationToken);
        var status = """
            {"status": {"observedGeneration": 1, "target": {"digest": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                "version": "42.1"}, "nodes": {"total": 7, "updated": 3, "updating": 1, "failed": 2, "rolledBack": 4, "unavailable": 1},
             "estimatedCompletion": "2026-01-01T01:00:00Z",
             "conditions": [{"type": "Ready", "status": "False", "reason": "RollingOut", "message": "3 of 7", "lastTransitionTime": "2026-01-01T00:00:00Z"}]}}
            """;

        var answer = await server.MergeAsync(policy, (JsonObject)JsonNode.Parse(status)!, "/status", TestContext.Current.CancellationToken);

        Assert.True(answer.Accepted, answer.Message);
        var table = await server.TableAsync("upgradepolicies", TestContext.Current.CancellationToken);
        Assert.Equal(
            ["Name", "Image", "Target", "Ready", "Reason", "Updated", "Updating", "Failed", "RolledBack", "Total", "Unavailable", "ETA", "Message",
                "Age"],
            table["columnDefinitions"]!.AsArray().Select(column => (string?)column!["name"]));
        var cells = table["rows"]!.AsArray().Select(row => row!["cells"]!.AsArray()).Single(row => (string?)row[0] == name);
        Assert.Equal(
            [name, "edge-os", "42.1", "False", "RollingOut", "3", "1", "2", "4", "7", "1", "2026-01-01T01:00:00Z", "3 of 7"],
            cells.Take(13).Select(cell => cell!.ToString()));
    }

    [Fact]
    public async Task A_status_written_with_the_object_is_dropped()
    {
        var image = Manifests.Minimal("OSImage", server.Cluster.UniqueName("status")).With("status.observedGeneration", 5);

        var answer = await server.DryRunAsync(image, TestContext.Current.CancellationToken);

        Assert.True(answer.Accepted, answer.Message);
        Assert.Null(answer.Body["status"]);
    }

    [Fact]
    public async Task A_misspelt_field_is_dropped_and_not_stored()
    {
        var policy = Manifests.Minimal("UpgradePolicy", "misspelt").With("spec.rollout.maxUnavailabel", 3);

        var answer = await server.DryRunAsync(policy, TestContext.Current.CancellationToken);

        Assert.True(answer.Accepted, answer.Message);
        Assert.Null(answer.Body["spec"]!["rollout"]!["maxUnavailabel"]);
        Assert.Equal(1, (int)answer.Body["spec"]!["rollout"]!["maxUnavailable"]!);
    }

    [Fact]
    public async Task An_image_cannot_turn_from_an_ostree_branch_into_a_container()
    {
        Assert.SkipUnless(server.Cluster.Capabilities.HasCel, $"The API server {server.Cluster.Capabilities.Version} knows no CEL rules.");
        var image = Manifests.Minimal("OSImage", server.Cluster.UniqueName("flip"));
        await server.CreateAsync(image, TestContext.Current.CancellationToken);

        var answer = await server.MergeAsync(
            image, (JsonObject)JsonNode.Parse("""{"spec":{"ostree":null,"container":{"image":"quay.io/acme/edge-os:stable"}}}""")!, "", TestContext.Current.CancellationToken);

        Assert.False(answer.Accepted);
        Assert.Contains("create another OSImage", answer.Message, StringComparison.Ordinal);
    }

    public static IEnumerable<TheoryDataRow<string>> Samples =>
        Directory.EnumerateFiles(Path.Combine(Repository.Config, "samples"), "*.yaml", SearchOption.AllDirectories)
            .Where(file => Path.GetFileName(file) != "kustomization.yaml")
            .Select(file => Path.GetRelativePath(Path.Combine(Repository.Config, "samples"), file))
            .Order(StringComparer.Ordinal)
            .Select(file => new TheoryDataRow<string>(file));

    [Theory]
    [MemberData(nameof(Samples))]
    public async Task A_sample_is_accepted_keeps_every_field_and_can_be_carried_out(string file)
    {
        var text = await File.ReadAllTextAsync(Path.Combine(Repository.Config, "samples", file), TestContext.Current.CancellationToken);
        foreach (var sample in YamlDocuments.Read(text))
        {
            var answer = await server.DryRunAsync(sample, TestContext.Current.CancellationToken);

            Assert.True(answer.Accepted, answer.Message);
            AssertContains(sample["spec"], answer.Body["spec"], "spec");
            Assert.Empty((string?)sample["kind"] == "OSImage"
                ? SpecValidation.Validate(answer.Body.Deserialize(OstlerJson.Default.OSImage)!.Spec)
                : SpecValidation.Validate(answer.Body.Deserialize(OstlerJson.Default.UpgradePolicy)!.Spec, Written));
        }
    }

    /// <summary>When the samples were written: their freezes lie in the future of it.</summary>
    private static readonly DateTimeOffset Written = new(2026, 11, 24, 0, 0, 0, TimeSpan.Zero);

    /// <summary>A field that the schema does not know would be dropped in silence.</summary>
    private static void AssertContains(JsonNode? written, JsonNode? stored, string path)
    {
        switch (written)
        {
            case JsonObject fields:
                foreach (var (name, value) in fields)
                {
                    AssertContains(value, stored?[name], $"{path}.{name}");
                }

                break;
            case JsonArray items:
                for (var i = 0; i < items.Count; i++)
                {
                    AssertContains(items[i], stored?[i], $"{path}[{i}]");
                }

                break;
            default:
                Assert.True(JsonNode.DeepEquals(written, stored), $"{path}: {written} was stored as {stored?.ToJsonString() ?? "nothing"}");
                break;
        }
    }
}
