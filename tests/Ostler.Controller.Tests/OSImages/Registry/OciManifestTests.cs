using System.Text;
using Ostler.Controller.OSImages.Registry;

namespace Ostler.Controller.Tests.OSImages.Registry;

public sealed class OciManifestTests
{
    private const string Config = """{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"sha256:x","size":1}""";

    [Theory]
    [InlineData("""{"schemaVersion":2,"config":CONFIG,"layers":[]}""", OciManifest.OciImage)]
    [InlineData("""{"schemaVersion":2,"config":CONFIG,"layers":[]}""", null)]
    [InlineData("""{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}""", OciManifest.OciIndex)]
    [InlineData("""{"schemaVersion":2,"mediaType":"application/vnd.docker.distribution.manifest.list.v2+json","manifests":[]}""", "text/plain")]
    [InlineData("""{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":CONFIG,"layers":[]}""", OciManifest.DockerImage)]
    public void Manifests_and_indexes_are_read_whatever_little_is_said_of_their_type(string json, string? contentType) =>
        Assert.True(Read(json, contentType, out _));

    [Theory]
    [InlineData("<html>", null, "not a manifest")]
    [InlineData("null", null, "null")]
    [InlineData("[]", null, "not a manifest")]
    [InlineData("""{"schemaVersion":1,"fsLayers":[]}""", null, "schemaVersion is 1")]
    [InlineData("""{"schemaVersion":2}""", null, "neither a config nor manifests")]
    [InlineData("""{"schemaVersion":2,"config":CONFIG,"manifests":[]}""", null, "at once")]
    [InlineData("""{"schemaVersion":2,"layers":[],"manifests":[]}""", null, "at once")]
    [InlineData("""{"schemaVersion":2,"manifests":[],"manifests":[{}]}""", null, "Duplicate")]
    [InlineData("""{"schemaVersion":2,"config":CONFIG,"mediaType":"application/vnd.oci.image.manifest.v1+json"}""", OciManifest.OciIndex, "was sent as")]
    [InlineData("""{"schemaVersion":2,"config":CONFIG,"mediaType":"application/vnd.oci.image.index.v1+json"}""", null, ", but is not")]
    public void What_could_be_read_in_two_ways_is_refused(string json, string? contentType, string why)
    {
        Assert.False(Read(json, contentType, out var problem));
        Assert.Contains(why, problem, StringComparison.Ordinal);
    }

    [Fact]
    public void Annotations_go_before_labels_and_control_characters_to_nowhere()
    {
        var inherited = new Dictionary<string, string> { ["org.opencontainers.image.version"] = "base", ["containers.bootc"] = "1", ["secret"] = "x" };
        var own = new Dictionary<string, string> { ["org.opencontainers.image.version"] = "42\u001b[2J", ["version"] = "old" };

        Assert.Equal("42 [2J", ImageLabels.VersionOf(null, own, inherited));
        Assert.Equal("old", ImageLabels.VersionOf(new Dictionary<string, string> { ["version"] = "old" }));
        Assert.Null(ImageLabels.VersionOf(null, null));
        Assert.Equal(["containers.bootc", "org.opencontainers.image.version"], ImageLabels.Of(null, own, inherited)!.Keys);
    }

    /// <summary>Measured before the limit: 131 MiB for the 4 MiB of the first.</summary>
    [Theory]
    [InlineData("{}")]
    [InlineData("null")]
    [InlineData("""{"annotations":{"a":"b"}}""")]
    [InlineData("""{"annotations":{"a":"","b":"","c":"","d":"","e":"","f":"","g":"","h":"","i":"","j":""}}""")]
    public void A_manifest_of_very_many_entries_is_refused_before_any_object_is_made_of_it(string entry)
    {
        const int size = 4 * 1024 * 1024;
        var json = new StringBuilder("""{"schemaVersion":2,"manifests":[""");
        while (json.Length + entry.Length < size - 3)
        {
            json.Append(entry).Append(',');
        }

        var body = Encoding.UTF8.GetBytes(json.Append("{}]}").ToString());
        Read("{}", null, out _);
        var before = GC.GetAllocatedBytesForCurrentThread();

        Assert.False(OciManifest.TryRead(body, null, out _, out var problem));

        Assert.Contains("more than 50000 names and values", problem, StringComparison.Ordinal);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 1024 * 1024);
    }

    [Fact]
    public void A_manifest_at_the_limit_is_read_and_costs_little()
    {
        var body = Encoding.UTF8.GetBytes($$"""{"schemaVersion":2,"manifests":[{{string.Join(',', Enumerable.Repeat("{}", JsonBounds.MaxTokens - 10))}}]}""");
        var before = GC.GetAllocatedBytesForCurrentThread();

        Assert.True(OciManifest.TryRead(body, null, out var read, out _));

        Assert.Equal(JsonBounds.MaxTokens - 10, read.Manifests!.Count);
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 16 * 1024 * 1024);
    }

    private static bool Read(string json, string? contentType, out string? problem) =>
        OciManifest.TryRead(Encoding.UTF8.GetBytes(json.Replace("CONFIG", Config, StringComparison.Ordinal)), contentType, out _, out problem);
}
