using System.Text.Json;
using Ostler.Api.Json;
using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;

namespace Ostler.Api.Tests;

public class IntOrPercentTests
{
    [Theory]
    [InlineData("0", 10, 0)]
    [InlineData("3", 10, 3)]
    [InlineData("30", 10, 30)]
    [InlineData("0%", 10, 0)]
    [InlineData("25%", 10, 2)]
    [InlineData("5%", 10, 0)]
    [InlineData("100%", 7, 7)]
    [InlineData("33%", 3, 0)]
    [InlineData("34%", 3, 1)]
    [InlineData("99%", 2147483647, 2126008810)]
    [InlineData("007", 10, 7)]
    public void Stands_for_so_many(string text, int total, int expected)
    {
        Assert.True(IntOrPercent.TryParse(text, out var value));

        Assert.Equal(expected, value.Of(total));
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("%")]
    [InlineData("-1")]
    [InlineData("+1")]
    [InlineData("-1%")]
    [InlineData("101%")]
    [InlineData("1.5")]
    [InlineData("1.5%")]
    [InlineData("5 %")]
    [InlineData(" 5")]
    [InlineData("five")]
    [InlineData("5%%")]
    [InlineData("2147483648")]
    public void Refuses(string? text) => Assert.False(IntOrPercent.TryParse(text, out _));

    [Theory]
    [InlineData("3", "3")]
    [InlineData("\"3\"", "3")]
    [InlineData("\"25%\"", "\"25%\"")]
    [InlineData("0", "0")]
    public void JSON_reads_numbers_and_strings_and_writes_the_plain_form(string json, string expected)
    {
        var policy = JsonSerializer.Deserialize(Policy(json), OstlerJson.Default.UpgradePolicy)!;

        Assert.Contains($"\"maxUnavailable\":{expected},", JsonSerializer.Serialize(policy, OstlerJson.Default.UpgradePolicy), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("1.5")]
    [InlineData("1e1")]
    [InlineData("true")]
    [InlineData("null")]
    [InlineData("\"half\"")]
    [InlineData("99999999999")]
    [InlineData("[]")]
    public void JSON_that_is_neither_is_refused_with_an_example(string json)
    {
        var e = Assert.Throws<JsonException>(() => JsonSerializer.Deserialize(Policy(json), OstlerJson.Default.UpgradePolicy));

        Assert.Contains("25%", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_share_is_never_more_than_the_whole_and_never_negative() => Check.Property(total =>
        Enumerable.Range(0, 101).All(p => IntOrPercent.Percent(p).Of(total) is var share && share >= 0 && share <= total));

    private static string Policy(string maxUnavailable) =>
        "{\"metadata\":{},\"spec\":{\"imageRef\":{\"name\":\"x\"},\"nodeSelector\":{},\"rollout\":{\"maxUnavailable\":" + maxUnavailable + "}}}";
}
