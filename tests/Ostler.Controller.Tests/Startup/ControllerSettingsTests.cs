using System.Net;
using Microsoft.Extensions.Logging;
using Ostler.Api.Meta;
using Ostler.Controller.Startup;
using Ostler.Kubernetes.Connections;

namespace Ostler.Controller.Tests.Startup;

public sealed class ControllerSettingsTests
{
    [Fact]
    public void Without_flags_the_environment_and_the_defaults_hold()
    {
        var (settings, _) = ControllerSettings.Parse([], name => name == "NODE_NAME" ? "node-1" : null, "host");

        Assert.Equal(
            new() { Identity = "host", NodeName = "node-1" },
            settings);
        Assert.True(settings!.LeaderElection);
        Assert.Equal(8080, settings.MetricsAddress!.Port);
    }

    [Fact]
    public void The_labels_of_the_control_plane_can_be_named()
    {
        Assert.True(Roles("--control-plane-labels=acme.example/server,node-role.kubernetes.io/etcd")!.IsControlPlane(new Dictionary<string, string> { ["acme.example/server"] = "" }));
        Assert.False(Roles("--control-plane-labels=acme.example/server")!.IsControlPlane(new Dictionary<string, string> { ["node-role.kubernetes.io/etcd"] = "" }));
        Assert.Null(Roles("--control-plane-labels="));
        Assert.Null(Roles("--control-plane-labels=a,,b"));
        Assert.Null(Roles("--control-plane-labels=a=b"));

        static Ostler.Api.Meta.NodeRoles? Roles(string flag) => ControllerSettings.Parse([flag], _ => null, "host").Settings?.Roles;
    }

    [Fact]
    public void The_Alertmanager_of_the_installation_is_named()
    {
        Assert.Equal(
            new() { Url = new("https://alertmanager.example:9093"), AuthoritiesFile = "/ca", TokenFile = "/token", AllowOtherUrls = true },
            Parse(["--alertmanager-url=https://alertmanager.example:9093", "--alertmanager-ca-file=/ca", "--alertmanager-token-file",
                "/token", "--alertmanager-allow-other-urls"]).Settings!.Alertmanager);
        Assert.False(Parse([]).Settings!.Alertmanager.AllowOtherUrls);
        Assert.Contains("needs an https URL", Parse(["--alertmanager-url=http://am", "--alertmanager-token-file=/token"]).Problem,
            StringComparison.Ordinal);
        Assert.Contains("belong to --alertmanager-url", Parse(["--alertmanager-token-file=/token"]).Problem, StringComparison.Ordinal);
        Assert.NotNull(Parse(["--alertmanager-url=ftp://am"]).Problem);
        Assert.NotNull(Parse(["--alertmanager-url=https://user:password@am"]).Problem);

        static (ControllerSettings? Settings, string? Problem) Parse(string[] flags) => ControllerSettings.Parse(flags, _ => null, "host");
    }

    [Fact]
    public void Flags_win_over_the_environment_and_take_both_forms()
    {
        var (settings, problem) = ControllerSettings.Parse(
            ["--namespace=a", "--identity", "me", "--leader-election=false", "--metrics-address=127.0.0.1:9", "--health-address=0", "--shutdown-timeout=5s",
             "--log-format=json", "--log-level=debug", "--kubeconfig=/x", "--node-name=n"],
            name => name is "NAMESPACE" or "POD_NAME" ? "other" : null,
            "host");

        Assert.Null(problem);
        Assert.Equal(
            new()
            {
                Namespace = "a",
                Identity = "me",
                LeaderElection = false,
                MetricsAddress = new(IPAddress.Loopback, 9),
                HealthAddress = null,
                ShutdownTimeout = TimeSpan.FromSeconds(5),
                LogFormat = LogFormat.Json,
                LogLevel = LogLevel.Debug,
                Kubeconfig = "/x",
                NodeName = "n",
            },
            settings);
    }

