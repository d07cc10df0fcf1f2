using Ostler.Api.OSImages;
using Ostler.Api.Shared;
using Ostler.Rollout.Images;

namespace Ostler.Rollout.Tests.Images;

public sealed class PlatformsTests
{
    [Theory]
    [InlineData("linux/amd64", "linux/amd64 linux/arm64", "linux/amd64")]
    [InlineData("linux/arm64", "linux/amd64 linux/arm64/v8", "linux/arm64/v8")]
    [InlineData("linux/arm64", "linux/arm64/v9 linux/arm64/v8", "linux/arm64/v8")]
    [InlineData("linux/amd64", "linux/amd64/v3 linux/amd64", "linux/amd64")]
    [InlineData("linux/amd64", "linux/amd64/v3", "linux/amd64/v3")]
    [InlineData("linux/arm", "linux/arm/v6 linux/arm/v7", "linux/arm/v7")]
    [InlineData("linux/arm", "linux/arm64", null)]
    [InlineData("linux/riscv64", "linux/amd64 linux/arm64", null)]
    [InlineData(null, "linux/amd64", null)]
    public void A_node_gets_the_manifest_of_its_platform(string? node, string offered, string? chosen)
    {
        var manifests = offered.Split(' ').Select((p, i) => new PlatformManifest { Platform = p, Digest = $"sha256:{i}" }).ToArray();

        Assert.Equal(chosen, Platforms.For(node, manifests)?.Platform);
    }

    [Theory]
    [InlineData(null, "arm64", "linux/arm64")]
    [InlineData("linux", "", null)]
    [InlineData("windows", "amd64", "windows/amd64")]
    public void A_node_without_an_architecture_has_no_platform(string? os, string? architecture, string? platform) =>
        Assert.Equal(platform, NodePlatform.Of(os, architecture));
}
