using System.Text.Json.Nodes;
using Ostler.Charts.Tests.Support;

namespace Ostler.Charts.Tests;

/// <summary>Who may connect to the controller, and where it may connect to.</summary>
public sealed class NetworkPolicyTests
{
    [Fact]
    public async Task The_health_port_is_closed_to_all_but_the_node_unless_it_is_opened()
    {
        var closed = await PolicyAsync("networkPolicy.enabled=true");
        var opened = await PolicyAsync("networkPolicy.enabled=true,networkPolicy.healthFrom[0].ipBlock.cidr=10.0.0.0/16");

        Assert.Equal(["metrics"], Ports(closed));
        Assert.Equal(["metrics", "health"], Ports(opened));
        Assert.Equal("""[{"ipBlock":{"cidr":"10.0.0.0/16"}}]""", opened["ingress"]![1]!["from"]!.ToJsonString());
        Assert.Equal("""["Ingress"]""", closed["policyTypes"]!.ToJsonString());
        Assert.Null(closed["egress"]);
    }

    [Fact]
    public async Task Egress_without_rules_goes_everywhere_but_to_link_local_and_metadata_addresses()
    {
        var policy = await PolicyAsync("networkPolicy.enabled=true,networkPolicy.egress.enabled=true");

        Assert.Equal("""["Ingress","Egress"]""", policy["policyTypes"]!.ToJsonString());
        var rules = policy["egress"]!.AsArray();
        Assert.Equal(["53/UDP", "53/TCP"], rules[0]!["ports"]!.AsArray().Select(p => $"{p!["port"]}/{p["protocol"]}"));
        var blocks = rules[1]!["to"]!.AsArray().Select(t => t!["ipBlock"]).OfType<JsonNode>().ToDictionary(b => (string)b["cidr"]!, b => b["except"]!.AsArray().Select(e => (string)e!));
        Assert.Equal(["169.254.0.0/16", "100.100.100.200/32", "168.63.129.16/32", "192.0.0.192/32"], blocks["0.0.0.0/0"]);
        Assert.Equal(["fe80::/10", "fd00:ec2::254/128", "fd20:ce::254/128"], blocks["::/0"]);
    }

    [Fact]
    public async Task Allowed_addresses_reach_controller_agents_and_the_policy()
    {
        var rendered = await Rendered.OfAsync(Rendered.Newest, ["--set", "networkPolicy.enabled=true,networkPolicy.egress.enabled=true,allowAddresses={169.254.20.10/32,fe80::/64}"]);

        var controller = rendered.Single("Deployment", "ostler-controller")["spec"]!["template"]!["spec"]!["containers"]![0]!;
        var agent = rendered.Single("DaemonSet", "ostler-agent")["spec"]!["template"]!["spec"]!["containers"]![0]!;
        Assert.Contains("--allow-addresses=169.254.20.10/32,fe80::/64", controller["args"]!.AsArray().Select(a => (string)a!));
        Assert.Contains(agent["env"]!.AsArray(), e => (string)e!["name"]! == "OSTLER_ALLOW_ADDRESSES" && (string?)e["value"] == "169.254.20.10/32,fe80::/64");
        Assert.Equal(
            """{"to":[{"ipBlock":{"cidr":"169.254.20.10/32"}},{"ipBlock":{"cidr":"fe80::/64"}}]}""",
            rendered.Single("NetworkPolicy", "ostler-controller")["spec"]!["egress"]![1]!.ToJsonString());
    }

    private static async Task<JsonNode> PolicyAsync(string values) => (await Rendered.OfAsync(Rendered.Newest, ["--set", values])).Single("NetworkPolicy", "ostler-controller")["spec"]!;

    private static IEnumerable<string> Ports(JsonNode policy) => policy["ingress"]!.AsArray().Select(i => (string)i!["ports"]![0]!["port"]!);
}
