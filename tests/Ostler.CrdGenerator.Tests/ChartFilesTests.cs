using Ostler.Testing;
namespace Ostler.CrdGenerator.Tests;

public sealed class ChartFilesTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("ostler-chartfiles-").FullName;

    private string Config => Path.Combine(_root, "config");

    private string Files => Path.Combine(_root, "charts", "ostler", "files");

    public ChartFilesTests()
    {
        Put("crd/nodeoses.yaml", "kind: CustomResourceDefinition\n");
        Put("crd/kustomization.yaml", "resources: [nodeoses.yaml]\n");
        Put("rbac/agent.yaml", "# why\nkind: ClusterRole\n");
        Put("grafana/fleet.json", "{}\n");
        Put("samples/osimage.yaml", "kind: OSImage\n");
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    [Fact]
    public void The_committed_chart_has_what_config_has_or_make_manifests_was_forgotten()
    {
        Assert.Empty(ChartFiles.Stale(Repository.Config));
        Assert.NotEmpty(Directory.EnumerateFiles(ChartFiles.FolderFor(Repository.Config), "*.yaml", SearchOption.AllDirectories));
    }

    [Fact]
    public void What_installs_something_is_copied_as_it_is_and_the_rest_is_not()
    {
        ChartFiles.Write(Config);

        Assert.Equal(
            ["crds/nodeoses.yaml", "grafana/fleet.json", "rbac/agent.yaml"],
            Directory.EnumerateFiles(Files, "*", SearchOption.AllDirectories).Select(file => Path.GetRelativePath(Files, file)).Order(StringComparer.Ordinal));
        Assert.Equal("# why\nkind: ClusterRole\n", File.ReadAllText(Path.Combine(Files, "rbac", "agent.yaml")));
        Assert.Empty(ChartFiles.Stale(Config));
    }

    [Fact]
    public void A_copy_that_is_missing_edited_or_left_over_is_stale_and_mended()
    {
        ChartFiles.Write(Config);
        File.Delete(Path.Combine(Files, "crds", "nodeoses.yaml"));
        File.AppendAllText(Path.Combine(Files, "rbac", "agent.yaml"), "rules: [{verbs: ['*']}]\n");
        File.WriteAllText(Path.Combine(Files, "rbac", "more.yaml"), "kind: ClusterRole\n");

        Assert.Equal(
            ["crds/nodeoses.yaml", "rbac/agent.yaml", "rbac/more.yaml"],
            ChartFiles.Stale(Config).Select(file => Path.GetRelativePath(Files, file)).Order(StringComparer.Ordinal));

        ChartFiles.Write(Config);
        Assert.Empty(ChartFiles.Stale(Config));
    }

    private void Put(string path, string text)
    {
        var target = Path.Combine(Config, path);
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        File.WriteAllText(target, text);
    }
}
