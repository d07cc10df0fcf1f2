using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Ostler.Charts.Tests.Support;
using Ostler.Testing.ControlPlane;
using Ostler.Testing.Tools;

namespace Ostler.Charts.Tests;

/// <summary>Alerts and dashboards: the files, and what the chart makes of them.</summary>
public sealed partial class MonitoringTests
{
    private static readonly string Alerts = Path.Combine(Repository.Config, "prometheus", "alerts.yaml");

    private static readonly string[] On =
        ["--set", "monitoring.serviceMonitor.enabled=true,monitoring.podMonitor.enabled=true,monitoring.prometheusRule.enabled=true,monitoring.dashboards.enabled=true,networkPolicy.enabled=true"];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string> Dashboards => [.. Directory.EnumerateFiles(Path.Combine(Repository.Config, "grafana"), "*.json").Select(file => Path.GetFileName(file)!).Order(StringComparer.Ordinal)];

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
             "OstlerNodesDrifted", "OstlerControllerWithoutLeader", "OstlerDrainBlocked", "OstlerNotificationsFailing"],
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
        var boards = Boards().ToDictionary(b => (string)b["uid"]!, b => b["templating"]!["list"]!.AsArray().Select(v => (string)v!["name"]!).ToHashSet(StringComparer.Ordinal));

        Assert.Equal(rules.Select(rule => (string)rule!["alert"]!), sections);
        Assert.All(rules, rule =>
        {
            Assert.Equal($"https://ostler.dev/docs/alerts#{((string)rule!["alert"]!).ToLowerInvariant()}", (string?)rule["annotations"]!["runbook_url"]);
            var link = DashboardLink().Match((string)rule["annotations"]!["dashboard_url"]!);
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

    /// <summary>Grafana's own thresholds are green and, from 80 on, red: a fleet of 100 nodes would always be red.</summary>
    [Theory]
    [MemberData(nameof(Dashboards))]
    public void A_panel_has_thresholds_or_colours_of_its_own(string file)
    {
        Assert.All(PanelsOf(file), panel =>
        {
            var defaults = panel["fieldConfig"]!["defaults"]!;
            var mode = (string?)defaults["color"]?["mode"];
            Assert.True(
                (string?)panel["type"] == "timeseries" ? mode is "palette-classic" or "palette-classic-by-name" or "fixed"
                : mode == "fixed" ? defaults["color"]!["fixedColor"] is not null
                : mode == "thresholds" && defaults["thresholds"]?["steps"]?.AsArray() is [{ } first, _, ..] && first["value"] is null,
                $"{panel["title"]}: {defaults.ToJsonString()}");
        });
    }

    /// <summary>A counter as it is shows how long a process has been running.</summary>
    [Theory]
    [MemberData(nameof(Dashboards))]
    public void Counters_are_shown_as_rates_or_increases(string file)
    {
        var queries = Queries(file).ToArray();
        Assert.NotEmpty(queries);
        Assert.All(queries, query => Assert.All(CounterUse().Matches(query), use => Assert.True(use.Groups[1].Value is "rate(" or "increase(", query)));
    }

    [Theory]
    [MemberData(nameof(Dashboards))]
    public void Every_query_is_of_the_chosen_clusters_and_namespaces(string file)
    {
        var variables = Board(file)["templating"]!["list"]!.AsArray().ToDictionary(v => (string)v!["name"]!, v => v!);

        // Without a label of the cluster, as in a Prometheus of one cluster, All is still everything.
        Assert.All((string[])["cluster", "namespace"], name => Assert.Equal((true, ".*"), ((bool)variables[name]["includeAll"]!, (string?)variables[name]["allValue"])));
        Assert.All(Queries(file), query => Assert.All(
            UsedMetric().Matches(query), use => Assert.Contains("cluster=~\"$cluster\",namespace=~\"$namespace\"", use.Groups[2].Value, StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Steps_have_the_colours_of_the_console()
    {
        var console = StepColour().Matches(await File.ReadAllTextAsync(Path.Combine(Repository.Root, "src", "Ostler.Controller", "Console", "Web", "console.css"), Cancel))
            .Where(m => m.Groups[1].Value != "Unknown").ToDictionary(m => m.Groups[1].Value, m => m.Groups[2].Value);
        var panels = Dashboards.SelectMany(file => PanelsOf(file.Data)).Where(p => (string?)p["title"] == "Nodes by step").ToArray();

        Assert.Equal(12, console.Count);
        Assert.Equal(2, panels.Length);
        Assert.All(panels, panel => Assert.Equal(
            console,
            panel["fieldConfig"]!["overrides"]!.AsArray().ToDictionary(o => (string)o!["matcher"]!["options"]!, o => (string)o!["properties"]![0]!["value"]!["fixedColor"]!)));
    }

    [Theory]
    [MemberData(nameof(Dashboards))]
    public void A_dashboard_has_rows_a_shared_crosshair_and_the_events_of_a_rollout(string file)
    {
        var board = Board(file);
        var annotations = board["annotations"]!["list"]!.AsArray();

        Assert.Equal(1, (int)board["graphTooltip"]!);
        Assert.Equal("row", (string?)board["panels"]![0]!["type"]);
        Assert.InRange(board["panels"]!.AsArray().Count(p => (string?)p!["type"] == "row"), 2, 6);
        Assert.Equal(["Rollout started", "Rollout halted", "Node rolled back"], annotations.Select(a => (string)a!["name"]!));
        Assert.All(annotations, a => Assert.Equal("${datasource}", (string?)a!["datasource"]!["uid"]));
    }

    [Fact]
    public void What_the_fleet_shows_by_policy_leads_to_the_rollout_of_the_policy()
    {
        var variables = Boards().ToDictionary(b => (string)b["uid"]!, b => b["templating"]!["list"]!.AsArray().Select(v => (string)v!["name"]!).ToHashSet(StringComparer.Ordinal));
        var links = Dashboards.SelectMany(file => PanelsOf(file.Data)).SelectMany(LinksOf).ToArray();
        var byPolicy = PanelsOf("fleet.json").Where(p => p["targets"]!.AsArray().Any(t => ((string)t!["legendFormat"]!).Contains("{{policy}}", StringComparison.Ordinal))).ToArray();

        Assert.True(byPolicy.Length >= 4, "Panels by policy are found by their legend.");
        Assert.All(byPolicy, panel => Assert.NotEmpty(LinksOf(panel)));
        Assert.All(links, link =>
        {
            var target = DashboardLink().Match(link);
            Assert.True(target.Success && variables.TryGetValue(target.Groups["uid"].Value, out var known) && target.Groups["variable"].Captures.All(v => known.Contains(v.Value)), link);
        });
    }

    [Fact]
    public void MaxUnavailable_stands_next_to_what_is_unavailable_and_versions_are_stacked()
    {
        foreach (var file in (string[])["fleet.json", "rollout.json"])
        {
            var panels = PanelsOf(file).ToArray();
            Assert.Contains(panels, p => p["targets"]!.ToJsonString() is var targets
                && targets.Contains("ostler_nodes_unavailable", StringComparison.Ordinal) && targets.Contains("ostler_nodes_max_unavailable", StringComparison.Ordinal));
            Assert.Contains(panels, p => p["targets"]!.ToJsonString().Contains("ostler_nodes_by_version", StringComparison.Ordinal)
                && (string?)p["fieldConfig"]!["defaults"]!["custom"]!["stacking"]?["mode"] == "normal");
        }
    }

    /// <summary>A misspelt metric has no samples, and an alert on it never fires.</summary>
    [Fact]
    public async Task Alerts_and_dashboards_ask_for_metrics_and_labels_that_there_are()
    {
        var known = MetricRow().Matches(await File.ReadAllTextAsync(Path.Combine(Repository.Config, "metrics.md"), Cancel))
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
    [MemberData(nameof(Dashboards))]
    public async Task A_dashboard_is_provisioned_as_it_is_and_can_be_imported_by_hand(string file)
    {
        var text = await File.ReadAllTextAsync(Path.Combine(Repository.Config, "grafana", file), Cancel);
        var map = (await Rendered.OfAsync(Rendered.Newest, On)).Single("ConfigMap", $"ostler-dashboard-{Path.GetFileNameWithoutExtension(file)}");
        var dashboard = JsonNode.Parse(text)!;

        Assert.Equal(text, (string?)map["data"]![file]);
        Assert.Equal("1", (string?)map["metadata"]!["labels"]!["grafana_dashboard"]);
        Assert.StartsWith("ostler-", (string)dashboard["uid"]!, StringComparison.Ordinal);

        // No data source of whoever made it: people choose theirs.
        Assert.All(PanelsOf(file), panel => Assert.Equal("${datasource}", (string?)panel["datasource"]!["uid"]));
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
        Assert.Equal(ports.Order(StringComparer.Ordinal), network["ingress"]!.AsArray().Select(i => (string)i!["ports"]![0]!["port"]!).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task None_of_it_is_made_unless_it_is_asked_for()
    {
        var rendered = await Rendered.OfAsync(Rendered.Newest);

        Assert.Empty(((string[])["Service", "ServiceMonitor", "PodMonitor", "PrometheusRule", "ConfigMap", "NetworkPolicy"]).SelectMany(rendered.OfKind));
    }

    private static JsonObject Board(string file) => JsonNode.Parse(File.ReadAllText(Path.Combine(Repository.Config, "grafana", file)))!.AsObject();

    private static IEnumerable<JsonObject> Boards() => Dashboards.Select(file => Board(file.Data));

    /// <summary>What shows something: all but the rows.</summary>
    private static IEnumerable<JsonObject> PanelsOf(string file) => Board(file)["panels"]!.AsArray().Where(p => (string?)p!["type"] != "row").Select(p => p!.AsObject());

    private static IEnumerable<string> Queries(string file) => PanelsOf(file).SelectMany(p => p["targets"]!.AsArray()).Select(t => (string)t!["expr"]!)
        .Concat(Board(file)["annotations"]!["list"]!.AsArray().Select(a => (string)a!["expr"]!));

    private static IEnumerable<string> LinksOf(JsonObject panel) => (panel["fieldConfig"]!["defaults"]!["links"]?.AsArray() ?? [])
        .Concat(panel["fieldConfig"]!["overrides"]!.AsArray().SelectMany(o => o!["properties"]!.AsArray()).Where(p => (string?)p!["id"] == "links").SelectMany(p => p!["value"]!.AsArray()))
        .Select(link => (string)link!["url"]!);

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

    [GeneratedRegex(@"^/d/(?<uid>[a-z-]+)(\?(?:&?(?:var-(?<variable>\w+)=[^&]*|\$\{(?<variable>datasource|cluster|namespace):queryparam\}|\$\{__url_time_range\}))*)?$")]
    private static partial Regex DashboardLink();

    [GeneratedRegex(@"(\w+\()?\bostler_[a-z_]+_(?:total|bucket)\b")]
    private static partial Regex CounterUse();

    [GeneratedRegex(@"\[data-step=""(\w+)""\] \{ --fill: (?:light-dark\()?(#[0-9a-f]+)")]
    private static partial Regex StepColour();

    [GeneratedRegex("_(bucket|sum|count)$")]
    private static partial Regex Suffix();
}
