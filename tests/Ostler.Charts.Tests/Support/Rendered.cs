using System.Text.Json.Nodes;
using Ostler.Testing;
using Ostler.Testing.ControlPlane;
using Ostler.Testing.Tools;

namespace Ostler.Charts.Tests.Support;

/// <summary>What <c>helm template</c> made of the chart: the text, and the objects in it.</summary>
internal sealed record Rendered(string Text, IReadOnlyList<JsonObject> Objects)
{
    public const string Namespace = "ostler-system";

    /// <summary>The oldest supported Kubernetes, the last one without the admission policy, and the newest.</summary>
    public const string Oldest = "1.20.2";
    public const string WithoutAdmissionPolicy = "1.29.9";
    public const string Newest = "1.36.0";

    /// <summary>The chart has no default registry: every rendering names its images.</summary>
    public static IReadOnlyList<string> Images { get; } = ["--values", Path.Combine(Repository.Root, "tests", "Ostler.Charts.Tests", "Testdata", "images.values.yaml")];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Renders the chart for a Kubernetes version; skips the test where there is no helm.</summary>
    public static async Task<Rendered> OfAsync(string kubernetes, params string[] values)
    {
        using var helm = await HelmAsync();
        var text = await helm.RunAsync(Cancel, ["template", "ostler", Repository.Chart, "--namespace", Namespace, "--kube-version", kubernetes, .. Images, .. values]);
        return new(text, YamlDocuments.Read(text));
    }

    /// <summary>helm without a cluster; skips the test where there is none.</summary>
    public static async Task<Helm> HelmAsync(string? kubeconfig = null)
    {
        var (helm, whyNot) = await Helm.FindAsync(kubeconfig, Cancel);
        Assert.SkipWhen(helm is null, whyNot);
        return helm!;
    }

    public JsonObject Single(string kind, string name) => Objects.Single(o => (string?)o["kind"] == kind && NameOf(o) == name);

    public IEnumerable<JsonObject> OfKind(string kind) => Objects.Where(o => (string?)o["kind"] == kind);

    /// <summary>The pod that a workload makes.</summary>
    public JsonObject Pod(string kind, string name) => Single(kind, name)["spec"]!["template"]!["spec"]!.AsObject();

    public static string NameOf(JsonObject document) => (string)document["metadata"]!["name"]!;
}
