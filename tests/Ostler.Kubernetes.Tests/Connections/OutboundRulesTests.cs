using System.Net;
using Ostler.Kubernetes.Connections;
using Ostler.Kubernetes.Probes;
using Ostler.Kubernetes.Tests.Support;
using Ostler.Testing.Scripted;

namespace Ostler.Kubernetes.Tests.Connections;

public sealed class OutboundRulesTests
{
    [Theory]
    [InlineData("169.254.169.254")]
    [InlineData("169.254.0.0")]
    [InlineData("169.254.255.255")]
    [InlineData("169.254.20.10")]
    [InlineData("fe80::1")]
    [InlineData("fe80::1%1")]
    [InlineData("febf:ffff::1")]
    [InlineData("100.100.100.200")]
    [InlineData("168.63.129.16")]
    [InlineData("192.0.0.192")]
    [InlineData("fd00:ec2::254")]
    [InlineData("fd20:ce::254")]
    [InlineData("::ffff:169.254.169.254")]
    [InlineData("::169.254.169.254")]
    [InlineData("::ffff:0:169.254.169.254")]
    [InlineData("64:ff9b::a9fe:a9fe")]
    [InlineData("64:ff9b:1::a9fe:a9fe")]
    [InlineData("2002:a9fe:a9fe::1")]
    [InlineData("64:ff9b::100.100.100.200")]
    public void Link_local_and_metadata_addresses_are_refused_in_every_form(string address) => Assert.True(OutboundRules.Default.Refuses(IPAddress.Parse(address)));

    [Theory]
    [InlineData("169.253.255.255")]
    [InlineData("169.255.0.0")]
    [InlineData("10.0.0.1")]
    [InlineData("127.0.0.1")]
    [InlineData("100.64.0.1")]
    [InlineData("8.8.8.8")]
    [InlineData("::1")]
    [InlineData("fec0::1")]
    [InlineData("fd00::254")]
    [InlineData("2001:db8::1")]
    [InlineData("64:ff9b::8.8.8.8")]
    [InlineData("::ffff:10.0.0.1")]
    public void Others_are_not(string address) => Assert.False(OutboundRules.Default.Refuses(IPAddress.Parse(address)));

    [Fact]
    public void An_installation_may_allow_some_and_no_others_with_them()
    {
        var rules = OutboundRules.Parse("169.254.20.10/32, fe80::/64,168.63.129.16")!;

        Assert.Equal(
            [false, false, false, true, true],
            ((string[])["169.254.20.10", "fe80::1", "168.63.129.16", "169.254.169.254", "fe81::1"]).Select(a => rules.Refuses(IPAddress.Parse(a))));
        Assert.Null(OutboundRules.Parse("everything"));
        Assert.Null(OutboundRules.Parse("169.254.0.0/33"));
    }

    [Fact]
    public async Task A_name_counts_by_what_it_resolves_to_at_the_moment_of_the_connection()
    {
        await using var server = new ScriptedServer((_, response, _) => response.WholeAsync(200, "text/plain", []));

        Assert.Equal(200, (await new HttpProbe(new Uri($"http://localhost:{server.Address.Port}/")).SendAsync(Within.Deadline)).Code);
        var refused = await Assert.ThrowsAsync<HttpProbeException>(() => new HttpProbe(new Uri($"http://localhost:{server.Address.Port}/")) { Outbound = new([], _ => true) }.SendAsync(Within.Deadline));

        Assert.Matches("^localhost resolves to (127.0.0.1|::1), which is a link-local or cloud metadata address", refused.Message);
        Assert.Single(server.Received);
    }

    [Fact]
    public async Task A_redirect_is_a_connection_as_any_other()
    {
        await using var server = new ScriptedServer((_, response, _) =>
            response.WholeAsync(302, "text/plain", [], new Dictionary<string, string> { ["Location"] = "http://169.254.169.254/latest/meta-data/" }));

        var refused = await Assert.ThrowsAsync<HttpProbeException>(() => new HttpProbe(server.Address).SendAsync(Within.Deadline));

        Assert.StartsWith("169.254.169.254 is a link-local or cloud metadata address", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_proxy_is_no_way_around()
    {
        var proxy = OutboundRules.Default.Guard(new WebProxy("http://proxy.example:3128"));

        Assert.False(proxy.IsBypassed(new Uri("http://quay.io/")));
        Assert.Equal(new Uri("http://proxy.example:3128"), proxy.GetProxy(new Uri("http://quay.io/")));
        foreach (var uri in (string[])["http://169.254.169.254/", "http://[fe80::1]/", "http://2852039166/", "http://0251.0376.0251.0376/", "http://[::ffff:a9fe:a9fe]/"])
        {
            Assert.True(proxy.IsBypassed(new Uri(uri)), uri);
            Assert.Null(proxy.GetProxy(new Uri(uri)));
        }
    }
}
