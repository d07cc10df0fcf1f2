using Ostler.Rollout.Health;

namespace Ostler.Rollout.Tests.Health;

public class PlaceholdersTests
{
    [Theory]
    [InlineData("http://{node}:9100/metrics", "n1.acme.example", null, "http://n1.acme.example:9100/metrics")]
    [InlineData("https://{address}/healthz?node={node}", "n1", "192.0.2.7", "https://192.0.2.7/healthz?node=n1")]
    [InlineData("https://{address}:10250/", "n1", "2001:db8::7", "https://[2001:db8::7]:10250/")]
    [InlineData("https://fixed.example/", "Not A Node", null, "https://fixed.example/")]
    public void A_url_gets_name_and_address(string template, string node, string? address, string url) =>
        Assert.Equal(url, Placeholders.InUrl(template, node, address).Uri?.OriginalString);

    public static TheoryData<string> NotNames =>
    [
        "", "N1", "n1/../admin", "n1?x=", "n1#", "n1@evil.example", "n1:80", "n1\"} or vector(1) or up{a=\"", "n1\n", "n 1", "-n1", "n1-", "n1..a", ".", "n1\\", "ñ", "{address}",
        new string('a', 254),
    ];

    [Theory]
    [MemberData(nameof(NotNames))]
    public void What_is_no_name_of_a_node_is_put_into_nothing(string node)
    {
        Assert.Null(Placeholders.InUrl("http://{node}/", node, null).Uri);
        Assert.Null(Placeholders.InPromQL("up{instance=\"{node}\"}", node, null).Query);
        Assert.Null(Placeholders.InName("{node}", node).Name);
    }

    [Theory]
    [InlineData("1")]
    [InlineData("fe80::1%eth0")]
    [InlineData("192.0.2.7/admin")]
    [InlineData("evil.example")]
    [InlineData("192.0.2.7@evil.example")]
    [InlineData("\"")]
    public void What_is_no_address_is_put_into_nothing(string address)
    {
        Assert.Null(Placeholders.InUrl("http://{address}/", "n1", address).Uri);
        Assert.Null(Placeholders.InPromQL("up{instance=\"{address}:9100\"}", "n1", address).Query);
    }

    [Fact]
    public void An_address_that_is_not_known_is_said() =>
        Assert.Contains("has no InternalIP", Placeholders.InUrl("http://{address}/", "n1", null).Problem, StringComparison.Ordinal);

    [Theory]
    [InlineData("ftp://x/")]
    [InlineData("http://")]
    [InlineData("x")]
    [InlineData("file:///etc/passwd")]
    public void What_is_no_http_url_is_refused(string url) => Assert.Contains("is not an http or https URL", Placeholders.InUrl(url, "n1", null).Problem, StringComparison.Ordinal);

    [Fact]
    public void A_query_keeps_its_own_braces() =>
        Assert.Equal(
            "min(up{instance=\"n1.acme.example\",ip=\"192.0.2.7\"}) == bool 1",
            Placeholders.InPromQL("min(up{instance=\"{node}\",ip=\"{address}\"}) == bool 1", "n1.acme.example", "192.0.2.7").Query);
}
