using Ostler.Api.Shared;

namespace Ostler.Api.Tests;

public sealed class ImageNameTests
{
    private static readonly string Digest = "sha256:" + new string('a', 64);

    public static TheoryData<string, string, string> Names => new()
    {
        { "edge", "docker.io", "docker.io/library/edge:latest" },
        { "edge:42", "docker.io", "docker.io/library/edge:42" },
        { "acme/edge", "docker.io", "docker.io/acme/edge:latest" },
        { "docker.io/edge", "docker.io", "docker.io/library/edge:latest" },
        { "index.docker.io/acme/edge:1", "docker.io", "docker.io/acme/edge:1" },
        { "quay.io/acme/edge-os:stable", "quay.io", "quay.io/acme/edge-os:stable" },
        { "localhost/edge", "localhost", "localhost/edge:latest" },
        { "localhost:5000/edge:1", "localhost:5000", "localhost:5000/edge:1" },
        { "registry.example:5000/edge", "registry.example:5000", "registry.example:5000/edge:latest" },
        { "registry:5000/a/b/c:v1.0_x", "registry:5000", "registry:5000/a/b/c:v1.0_x" },
        { "quay.io/acme/edge@" + Digest, "quay.io", "quay.io/acme/edge@" + Digest },
        { "quay.io/acme/edge:stable@" + Digest, "quay.io", "quay.io/acme/edge@" + Digest },
        { "quay.io/a__b/c-d---e.f", "quay.io", "quay.io/a__b/c-d---e.f:latest" },
    };

    [Theory]
    [MemberData(nameof(Names))]
    public void A_name_is_read_as_hosts_read_it(string text, string registry, string full)
    {
        Assert.True(ImageName.TryParse(text, out var name, out _));
        Assert.Equal((registry, full), (name.Registry, name.ToString()));
    }

    [Theory]
    [InlineData("")]
    [InlineData("edge:")]
    [InlineData("edge:.x")]
    [InlineData("edge@sha256:abc")]
    [InlineData("edge@sha512:" + "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    [InlineData("quay.io/Acme/edge")]
    [InlineData("quay.io//edge")]
    [InlineData("quay.io/edge/")]
    [InlineData("quay.io/a..b")]
    [InlineData("quay.io/a___b")]
    [InlineData("quay.io/a.-b")]
    [InlineData("quay.io/-a")]
    [InlineData("quay.io:99999/a")]
    [InlineData("-quay.io/a")]
    [InlineData("quay.io/../a")]
    [InlineData("quay.io/a b")]
    public void What_is_no_name_is_refused_with_what_to_write(string text)
    {
        Assert.False(ImageName.TryParse(text, out _, out var problem));
        Assert.NotEmpty(problem);
    }

    [Fact]
    public void Docker_Hub_answers_under_another_name_than_its_images_bear()
    {
        Assert.True(ImageName.TryParse("edge", out var name, out _));
        Assert.Equal("registry-1.docker.io", name.Host);
        Assert.Equal("docker.io/library/edge@" + Digest, name.At(Digest));
    }
}
