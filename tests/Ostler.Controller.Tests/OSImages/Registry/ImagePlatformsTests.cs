using System.Text;
using Ostler.Api.OSImages;
using Ostler.Controller.OSImages.Registry;

namespace Ostler.Controller.Tests.OSImages.Registry;

public sealed class ImagePlatformsTests
{
    [Fact]
    public void Of_an_index_attestations_and_other_systems_are_left_out()
    {
        var digest = "sha256:" + new string('a', 64);
        var json = $$$"""
            {"schemaVersion":2,"manifests":[
              {"digest":"{{{digest}}}","platform":{"os":"linux","architecture":"arm64","variant":"v8"}},
              {"digest":"{{{digest}}}","platform":{"os":"unknown","architecture":"unknown"}},
              {"digest":"{{{digest}}}","platform":{"os":"windows","architecture":"amd64"}},
              {"digest":"{{{digest}}}"},
              {"digest":"sha512:1","platform":{"os":"linux","architecture":"amd64"}}]}
            """;
        Assert.True(OciManifest.TryRead(Encoding.UTF8.GetBytes(json), null, out var index, out _));

        Assert.Equal(new PlatformManifest { Platform = "linux/arm64/v8", Digest = digest }, Assert.Single(ImagePlatforms.Of(index)));
    }
}
