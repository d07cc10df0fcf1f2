using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.OSImages;
using Ostler.Api.UpgradePolicies;
using Ostler.Cli.Diff;
using Ostler.Testing;

namespace Ostler.Cli.Tests.Diff;

/// <summary>What changes on the nodes, and no more than is known.</summary>
public class DiffTests
{
    private const string Foreign = "0000000000000000000000000000000000000000000000000000000000000000";

    private static readonly UpgradePolicy Policy = Given.Policy(status: Given.RollingOut);

    private static OSImage Image => Given.Image(status: new()
    {
        Resolved = Given.Resolved(Given.New, "42.2") with { Labels = Labels(("org.opencontainers.image.revision", "b2"), ("org.opencontainers.image.licenses", "MIT"), ("containers.bootc", "1")), VerifiedWith = new string('9', 64) },
        History = [Given.Resolved(Given.Old, "42.1") with { Labels = Labels(("org.opencontainers.image.revision", "a1"), ("containers.bootc", "1"), ("old", "yes")) }],
    });

    private static NodeOS[] Fleet =>
    [
        Given.System("node-1"), Given.System("node-2") with { Status = Layered("node-2") }, Given.System("node-3", Given.New, "42.2"), Given.System("other", Foreign, null), Given.System("mute", booted: null),
    ];

    private static Dictionary<string, string> Labels(params (string Key, string Value)[] labels) => labels.ToDictionary(l => l.Key, l => l.Value);

    private static NodeOSStatus Layered(string name) => Given.System(name).Status! with { Drift = new() { Reason = Reasons.PackagesLayered, Packages = ["strace", "-nano"] } };

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Each_tree_that_runs_is_compared_with_the_target(bool wide) => Golden.Verify(string.Join('\n', DiffText.Lines(TreeDiff.Of(Policy, Image, Fleet), wide)), wide ? "diff-wide.txt" : "diff.txt");

    [Fact]
    public void Programs_get_the_same()
    {
        var document = DiffText.Document(TreeDiff.Of(Policy, Image, Fleet));

        Assert.Equal(["node-3"], document["upToDate"]!.AsArray().Select(n => (string?)n));
        Assert.Equal(["mute"], document["unknown"]!.AsArray().Select(n => (string?)n));
        Assert.Equal([true, false], document["groups"]!.AsArray().Select(g => (bool)g!["remembered"]!));
        Assert.Equal("""{"node-2":["strace","-nano"]}""", document["groups"]![0]!["layeredPackages"]!.ToJsonString());
        Assert.Contains("""{"field":"label old","from":"yes"}""", document["groups"]![0]!["changes"]!.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_node_is_told_the_manifest_of_its_own_platform()
    {
        var arm = "sha256:" + new string('b', 64);
        var image = new OSImage
        {
            Metadata = new() { Name = "edge-os" },
            Spec = new() { Container = new() { Image = "quay.io/acme/edge:2" } },
            Status = new() { Resolved = new() { Reference = "quay.io/acme/edge:2", Digest = "sha256:" + new string('a', 64), ResolvedAt = Given.Now, Platforms = [new() { Platform = "linux/arm64", Digest = arm }] } },
        };
        NodeOS[] nodes = [Given.System("told", "sha256:" + Given.Old, spec: new() { Image = new() { Digest = arm } }), Given.System("there", arm)];

        var diff = TreeDiff.Of(Policy, image, nodes);

        Assert.Equal(["there"], diff.UpToDate.Select(n => n.Metadata.Name));
        Assert.Contains(new TreeChange("digest", "sha256:" + Given.Old, arm), Assert.Single(diff.Groups).Changes);
        Assert.Contains(DiffText.Lines(diff, wide: false), l => l.Text.Contains("Compare the package lists of the two images", StringComparison.Ordinal));
    }

    [Fact]
    public void What_no_node_gets_is_said_with_its_reason()
    {
        var quarantined = Image with { Status = Image.Status! with { Quarantined = [new() { Digest = Given.New, Reason = Reasons.HealthTimedOut, Policy = "edge", Since = Given.Now }] } };
        string[] first = [.. ((OSImage?[])[null, Given.Image(), quarantined]).Select(i => DiffText.Lines(TreeDiff.Of(Policy, i, []), wide: false).ElementAt(1).Text)];

        Assert.Equal(
            [
                "No node gets an image of edge-os: it does not exist. Create it, or correct spec.imageRef.name.", "No node gets an image of edge-os: the controller has not resolved it yet.",
                "No node gets this image: it is quarantined. To allow it, run kubectl ostler quarantine remove edge-os 424242424242.",
            ],
            first);
    }
}
