using Ostler.Agent.Backends.Ostree;
using Ostler.Agent.Host;
using Ostler.Agent.Tests.Support;
using Ostler.Api.NodeOSes;

namespace Ostler.Agent.Tests.Host;

/// <summary>What the API says is not trusted: a spec that slipped past the CRD's patterns must not become a command.</summary>
public sealed class HostArgumentsTests
{
    [Theory]
    [InlineData("acme/stable/x86_64/edge", true)]
    [InlineData("os", true)]
    [InlineData("_private/a.b-c", true)]
    [InlineData("", false)]
    [InlineData("--untrusted", false)]
    [InlineData("a/-b", false)]
    [InlineData("../../etc", false)]
    [InlineData("a//b", false)]
    [InlineData("/a", false)]
    [InlineData("a/", false)]
    [InlineData("a b", false)]
    [InlineData("a@b", false)]
    [InlineData("a:b", false)]
    [InlineData("a\nb", false)]
    public void Refs(string text, bool valid) => Assert.Equal(valid, HostArguments.IsRef(text));

    [Theory]
    [InlineData("acme", true)]
    [InlineData("a.b_c-d", true)]
    [InlineData("-acme", false)]
    [InlineData(".acme", false)]
    [InlineData("a/b", false)]
    [InlineData("", false)]
    public void Remotes(string text, bool valid) => Assert.Equal(valid, HostArguments.IsRemote(text));

    [Theory]
    [InlineData("https://ostree.example/repo", true)]
    [InlineData("http://10.0.0.1:8080/repo", true)]
    [InlineData("file:///etc", false)]
    [InlineData("--set=gpg-verify=false", false)]
    [InlineData("https://a b", false)]
    [InlineData("https://a\nurl=b", false)]
    public void Urls(string text, bool valid) => Assert.Equal(valid, HostArguments.IsUrl(text));

    [Theory]
    [InlineData("kubelet.service", true)]
    [InlineData("-.mount", true)]
    [InlineData("dev-disk-by\\x2dlabel-root.device", true)]
    [InlineData("a b", false)]
    [InlineData("*", false)]
    [InlineData("", false)]
    public void Units(string text, bool valid) => Assert.Equal(valid, HostArguments.IsUnit(text));

    [Fact]
    public void Commits_are_64_hexadecimal_digits()
    {
        Assert.True(HostArguments.IsCommit(HostTrees.Commit(1)));
        Assert.False(HostArguments.IsCommit(HostTrees.Commit(1)[1..]));
        Assert.False(HostArguments.IsCommit(new string('A', 64)));
        Assert.False(HostArguments.IsCommit("sha256:" + HostTrees.Commit(1)));
    }

    [Theory]
    [InlineData("quay.io/acme/edge-os", true)]
    [InlineData("127.0.0.1:5000/acme/edge_os", true)]
    [InlineData("localhost/edge.os", true)]
    [InlineData("edge-os", false)]
    [InlineData("-x/edge-os", false)]
    [InlineData("quay.io/acme/edge-os:stable", false)]
    [InlineData("quay.io/acme/edge-os@sha256", false)]
    [InlineData("quay.io//edge-os", false)]
    [InlineData("quay.io/-x", false)]
    [InlineData("quay.io/a b", false)]
    [InlineData("quay.io/$(x)", false)]
    [InlineData("", false)]
    public void Repositories_have_a_registry_and_neither_tag_nor_digest(string text, bool valid) => Assert.Equal(valid, HostArguments.IsRepository(text));

    [Fact]
    public void Manifest_digests_have_their_algorithm()
    {
        Assert.True(HostArguments.IsManifestDigest("sha256:" + HostTrees.Commit(1)));
        Assert.False(HostArguments.IsManifestDigest(HostTrees.Commit(1)));
        Assert.False(HostArguments.IsManifestDigest("sha512:" + HostTrees.Commit(1)));
        Assert.False(HostArguments.IsManifestDigest("sha256:" + HostTrees.Commit(1) + "0"));
    }

    [Fact]
    public void Ostree_refuses_every_image_that_it_cannot_or_must_not_handle()
    {
        using var host = new TempHost();
        var backend = new OstreeBackend(Given.Ostree(new FakeCommandRunner(), host.Files));
        var good = HostTrees.Image(2);

        Assert.Null(backend.Refuse(good));
        Assert.Null(backend.Refuse(HostTrees.Image(2, url: null)));
        NodeImage[] bad =
        [
            new() { Container = new NodeContainerImage { Repository = "quay.io/acme/os" }, Digest = "sha256:" + HostTrees.Commit(2) },
            good with { Digest = "sha256:" + HostTrees.Commit(2) },
            good with { Digest = "main" },
            good with { Ostree = good.Ostree! with { Remote = "--url=x" } },
            good with { Ostree = good.Ostree! with { Ref = "-x" } },
            good with { Ostree = good.Ostree! with { Url = "file:///" } },
        ];
        Assert.All(bad, image => Assert.NotNull(backend.Refuse(image)));
    }
}
