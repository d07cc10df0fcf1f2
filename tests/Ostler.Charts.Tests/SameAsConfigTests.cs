using System.Text.Json.Nodes;
using Ostler.Charts.Tests.Support;
using Ostler.Testing;
using Ostler.Testing.ControlPlane;
using Ostler.Testing.Tools;

namespace Ostler.Charts.Tests;

/// <summary>The chart and the kustomizations of config are two ways to the same installation.</summary>
public sealed class SameAsConfigTests
{
    private static readonly string[] Rights = ["ServiceAccount", "Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string, string[]> Variants => new()
    {
        { Rendered.Oldest, ["kubernetes-1.20"] },
        { Rendered.WithoutAdmissionPolicy, ["."] },
        { Rendered.Newest, [".", "admission"] },
    };

    [Theory]
    [MemberData(nameof(Variants))]
    public async Task Both_grant_the_same_rights(string kubernetes, string[] folders)
    {
        var (chart, config) = (RightsOf((await Rendered.OfAsync(kubernetes)).Objects), RightsOf(await KustomizedAsync(folders)));

        Assert.NotEmpty(config);
        Assert.Equal(config, chart);

        static string[] RightsOf(IEnumerable<JsonObject> objects) => Described(objects.Where(o => Rights.Contains((string?)o["kind"])));
    }

    /// <summary>All of it: pods, budgets and CRDs, too. The namespace itself is not Helm's to make.</summary>
    [Theory]
    [MemberData(nameof(Variants))]
    public async Task Both_install_the_same_objects(string kubernetes, string[] folders)
    {
        var chart = Described((await Rendered.OfAsync(kubernetes)).Objects);
        var config = Described((await KustomizedAsync(folders)).Where(o => (string?)o["kind"] != "Namespace"));

        Assert.Equal(config, chart);
    }

    /// <summary>install.yaml and install-1.20.yaml of `make dist`, but for the names of the images, which are said there.</summary>
    [Theory]
    [InlineData("config", ".")]
    [InlineData("config/kubernetes-1.20", "kubernetes-1.20")]
    public async Task The_manifests_of_a_release_are_the_same_in_one_file(string variant, string folder)
    {
        var script = Path.Combine(Repository.Root, ".ci", "install-manifests");
        var packed = (await ToolCommand.RunAsync(["env", "REGISTRY=registry.example/os/", script, "9.8.7", variant], Cancel)).EnsureSuccess().Stdout;

        var expected = Described(await KustomizedAsync([folder])).Select(o => o
            .Replace("ostler-controller:0.1.0", "registry.example/os/ostler-controller:9.8.7", StringComparison.Ordinal)
            .Replace("ostler-agent:0.1.0", "registry.example/os/ostler-agent:9.8.7", StringComparison.Ordinal));
        Assert.Equal(expected, Described(YamlDocuments.Read(packed)));
        Assert.Contains("registry.example/os/ostler-agent:9.8.7", packed, StringComparison.Ordinal);
    }

    [Fact]
    public async Task With_the_console_on_the_network_both_are_the_same_too()
    {
        var chart = Described((await Rendered.OfAsync(Rendered.WithoutAdmissionPolicy, "--set", "console.service.enabled=true")).Objects);
        var config = Described((await KustomizedAsync(["console"])).Where(o => (string?)o["kind"] != "Namespace"));

        Assert.Contains(config, o => o.StartsWith("ClusterRole ostler-console:", StringComparison.Ordinal));
        Assert.Equal(config, chart);
    }

    [Theory]
    [InlineData(Rendered.Oldest, false)]
    [InlineData("1.22.17", false)]
    [InlineData("1.23.0", true)]
    [InlineData("v1.34.1+k3s1", true)]
    [InlineData("v1.30.0-eks-1552ad0", true)]
    public async Task Rules_are_in_the_CRDs_where_the_server_knows_them(string kubernetes, bool rules)
    {
        var rendered = await Rendered.OfAsync(kubernetes);

        Assert.Equal(3, rendered.OfKind("CustomResourceDefinition").Count());
        Assert.Equal(rules, rendered.Text.Contains("x-kubernetes-validations", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("Auto", Rendered.WithoutAdmissionPolicy, 0)]
    [InlineData("Auto", "1.30.0", 1)]
    [InlineData("Auto", "v1.30.0-eks-1552ad0", 1)]
    [InlineData("Always", Rendered.WithoutAdmissionPolicy, 1)]
    [InlineData("Never", Rendered.Newest, 0)]
    public async Task The_admission_policy_is_installed_where_the_server_has_it(string value, string kubernetes, int count)
    {
        var rendered = await Rendered.OfAsync(kubernetes, "--set", $"agent.admissionPolicy={value}");

        Assert.Equal((count, count), (rendered.OfKind("ValidatingAdmissionPolicy").Count(), rendered.OfKind("ValidatingAdmissionPolicyBinding").Count()));
    }

    [Fact]
    public async Task Everything_that_has_a_namespace_is_in_that_of_the_release_but_for_events()
    {
        using var helm = await Rendered.HelmAsync();
        var objects = YamlDocuments.Read(await helm.RunAsync(Cancel, ["template", "x", Repository.Chart, "--namespace", "elsewhere", "--kube-version", Rendered.Newest, .. Rendered.Images]));

        Assert.Equal(["Role ostler-events", "RoleBinding ostler-events"], objects.Where(o => (string?)o["metadata"]!["namespace"] == "default").Select(Name).Order(StringComparer.Ordinal));
        Assert.DoesNotContain(objects, o => (string?)o["metadata"]!["namespace"] == "ostler-system");
        Assert.All(objects.SelectMany(o => o["subjects"]?.AsArray() ?? []), subject => Assert.Equal("elsewhere", (string?)subject!["namespace"]));
    }

    /// <summary>What the real kubectl makes of config.</summary>
    private static async Task<IReadOnlyList<JsonObject>> KustomizedAsync(string[] folders)
    {
        var objects = new List<JsonObject>();
        foreach (var folder in folders)
        {
            objects.AddRange(YamlDocuments.Read(await Kubectl.KustomizeAsync(Path.Combine(Repository.Config, folder), Cancel)));
        }

        return objects;
    }

    /// <summary>Objects as texts in one order, without labels and annotations: those are each installer's own.</summary>
    private static string[] Described(IEnumerable<JsonObject> objects) =>
    [
        // A pod of `helm test` is made by that command, not by the installation.
        .. objects.Where(o => o["metadata"]!["annotations"]?["helm.sh/hook"] is null).Select(o =>
        {
            var copy = o.DeepClone().AsObject();
            copy["metadata"]!.AsObject().Remove("labels");
            copy["metadata"]!.AsObject().Remove("annotations");
            return $"{Name(o)}: {Json.Sorted(copy)}";
        }).Order(StringComparer.Ordinal),
    ];

    private static string Name(JsonObject document) => $"{document["kind"]} {Rendered.NameOf(document)}";
}
