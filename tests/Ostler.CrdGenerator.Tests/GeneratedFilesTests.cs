using Ostler.Testing;
namespace Ostler.CrdGenerator.Tests;

public sealed class GeneratedFilesTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("ostler-crdgen-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>The committed files are the golden ones: whoever changes a type sees in the diff what it does to the API.</summary>
    [Theory]
    [InlineData("crd/nodeoses.yaml")]
    [InlineData("crd/osimages.yaml")]
    [InlineData("crd/upgradepolicies.yaml")]
    [InlineData("kubernetes-1.20/nodeoses.yaml")]
    [InlineData("kubernetes-1.20/osimages.yaml")]
    [InlineData("kubernetes-1.20/upgradepolicies.yaml")]
    [InlineData("docs/reference.md")]
    [InlineData("docs/metrics.md")]
    [InlineData("docs/reasons.md")]
    public void A_committed_file_is_what_the_types_say_or_make_manifests_was_forgotten(string path) =>
        Assert.Equal(GeneratedFiles.All()[path], File.ReadAllText(Path.Combine(Repository.Config, path)));

    [Fact]
    public void Nothing_is_generated_that_the_test_above_does_not_name() => Assert.Equal(9, GeneratedFiles.All().Count);

    [Fact]
    public void What_was_written_is_not_stale()
    {
        GeneratedFiles.Write(_folder);

        Assert.Empty(GeneratedFiles.Stale(_folder));
    }

    [Fact]
    public void A_missing_an_edited_and_a_left_over_file_are_stale()
    {
        GeneratedFiles.Write(_folder);
        File.Delete(At("crd/osimages.yaml"));
        File.AppendAllText(At("docs/reference.md"), "edited\n");
        File.WriteAllText(At("crd/osfamilies.yaml"), "kind: CustomResourceDefinition\n");

        Assert.Equal([At("crd/osimages.yaml"), At("docs/reference.md"), At("crd/osfamilies.yaml")], GeneratedFiles.Stale(_folder));
    }

    [Fact]
    public void Writing_again_mends_them_and_leaves_the_kustomization_alone()
    {
        GeneratedFiles.Write(_folder);
        File.AppendAllText(At("crd/osimages.yaml"), "edited: true\n");
        File.WriteAllText(At("crd/osfamilies.yaml"), "kind: CustomResourceDefinition\n");
        File.WriteAllText(At("crd/kustomization.yaml"), "resources: []\n");

        GeneratedFiles.Write(_folder);

        Assert.Empty(GeneratedFiles.Stale(_folder));
        Assert.False(File.Exists(At("crd/osfamilies.yaml")));
        Assert.Equal("resources: []\n", File.ReadAllText(At("crd/kustomization.yaml")));
    }

    private string At(string path) => Path.Combine(_folder, path);
}
