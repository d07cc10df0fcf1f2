using System.Text.Json.Nodes;
using Ostler.Testing;
using Ostler.Testing.ControlPlane;

namespace Ostler.CrdGenerator.Tests;

public sealed class KustomizationTests
{
    public static IEnumerable<TheoryDataRow<string>> Folders =>
        Directory.EnumerateFiles(Repository.Config, "kustomization.yaml", SearchOption.AllDirectories)
            .Select(path => Path.GetRelativePath(Repository.Root, Path.GetDirectoryName(path)!))
            .Order(StringComparer.Ordinal)
            .Select(folder => new TheoryDataRow<string>(folder));

    [Theory]
    [MemberData(nameof(Folders))]
    public void A_kustomization_names_what_is_there_and_all_of_it(string folder)
    {
        var path = Path.Combine(Repository.Root, folder);
        var resources = ResourcesOf(path);

        Assert.All(resources, resource => Assert.True(Path.Exists(Path.Combine(path, resource)), $"{folder} names {resource}, which is not there"));
        Assert.Equal(
            Directory.EnumerateFiles(path, "*.yaml").Select(file => Path.GetFileName(file)!).Where(file => file != "kustomization.yaml").Order(StringComparer.Ordinal),
            resources.Where(resource => resource.EndsWith(".yaml", StringComparison.Ordinal)).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Both_variants_install_the_same_things() => Assert.Equal(Installed("config"), Installed("config/kubernetes-1.20"));

    /// <summary>
    /// A ServiceAccount that a workload names and nobody makes leaves its pods uncreated, with the reason in an Event only.
    /// </summary>
    [Fact]
    public void Every_service_account_that_is_named_is_made()
    {
        var documents = Documents("config").ToList();
        var made = documents.Where(document => (string?)document["kind"] == "ServiceAccount").Select(Name).ToHashSet(StringComparer.Ordinal);
        var used = documents.Select(document => (string?)document["spec"]?["template"]?["spec"]?["serviceAccountName"]).OfType<string>()
            .Concat(documents.SelectMany(document => document["subjects"]?.AsArray() ?? []).Select(subject => (string)subject!["name"]!));

        Assert.Equal(["ostler-agent", "ostler-controller"], made.Order(StringComparer.Ordinal));
        Assert.Subset(made, used.ToHashSet(StringComparer.Ordinal));
    }

    /// <summary>The safety of a stolen agent token rests on these few words.</summary>
    [Fact]
    public void The_agent_may_read_NodeOS_and_patch_their_status_and_nothing_else()
    {
        var roles = Documents("config").Where(document => (string?)document["kind"] is "ClusterRole" or "Role" && Name(document).Contains("agent", StringComparison.Ordinal));

        Assert.Equal(
            """[{"apiGroups":["ostler.dev"],"resources":["nodeoses"],"verbs":["get","list","watch"]},{"apiGroups":["ostler.dev"],"resources":["nodeoses/status"],"verbs":["patch"]}]""",
            Assert.Single(roles)["rules"]!.ToJsonString());
        Assert.Single(Documents("config"), document => (document["subjects"]?.AsArray() ?? []).Any(subject => (string?)subject!["name"] == "ostler-agent"));
    }

    /// <summary>Health checks and images name Secrets, and health checks objects; neither may open more than an admin gave.</summary>
    [Fact]
    public void The_controller_reads_Secrets_of_its_own_namespace_only_and_other_objects_by_aggregation()
    {
        var documents = Documents("config").ToList();
        var secrets = documents.Where(document => (document["rules"]?.AsArray() ?? []).Any(rule => rule!["resources"]!.ToJsonString().Contains("secrets", StringComparison.Ordinal)));

        Assert.Equal(["ostler-health-checks", "ostler-image-secrets", "ostler-notifications"], secrets.Select(Name).Order(StringComparer.Ordinal));
        Assert.All(secrets, role =>
        {
            Assert.Equal(("Role", "ostler-system"), ((string?)role["kind"], (string?)role["metadata"]!["namespace"]));
            Assert.Equal("""[{"apiGroups":[""],"resources":["secrets"],"verbs":["get"]}]""", role["rules"]!.ToJsonString());
        });
        var aggregated = Assert.Single(documents, document => document["aggregationRule"] is not null);
        Assert.Equal(
            """{"clusterRoleSelectors":[{"matchLabels":{"ostler.dev/aggregate-to-health-checks":"true"}}]}""", aggregated["aggregationRule"]!.ToJsonString());
        Assert.Null(aggregated["rules"]);
        Assert.DoesNotContain("*", string.Concat(documents.Where(d => (string?)d["kind"] is "ClusterRole" or "Role").Select(d => d["rules"]?.ToJsonString())), StringComparison.Ordinal);
    }

    private static IEnumerable<string> Installed(string folder) =>
        Documents(folder).Select(document => $"{document["kind"]} {Name(document)}").Order(StringComparer.Ordinal);

    private static string Name(JsonObject document) => (string)document["metadata"]!["name"]!;

    /// <summary>What <c>kubectl apply -k</c> would send: these kustomizations only gather files.</summary>
    private static IEnumerable<JsonObject> Documents(string folder) => ResourcesOf(Path.Combine(Repository.Root, folder)).SelectMany(resource =>
        resource.EndsWith(".yaml", StringComparison.Ordinal)
            ? YamlDocuments.Read(File.ReadAllText(Path.Combine(Repository.Root, folder, resource)))
            : Documents(Path.Combine(folder, resource)));

    private static IReadOnlyList<string> ResourcesOf(string folder) =>
        [.. YamlDocuments.Read(File.ReadAllText(Path.Combine(folder, "kustomization.yaml")))[0]["resources"]!.AsArray().Select(resource => (string)resource!)];
}