    [Theory]
    [InlineData("", true, "127.0.0.1:8082", false, "localhost,127.0.0.1,[::1]")]
    [InlineData("--console-address=0 --console-auth=token", false, "127.0.0.1:8082", true, "")]
    [InlineData("--console-auth=token", true, "127.0.0.1:8082", true, "")]
    [InlineData("--console-address=[::1]:9", true, "[::1]:9", false, "localhost,127.0.0.1,[::1]")]
    [InlineData("--console-address=:8082", true, "[::]:8082", true, "")]
    [InlineData("--console-address=10.0.0.1:8082 --console-auth=none", true, "10.0.0.1:8082", true, "")]
    [InlineData("--console-hosts=a,b --console-address=:8082", true, "[::]:8082", true, "a,b,localhost,127.0.0.1,[::1]")]
    public void The_console_is_on_loopback_and_beyond_it_never_without_tokens(string flags, bool served, string address, bool tokens, string hosts)
    {
        var (settings, problem) = ControllerSettings.Parse(flags.Split(' ', StringSplitOptions.RemoveEmptyEntries), _ => null, "host");

        Assert.Null(problem);
        Assert.Equal(
            (served, address, tokens, hosts),
            (settings!.ServesConsole, settings.Console.Address.ToString(), settings.Console.AsksForTokens, string.Join(',', settings.Console.AllowedHosts)));
    }

    [Fact]
    public void The_console_names_the_cluster_as_it_is_told_to() =>
        Assert.Equal("prod-west", ControllerSettings.Parse(["--console-cluster-name=prod-west"], _ => null, "host")
            .Settings!.Console.ClusterName);

    [Fact]
    public void Link_local_addresses_are_refused_unless_they_are_listed()
    {
        var none = ControllerSettings.Parse([], _ => null, "host").Settings!.Outbound;
        var some = ControllerSettings.Parse(["--allow-addresses=169.254.20.0/24,fe80::1"], _ => null, "host").Settings!.Outbound;

        Assert.Equal(
            (true, true, false, false, true),
            (none.Refuses(IPAddress.Parse("169.254.20.10")), none.Refuses(IPAddress.Parse("fe80::1")), some.Refuses(IPAddress.Parse("169.254.20.10")),
                some.Refuses(IPAddress.Parse("fe80::1")), some.Refuses(IPAddress.Parse("169.254.169.254"))));
    }

    [Fact]
    public void A_port_alone_means_every_address_of_both_families()
    {
        var (settings, _) = ControllerSettings.Parse(["--metrics-address", ":9090"], _ => null, "host");

        Assert.Equal(new IPEndPoint(IPAddress.IPv6Any, 9090), settings!.MetricsAddress);
    }

    [Theory]
    [InlineData("--metric-address=:1", "--metric-address is not a flag")]
    [InlineData("--console-auth=perhaps", "is not a value for --console-auth")]
    [InlineData("--console-address=localhost", "is not a value for --console-address")]
    [InlineData("--console-tls-key=/key", "--console-tls-certificate and --console-tls-key must be set together")]
    [InlineData("extra", "extra is not a flag")]
    [InlineData("--metrics-address=8080", "\"8080\" is not a value for --metrics-address")]
    [InlineData("--metrics-address=:99999", "is not a value for --metrics-address")]
    [InlineData("--leader-election=maybe", "is not a value for --leader-election")]
    [InlineData("--shutdown-timeout=5", "is not a value for --shutdown-timeout")]
    [InlineData("--allow-addresses=metadata", "is not a value for --allow-addresses")]
    [InlineData("--allow-addresses=169.254.0.0/33", "is not a value for --allow-addresses")]
    [InlineData("--log-level=17", "is not a value for --log-level")]
    [InlineData("--namespace=", "is not a value for --namespace")]
    [InlineData("--namespace", "--namespace needs a value")]
    public void What_cannot_be_read_is_refused_by_name(string argument, string words)
    {
        var (settings, problem) = ControllerSettings.Parse([argument], _ => null, "host");

        Assert.Null(settings);
        Assert.Contains(words, problem, StringComparison.Ordinal);
    }
}
