using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Ostler.Charts.Tests.Support;
using Ostler.Testing;
using Ostler.Testing.ControlPlane;
using Ostler.Testing.Hosts;
using Ostler.Testing.Tools;

namespace Ostler.Charts.Tests;

/// <summary>Alerts and dashboards: the files, and what the chart makes of them.</summary>
public sealed partial class MonitoringTests
{
    private static readonly string Alerts = Path.Combine(Repository.Config, "prometheus", "alerts.yaml");

    private static readonly string[] On =
        ["--set", "monitoring.serviceMonitor.enabled=true,monitoring.podMonitor.enabled=true,monitoring.prometheusRule.enabled=true,monitoring.dashboards.enabled=true,networkPolicy.enabled=true"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("check", "rules")]
    [InlineData("test", "rules")]
    public async Task Prometheus_takes_the_rules_and_each_fires_when_it_should_and_only_then(params string[] command)
    {
        var (promtool, whyNot) = await DebianPackage.FindAsync("prometheus", "promtool", Cancel);
        Assert.SkipWhen(promtool is null, whyNot);
        var file = command[0] == "check" ? Alerts : Path.Combine(Repository.Root, "tests", "Ostler.Charts.Tests", "Testdata", "alerts.test.yaml");

        var result = await ToolCommand.RunAsync([promtool!, .. command, file], Cancel);

        Assert.True(result.ExitCode == 0, result.Stdout + result.Stderr);
        Assert.Contains("SUCCESS", result.Stdout + result.Stderr, StringComparison.Ordinal);
    }

    /// <summary>A rule without a test that has seen it fire, and one that has seen it silent, may as well be wrong.</summary>
    [Fact]
    public async Task Every_alert_has_a_test_in_which_it_fires_and_one_in_which_it_does_not()
    {
        var rules = YamlDocuments.Read(await File.ReadAllTextAsync(Alerts, Cancel))[0]["groups"]![0]!["rules"]!.AsArray();
        var tests = YamlDocuments.Read(await File.ReadAllTextAsync(Path.Combine(Repository.Root, "tests", "Ostler.Charts.Tests", "Testdata", "alerts.test.yaml"), Cancel))[0];
        var expectations = tests["tests"]!.AsArray().SelectMany(t => t!["alert_rule_test"]!.AsArray()).Select(t => ((string)t!["alertname"]!, Fires: t["exp_alerts"]?.AsArray() is { Count: > 0 })).ToHashSet();

        var names = rules.Select(rule => (string)rule!["alert"]!).ToArray();
        Assert.Equal(
            ["OstlerRolloutStuck", "OstlerRolloutHalted", "OstlerAgentMissing", "OstlerNodeSilent", "OstlerNodeLeftCordoned", "OstlerQuarantinedImageTargeted", "OstlerImageNotReady",
             "OstlerNodesDrifted", "OstlerControllerWithoutLeader", "OstlerDrainBlocked", "OstlerNotificationsFailing", "OstlerGateClosed"],
            names);
        Assert.Equal(names.SelectMany(name => ((string, bool)[])[(name, true), (name, false)]).ToHashSet(), expectations);
        Assert.All(rules, rule => Assert.All((string[])["summary", "description", "runbook_url", "dashboard_url"], text => Assert.NotEmpty((string)rule!["annotations"]![text]!)));
    }

    /// <summary>At night no one looks for the right page.</summary>
    [Fact]
    public async Task Every_alert_links_to_its_own_section_of_the_documentation_and_to_a_dashboard_that_exists()
    {
        var rules = YamlDocuments.Read(await File.ReadAllTextAsync(Alerts, Cancel))[0]["groups"]![0]!["rules"]!.AsArray();
        var sections = (await File.ReadAllLinesAsync(Path.Combine(Repository.Config, "docs", "alerts.md"), Cancel))
            .Where(line => line.StartsWith("## ", StringComparison.Ordinal)).Select(line => line[3..]).ToArray();
        var boards = DashboardTests.Boards().ToDictionary(b => (string)b["uid"]!, b => b["templating"]!["list"]!.AsArray().Select(v => (string)v!["name"]!).ToHashSet(StringComparer.Ordinal));

        Assert.Equal(rules.Select(rule => (string)rule!["alert"]!), sections);
        Assert.All(rules, rule =>
        {
            Assert.Equal($"https://ostler.dev/docs/alerts#{((string)rule!["alert"]!).ToLowerInvariant()}", (string?)rule["annotations"]!["runbook_url"]);
            var link = DashboardTests.DashboardLink().Match((string)rule["annotations"]!["dashboard_url"]!);
            Assert.True(link.Success && boards.ContainsKey(link.Groups["uid"].Value), (string?)rule["annotations"]!["dashboard_url"]);
            Assert.All(link.Groups["variable"].Captures, variable => Assert.Contains(variable.Value, boards[link.Groups["uid"].Value]));
        });
    }

