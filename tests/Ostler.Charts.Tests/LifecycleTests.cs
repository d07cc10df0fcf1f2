using System.Text.Json.Nodes;
using Ostler.Charts.Tests.Support;
using Ostler.Testing;
using Ostler.Testing.ControlPlane;
using Ostler.Testing.Hosts;
using Ostler.Testing.Registries;

namespace Ostler.Charts.Tests;

/// <summary>The real helm against a real API server: what people do with the chart.</summary>
[Collection(nameof(ClusterGroup))]
public sealed class LifecycleTests(ClusterFixture fixture)
{
    private const string Deployment = "apis/apps/v1/namespaces/ostler-system/deployments/ostler-controller";
    private const string Policies = "apis/ostler.dev/v1alpha1/upgradepolicies";

    private static readonly string[] Crds =
        ["customresourcedefinitions nodeoses.ostler.dev", "customresourcedefinitions osimages.ostler.dev", "customresourcedefinitions upgradepolicies.ostler.dev"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task It_is_installed_upgraded_with_its_CRDs_rolled_back_and_uninstalled_without_what_people_made()
    {
        await using var cluster = await Installed.StartAsync(fixture.Cluster);
        using var next = new NextChart();

        var notes = await cluster.InstallAsync(Repository.Chart);
        Assert.Contains("pod-security.kubernetes.io/enforce=privileged", notes, StringComparison.Ordinal);
        Assert.Equal(2, await ReplicasAsync(cluster));
        await cluster.UntilAsync(Policies, list => list is not null);
        await cluster.CreateAsync(Policies, Policy("edge"));

        await cluster.RunAsync("upgrade", next.Path, "--set", "controller.replicas=3");
        Assert.Equal((3, true), (await ReplicasAsync(cluster), await HasNewFieldAsync(cluster)));

        await cluster.RunAsync("rollback", "1");
        Assert.Equal((2, false), (await ReplicasAsync(cluster), await HasNewFieldAsync(cluster)));

        await cluster.RunAsync("uninstall", "--wait");
        Assert.Equal(Crds, await cluster.LeftAsync());
        Assert.NotNull(await cluster.GetAsync($"{Policies}/edge"));

        // And it comes back to them.
        await cluster.InstallAsync(Repository.Chart);
        Assert.Equal(2, await ReplicasAsync(cluster));
        Assert.NotNull(await cluster.GetAsync($"{Policies}/edge"));
    }

    /// <summary>
    /// The cluster writes the rules of an aggregated role. A chart that had any of its own, be it an empty list, could be upgraded no more.
    /// </summary>
    [Fact]
    public async Task What_an_admin_lets_health_checks_read_survives_an_upgrade_and_stands_in_no_ones_way()
    {
        const string Aggregated = "apis/rbac.authorization.k8s.io/v1/clusterroles/ostler-health-checks";
        await using var cluster = await Installed.StartAsync(fixture.Cluster);
        await cluster.InstallAsync(Repository.Chart);
        await cluster.CreateAsync("apis/rbac.authorization.k8s.io/v1/clusterroles", YamlDocuments.Read("""
            metadata: {name: reads-cilium, labels: {ostler.dev/aggregate-to-health-checks: "true"}}
            rules: [{apiGroups: [cilium.io], resources: [ciliumnodes], verbs: [get]}]
            """)[0]);
        try
        {
            await cluster.UntilAsync(Aggregated, role => Rules(role).Contains("ciliumnodes", StringComparison.Ordinal));

            await cluster.RunAsync("upgrade", Repository.Chart, "--set", "controller.replicas=3");
            await cluster.RunAsync("rollback", "1");

            Assert.Contains("ciliumnodes", Rules(await cluster.GetAsync(Aggregated)), StringComparison.Ordinal);
        }
        finally
        {
            await cluster.DeleteAsync("apis/rbac.authorization.k8s.io/v1/clusterroles/reads-cilium");
        }

        static string Rules(JsonObject? role) => role?["rules"]?.ToJsonString() ?? "";
    }

    [Fact]
    public async Task Without_keep_everything_goes()
    {
        await using var cluster = await Installed.StartAsync(fixture.Cluster);
        await cluster.InstallAsync(Repository.Chart, "--set", "crds.keep=false,networkPolicy.enabled=true,monitoring.service.enabled=true,monitoring.dashboards.enabled=true");
        Assert.Subset((await cluster.LeftAsync()).ToHashSet(), new HashSet<string>(["services ostler-controller-metrics", "networkpolicies ostler-controller", "configmaps ostler-dashboard-fleet", .. Crds]));

        await cluster.RunAsync("uninstall", "--wait");

        Assert.Empty(await cluster.LeftAsync());
    }

    [Fact]
    public async Task A_second_installation_in_the_same_cluster_is_refused_and_changes_nothing()
    {
        await using var cluster = await Installed.StartAsync(fixture.Cluster);
        await cluster.InstallAsync(Repository.Chart);
        var before = await cluster.LeftAsync();

        var second = await cluster.Helm.TryAsync(Cancel, ["install", "second", Repository.Chart, "--namespace", "elsewhere", "--create-namespace", .. Rendered.Images]);

        Assert.NotEqual(0, second.ExitCode);
        Assert.Contains("cannot be imported into the current release", second.Stderr, StringComparison.Ordinal);
        Assert.Equal(before, await cluster.LeftAsync());
    }

    [Fact]
    public async Task It_is_pushed_to_an_OCI_registry_and_installed_from_there()
    {
        var (registry, whyNot) = await RegistryServer.StartAsync(password: false, Cancel);
        Assert.SkipWhen(registry is null, whyNot);
        await using var _ = registry!;
        await using var cluster = await Installed.StartAsync(fixture.Cluster);
        using var next = new NextChart();
        var folder = Directory.CreateTempSubdirectory("ostler-chart-");
        try
        {
            foreach (var chart in (string[])[Repository.Chart, next.Path])
            {
                await cluster.Helm.RunAsync(Cancel, "package", chart, "--destination", folder.FullName);
            }

            foreach (var package in folder.EnumerateFiles("*.tgz"))
            {
                await cluster.Helm.RunAsync(Cancel, "push", package.FullName, $"oci://{registry!.Host}/charts", "--plain-http");
            }
        }
        finally
        {
            folder.Delete(recursive: true);
        }

        var reference = $"oci://{registry!.Host}/charts/ostler";
        await cluster.InstallAsync(reference, "--version", "0.1.0", "--plain-http");
        Assert.Equal((2, false), (await ReplicasAsync(cluster), await HasNewFieldAsync(cluster)));

        await cluster.RunAsync("upgrade", reference, "--version", NextChart.Version, "--plain-http");
        Assert.True(await HasNewFieldAsync(cluster));
    }

    private static async Task<int> ReplicasAsync(Installed cluster) => (int)(await cluster.GetAsync(Deployment))!["spec"]!["replicas"]!;

    private static async Task<bool> HasNewFieldAsync(Installed cluster) =>
        (await cluster.GetAsync(Installed.Crd("upgradepolicies")))!.ToJsonString().Contains(NextChart.Field, StringComparison.Ordinal);

    private static JsonObject Policy(string name) => new()
    {
        ["apiVersion"] = "ostler.dev/v1alpha1",
        ["kind"] = "UpgradePolicy",
        ["metadata"] = new JsonObject { ["name"] = name },
        ["spec"] = new JsonObject
        {
            ["imageRef"] = new JsonObject { ["name"] = "edge-os" },
            ["nodeSelector"] = new JsonObject { ["matchLabels"] = new JsonObject { ["kubernetes.io/os"] = "linux" } }
        },
    };
}
