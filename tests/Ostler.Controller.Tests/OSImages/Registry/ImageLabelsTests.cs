using Ostler.Controller.OSImages.Registry;

namespace Ostler.Controller.Tests.OSImages.Registry;

public sealed class ImageLabelsTests
{
    [Theory]
    [InlineData("2026-11-02T00:00:00Z", null, "2026-11-02T00:00:00Z")]
    [InlineData("2026-11-02T01:00:00.123+01:00", null, "2026-11-02T00:00:00Z")]
    [InlineData("1970-01-01T00:00:00Z", "2026-11-02T00:00:00Z", "2026-11-02T00:00:00Z")]
    [InlineData("0001-01-01T00:00:00Z", null, null)]
    [InlineData("1980-01-01T00:00:00Z", "yesterday", null)]
    [InlineData(null, null, null)]
    public void The_date_is_the_configs_or_else_the_annotations_and_a_placeholder_is_none(string? config, string? annotation, string? expected)
    {
        var annotations = annotation is null ? null : new Dictionary<string, string> { ["org.opencontainers.image.created"] = annotation };

        Assert.Equal(expected is null ? null : DateTimeOffset.Parse(expected, null), ImageLabels.CreatedOf(config, null, annotations));
    }
}