    [Fact]
    public async Task The_chart_puts_the_addresses_of_documentation_and_Grafana_into_the_links()
    {
        var rendered = await Rendered.OfAsync(
            Rendered.Newest, "--set", "monitoring.prometheusRule.enabled=true,monitoring.prometheusRule.runbookUrl=https://wiki.example/ostler,monitoring.prometheusRule.grafanaUrl=https://grafana.example");
        var rule = rendered.Single("PrometheusRule", "ostler")["spec"]!["groups"]![0]!["rules"]![1]!;

        Assert.Equal("https://wiki.example/ostler#ostlerrollouthalted", (string?)rule["annotations"]!["runbook_url"]);
        Assert.Equal("https://grafana.example/d/ostler-rollout?var-policy={{ $labels.policy }}", (string?)rule["annotations"]!["dashboard_url"]);
    }

    /// <summary>A misspelt metric has no samples, and an alert on it never fires.</summary>
    [Fact]
    public async Task Alerts_and_dashboards_ask_for_metrics_and_labels_that_there_are()
    {
        var known = MetricRow().Matches(await File.ReadAllTextAsync(Path.Combine(Repository.Config, "docs", "metrics.md"), Cancel))
            .ToDictionary(m => m.Groups[1].Value, m => m.Groups[2].Value, StringComparer.Ordinal);
        var files = Directory.EnumerateFiles(Path.Combine(Repository.Config, "grafana")).Append(Alerts);

        foreach (var file in files)
        {
            var used = UsedMetric().Matches(await File.ReadAllTextAsync(file, Cancel));
            Assert.NotEmpty(used);
            Assert.All(used, match =>
            {
                Assert.True(known.TryGetValue(Suffix().Replace(match.Groups[1].Value, ""), out var labels), $"{Path.GetFileName(file)} asks for {match.Groups[1].Value}, which is not in metrics.md");

                // Labels of the target: who scrapes gives them.
                Assert.All(
                    UsedLabel().Matches(match.Groups[2].Value).Where(label => label.Groups[1].Value is not ("cluster" or "namespace")),
                    label => Assert.Contains($"`{label.Groups[1].Value}`", labels, StringComparison.Ordinal));
            });
        }
    }

    [Fact]
    public async Task The_rule_of_the_chart_is_the_plain_file()
    {
        var rule = (await Rendered.OfAsync(Rendered.Newest, On)).Single("PrometheusRule", "ostler");

        Assert.Equal(Json.Sorted(YamlDocuments.Read(await File.ReadAllTextAsync(Alerts, Cancel))[0]), Json.Sorted(rule["spec"]));
    }

    [Theory]
    [MemberData(nameof(DashboardTests.Files), MemberType = typeof(DashboardTests))]
    public async Task A_dashboard_is_provisioned_as_it_is_and_can_be_imported_by_hand(string file)
    {
        var text = await File.ReadAllTextAsync(Path.Combine(Repository.Config, "grafana", file), Cancel);
        var map = (await Rendered.OfAsync(Rendered.Newest, On)).Single("ConfigMap", $"ostler-dashboard-{Path.GetFileNameWithoutExtension(file)}");
        var dashboard = JsonNode.Parse(text)!;

        Assert.Equal(text, (string?)map["data"]![file]);
        Assert.Equal("1", (string?)map["metadata"]!["labels"]!["grafana_dashboard"]);
        Assert.StartsWith("ostler-", (string)dashboard["uid"]!, StringComparison.Ordinal);

        // No data source of whoever made it: people choose theirs.
        Assert.All(DashboardTests.PanelsOf(file), panel => Assert.Equal("${datasource}", (string?)panel["datasource"]!["uid"]));
        var ids = dashboard["panels"]!.AsArray().Select(panel => (int)panel!["id"]!).ToArray();
        Assert.Equal(ids.Distinct(), ids);
        AssertNoOverlap(dashboard["panels"]!.AsArray());
    }

