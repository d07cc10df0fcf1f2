using System.Text.Json;
using Ostler.Api.Json;
using Ostler.Api.Meta;

namespace Ostler.Api.Tests;

public class DurationTests
{
    [Theory]
    [InlineData("0", 0)]
    [InlineData("0s", 0)]
    [InlineData("0h0m0s", 0)]
    [InlineData("30s", 30_000)]
    [InlineData("10m", 600_000)]
    [InlineData("1h30m", 5_400_000)]
    [InlineData("1h30m5s", 5_405_000)]
    [InlineData("250ms", 250)]
    [InlineData("1s500ms", 1_500)]
    [InlineData("1.5h", 5_400_000)]
    [InlineData("0.5s", 500)]
    [InlineData("90m", 5_400_000)]
    [InlineData("72h", 259_200_000)]
    [InlineData("5s5s", 10_000)]
    public void Reads(string text, double milliseconds)
    {
        Assert.True(Duration.TryParse(text, out var duration));

        Assert.Equal(milliseconds, duration.Value.TotalMilliseconds, 3);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("5")]
    [InlineData("s")]
    [InlineData("-5s")]
    [InlineData("+5s")]
    [InlineData("5 s")]
    [InlineData(" 5s")]
    [InlineData("5s ")]
    [InlineData("5d")]
    [InlineData("PT5M")]
    [InlineData("1e3s")]
    [InlineData("1..5s")]
    [InlineData(".s")]
    [InlineData("1,5s")]
    [InlineData("5sm")]
    [InlineData("1h30")]
    [InlineData("5S")]
    [InlineData("99999999999999999h")]
    [InlineData("٥s")]
    public void Refuses(string? text)
    {
        Assert.False(Duration.TryParse(text, out var duration));
        Assert.Equal(Duration.Zero, duration);
    }

    [Theory]
    [InlineData("0", "0s")]
    [InlineData("90s", "1m30s")]
    [InlineData("3600s", "1h")]
    [InlineData("1500ms", "1s500ms")]
    [InlineData("100h", "100h")]
    [InlineData("1h0m1s", "1h1s")]
    public void Writes_the_shortest_form(string text, string expected)
    {
        Assert.True(Duration.TryParse(text, out var duration));

        Assert.Equal(expected, duration.ToString());
        Assert.True(Duration.TryParse(expected, out var again));
        Assert.Equal(duration, again);
    }

    [Fact]
    public void What_it_writes_it_reads_whatever_the_length_in_milliseconds() => Check.Property(milliseconds =>
    {
        Duration duration = TimeSpan.FromMilliseconds(milliseconds);
        return Duration.TryParse(duration.ToString(), out var again) && again == duration;
    });

    [Theory]
    [InlineData("5")]
    [InlineData("null")]
    [InlineData("\"PT5M\"")]
    [InlineData("{}")]
    public void JSON_that_is_no_duration_is_refused_with_an_example(string json)
    {
        var text = $$"""{"soak":{{json}}}""";

        var e = Assert.Throws<JsonException>(() => JsonSerializer.Deserialize("{\"metadata\":{},\"spec\":{\"imageRef\":{\"name\":\"x\"},\"nodeSelector\":{},\"rollout\":" + text + "}}", OstlerJson.Default.UpgradePolicy));
        Assert.Contains("10m", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Durations_compare_by_length()
    {
        Assert.True(Duration.FromSeconds(90) > Duration.FromMinutes(1));
        Assert.True(Duration.FromSeconds(60) >= Duration.FromMinutes(1));
        Assert.True(Duration.FromSeconds(60) <= Duration.FromMinutes(1));
        Assert.True(Duration.FromSeconds(59) < Duration.FromMinutes(1));
        Assert.Equal(0, Duration.FromSeconds(60).CompareTo(Duration.FromMinutes(1)));
    }
}
