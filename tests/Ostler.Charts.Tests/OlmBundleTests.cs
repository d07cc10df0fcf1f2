using System.Text.Json.Nodes;
using Ostler.Charts.Tests.Support;
using Ostler.Testing;
using Ostler.Testing.ControlPlane;
using Ostler.Testing.Hosts;
using Ostler.Testing.Olm;
using Ostler.Testing.Tools;

namespace Ostler.Charts.Tests;

/// <summary>The bundle for the Operator Lifecycle Manager installs what the chart installs, and OLM can read it.</summary>
public sealed class OlmBundleTests
{
    private const string ServiceVersion = "manifests/ostler.clusterserviceversion.yaml";

    // What OLM takes as an object of a bundle.
    private static readonly string[] Supported =
        ["ClusterServiceVersion", "CustomResourceDefinition", "ClusterRole", "ClusterRoleBinding", "ServiceAccount", "ConfigMap", "Service", "PodDisruptionBudget", "PrometheusRule", "ServiceMonitor"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>helm validates values by a schema; here the values are the ClusterServiceVersion.</summary>
    [Fact]
    public async Task The_ClusterServiceVersion_is_valid_by_its_schema()
    {
        var (files, _) = await BundleAsync();

        Assert.Equal("", await ProblemsAsync(files[ServiceVersion]));
    }

    [Theory]
    [InlineData("\"strategy\": \"deployment\"", "\"strategy\": \"daemonset\"", "/spec/install/strategy")]
    [InlineData("\"displayName\": \"Ostler\",", "", "missing property 'displayName'")]
    [InlineData("\"mediatype\": \"image/svg+xml\"", "\"mediatype\": \"svg\"", "/spec/icon/0/mediatype")]
    public async Task The_schema_refuses_what_OLM_refuses(string from, string to, string problem)
    {
        var (files, _) = await BundleAsync();
        Assert.Contains(from, files[ServiceVersion], StringComparison.Ordinal);

        Assert.Contains(problem, await ProblemsAsync(files[ServiceVersion].Replace(from, to, StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_bundle_has_only_kinds_that_OLM_installs_and_the_agent_is_beside_it()
    {
        var (files, _) = await BundleAsync();

        Assert.All(files.Where(f => f.Key.StartsWith("manifests/", StringComparison.Ordinal)), file => Assert.Contains((string?)JsonNode.Parse(file.Value)!["kind"], Supported));
        Assert.Equal(["DaemonSet", "SecurityContextConstraints"], YamlDocuments.Read(files[OlmBundle.AgentFile]).Select(o => (string)o["kind"]!).Order(StringComparer.Ordinal));
        Assert.Equal("registry+v1", (string?)JsonNode.Parse(files["metadata/annotations.yaml"])!["annotations"]!["operators.operatorframework.io.bundle.mediatype.v1"]);
    }

    /// <summary>Nothing of the chart is lost, and the controller has the rights that the chart gives it.</summary>
    [Fact]
    public async Task Chart_and_bundle_install_the_same()
    {
        var (files, rendered) = await BundleAsync();
        var install = JsonNode.Parse(files[ServiceVersion])!["spec"]!["install"]!["spec"]!;
        var bound = rendered.Objects.Where(o => (string?)o["kind"] is "RoleBinding" or "ClusterRoleBinding" && o["subjects"]!.AsArray().Any(s => (string?)s!["name"] == "ostler-controller"))
            .Select(b => rendered.Single((string)b["roleRef"]!["kind"]!, (string)b["roleRef"]!["name"]!));
        var granted = bound.Where(role => role["aggregationRule"] is null).SelectMany(role => role["rules"]!.AsArray()).Select(Json.Sorted);

        Assert.Equal(Json.Sorted(rendered.Single("Deployment", "ostler-controller")["spec"]), Json.Sorted(install["deployments"]![0]!["spec"]));
        Assert.Equal(
            granted.Order(StringComparer.Ordinal),
            ((string[])["clusterPermissions", "permissions"]).SelectMany(p => install[p]![0]!["rules"]!.AsArray()).Select(Json.Sorted).Order(StringComparer.Ordinal));
        Assert.Equal(
            rendered.OfKind("CustomResourceDefinition").Select(Rendered.NameOf).Order(StringComparer.Ordinal),
            JsonNode.Parse(files[ServiceVersion])!["spec"]!["customresourcedefinitions"]!["owned"]!.AsArray().Select(c => (string)c!["name"]!).Order(StringComparer.Ordinal));
        Assert.All(rendered.OfKind("CustomResourceDefinition"), crd => Assert.True(files.ContainsKey($"manifests/customresourcedefinition-{Rendered.NameOf(crd)}.yaml")));
        Assert.True(files.ContainsKey("manifests/clusterrolebinding-ostler-agent.yaml"));
    }

    private static async Task<(IReadOnlyDictionary<string, string> Files, Rendered Rendered)> BundleAsync()
    {
        var rendered = await Rendered.OfAsync(Rendered.WithoutAdmissionPolicy, "--set", "openshift.enabled=true");
        var samples = new List<JsonObject>();
        foreach (var sample in (string[])["osimage.yaml", "upgradepolicy.yaml"])
        {
            samples.Add(YamlDocuments.Read(await File.ReadAllTextAsync(Path.Combine(Repository.Config, "samples", sample), Cancel))[0]);
        }

        var chart = YamlDocuments.Read(await File.ReadAllTextAsync(Path.Combine(Repository.Chart, "Chart.yaml"), Cancel))[0];
        var icon = await File.ReadAllBytesAsync(Path.Combine(Repository.Root, "src", "Ostler.Controller", "Console", "Web", "icon.svg"), Cancel);
        return (OlmBundle.From(rendered.Objects, chart, samples, icon), rendered);
    }

    private static async Task<string> ProblemsAsync(string serviceVersion)
    {
        using var helm = await Rendered.HelmAsync();
        var chart = Directory.CreateTempSubdirectory("ostler-csv-");
        try
        {
            await File.WriteAllTextAsync(Path.Combine(chart.FullName, "Chart.yaml"), "apiVersion: v2\nname: csv\nversion: 0.0.0\n", Cancel);
            File.Copy(Path.Combine(Repository.Root, "tests", "Ostler.Charts.Tests", "Testdata", "olm", "clusterserviceversion.schema.json"), Path.Combine(chart.FullName, "values.schema.json"));
            var values = Path.Combine(chart.FullName, "csv.json");
            await File.WriteAllTextAsync(values, serviceVersion, Cancel);
            var result = await helm.TryAsync(Cancel, "template", "csv", chart.FullName, "--values", values);
            return result.ExitCode == 0 ? "" : result.Stderr;
        }
        finally
        {
            chart.Delete(recursive: true);
        }
    }
}