    [Fact]
    public async Task Monitors_service_and_network_policy_speak_of_the_pods_and_ports_that_there_are()
    {
        var rendered = await Rendered.OfAsync(Rendered.Newest, On);
        var template = rendered.Single("Deployment", "ostler-controller")["spec"]!["template"]!;
        var (labels, ports) = (template["metadata"]!["labels"]!.ToJsonString(), template["spec"]!["containers"]![0]!["ports"]!.AsArray().Select(p => (string)p!["name"]!).ToArray());
        var service = rendered.Single("Service", "ostler-controller-metrics");
        var serviceMonitor = rendered.Single("ServiceMonitor", "ostler-controller")["spec"]!;
        var podMonitor = rendered.Single("PodMonitor", "ostler-controller")["spec"]!;
        var network = rendered.Single("NetworkPolicy", "ostler-controller")["spec"]!;

        Assert.Equal(labels, service["spec"]!["selector"]!.ToJsonString());
        Assert.Contains((string)service["spec"]!["ports"]![0]!["targetPort"]!, ports);
        Assert.Equal((string?)service["spec"]!["ports"]![0]!["name"], (string?)serviceMonitor["endpoints"]![0]!["port"]);
        Assert.Superset(
            serviceMonitor["selector"]!["matchLabels"]!.AsObject().Select(l => $"{l.Key}={l.Value}").ToHashSet(),
            service["metadata"]!["labels"]!.AsObject().Select(l => $"{l.Key}={l.Value}").ToHashSet());
        Assert.Equal(labels, podMonitor["selector"]!["matchLabels"]!.ToJsonString());
        Assert.Contains((string)podMonitor["podMetricsEndpoints"]![0]!["port"]!, ports);
        Assert.Equal(labels, network["podSelector"]!["matchLabels"]!.ToJsonString());

        // The kubelet reaches the health port by itself, and nobody else has to.
        Assert.Equal(ports.Except(["health"]).Order(StringComparer.Ordinal), network["ingress"]!.AsArray().Select(i => (string)i!["ports"]![0]!["port"]!).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task None_of_it_is_made_unless_it_is_asked_for()
    {
        var rendered = await Rendered.OfAsync(Rendered.Newest);

        Assert.Empty(((string[])["Service", "ServiceMonitor", "PodMonitor", "PrometheusRule", "ConfigMap", "NetworkPolicy"]).SelectMany(rendered.OfKind));
    }

    private static void AssertNoOverlap(JsonArray panels)
    {
        var cells = panels.SelectMany(panel =>
        {
            var at = panel!["gridPos"]!;
            return from x in Enumerable.Range((int)at["x"]!, (int)at["w"]!) from y in Enumerable.Range((int)at["y"]!, (int)at["h"]!) select (x, y);
        }).ToArray();
        Assert.All(cells, cell => Assert.InRange(cell.x, 0, 23));
        Assert.Equal(cells.Length, cells.Distinct().Count());
    }

    [GeneratedRegex(@"^\| `(ostler_\w+)` \| \w+ \| ([^|]*) \|", RegexOptions.Multiline)]
    private static partial Regex MetricRow();

    // In JSON, quotes within an expression are escaped.
    [GeneratedRegex(@"\b(ostler_[a-z_]+)(?:\{([^}]*)\})?")]
    private static partial Regex UsedMetric();

    [GeneratedRegex(@"(\w+)\s*(?:=~|!~|!=|=)")]
    private static partial Regex UsedLabel();

    [GeneratedRegex("_(bucket|sum|count)$")]
    private static partial Regex Suffix();
}
