using Ostler.Charts.Tests.Support;

namespace Ostler.Charts.Tests;

/// <summary>Where the console is served, and what that takes.</summary>
public sealed class ConsoleTests
{
    [Theory]
    [InlineData("console.enabled=true", "", false, false)]
    [InlineData("console.enabled=false,console.service.enabled=true", "--console-address=0", false, false)]
    [InlineData("console.port=9000", "--console-address=127.0.0.1:9000", false, false)]
    [InlineData("console.clusterName=prod west", "--console-cluster-name=prod west", false, false)]
    [InlineData("console.tokens=true", "--console-auth=token", true, false)]
    [InlineData("console.service.enabled=true", "--console-address=:8082", true, true)]
    [InlineData("console.service.enabled=true,console.hosts={a.example,b.example}", "--console-address=:8082 --console-hosts=a.example,b.example", true, true)]
    [InlineData("console.service.enabled=true,console.tlsSecret=tls", "--console-address=:8082 --console-tls-certificate=/etc/ostler/console-tls/tls.crt --console-tls-key=/etc/ostler/console-tls/tls.key", true, true)]
    public async Task Flags_rights_and_service_go_together(string values, string flags, bool reviews, bool service)
    {
        var rendered = await Rendered.OfAsync(Rendered.Newest, "--set", values);
        var pod = rendered.Pod("Deployment", "ostler-controller");

        Assert.Equal(flags, string.Join(' ', pod["containers"]![0]!["args"]!.AsArray().Select(a => (string)a!).Where(a => a.StartsWith("--console", StringComparison.Ordinal))));
        Assert.Equal(reviews, rendered.OfKind("ClusterRoleBinding").Any(b => Rendered.NameOf(b) == "ostler-console"));
        Assert.Equal(service, rendered.OfKind("Service").Any());
        Assert.Equal(service, pod["containers"]![0]!["ports"]!.AsArray().Any(p => (string?)p!["name"] == "console"));
        Assert.Equal(values.Contains("tlsSecret", StringComparison.Ordinal), pod["volumes"] is not null);
    }
}
