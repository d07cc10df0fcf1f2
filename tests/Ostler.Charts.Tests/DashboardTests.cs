using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Ostler.Testing;

namespace Ostler.Charts.Tests;

/// <summary>Rules for the dashboards of config/grafana, which Grafana itself does not have.</summary>
public sealed partial class DashboardTests
{
    public static TheoryData<string> Files =>
        [.. Directory.EnumerateFiles(Path.Combine(Repository.Config, "grafana"), "*.json").Select(file => Path.GetFileName(file)!).Order(StringComparer.Ordinal)];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    /// <summary>Grafana's own thresholds are green and, from 80 on, red: a fleet of 100 nodes would always be red.</summary>
    [Theory]
    [MemberData(nameof(Files))]
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
    [MemberData(nameof(Files))]
    public void Counters_are_shown_as_rates_or_increases(string file)
    {
        var queries = Queries(file).ToArray();
        Assert.NotEmpty(queries);
        Assert.All(queries, query => Assert.All(CounterUse().Matches(query), use => Assert.True(use.Groups[1].Value is "rate(" or "increase(", query)));
    }

    [Theory]
    [MemberData(nameof(Files))]
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
        var panels = Files.SelectMany(file => PanelsOf(file.Data)).Where(p => (string?)p["title"] == "Nodes by step").ToArray();

        Assert.Equal(12, console.Count);
        Assert.Equal(2, panels.Length);
        Assert.All(panels, panel => Assert.Equal(
            console,
            panel["fieldConfig"]!["overrides"]!.AsArray().ToDictionary(o => (string)o!["matcher"]!["options"]!, o => (string)o!["properties"]![0]!["value"]!["fixedColor"]!)));
    }

    [Theory]
    [MemberData(nameof(Files))]
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
        var links = Files.SelectMany(file => PanelsOf(file.Data)).SelectMany(LinksOf).ToArray();
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

    internal static JsonObject Board(string file) => JsonNode.Parse(File.ReadAllText(Path.Combine(Repository.Config, "grafana", file)))!.AsObject();

    internal static IEnumerable<JsonObject> Boards() => Files.Select(file => Board(file.Data));

    /// <summary>What shows something: all but the rows.</summary>
    internal static IEnumerable<JsonObject> PanelsOf(string file) => Board(file)["panels"]!.AsArray().Where(p => (string?)p!["type"] != "row").Select(p => p!.AsObject());

    private static IEnumerable<string> Queries(string file) => PanelsOf(file).SelectMany(p => p["targets"]!.AsArray()).Select(t => (string)t!["expr"]!)
        .Concat(Board(file)["annotations"]!["list"]!.AsArray().Select(a => (string)a!["expr"]!));

    private static IEnumerable<string> LinksOf(JsonObject panel) => (panel["fieldConfig"]!["defaults"]!["links"]?.AsArray() ?? [])
        .Concat(panel["fieldConfig"]!["overrides"]!.AsArray().SelectMany(o => o!["properties"]!.AsArray()).Where(p => (string?)p!["id"] == "links").SelectMany(p => p!["value"]!.AsArray()))
        .Select(link => (string)link!["url"]!);

    [GeneratedRegex(@"^/d/(?<uid>[a-z-]+)(\?(?:&?(?:var-(?<variable>\w+)=[^&]*|\$\{(?<variable>datasource|cluster|namespace):queryparam\}|\$\{__url_time_range\}))*)?$")]
    internal static partial Regex DashboardLink();

    [GeneratedRegex(@"(\w+\()?\bostler_[a-z_]+_(?:total|bucket)\b")]
    private static partial Regex CounterUse();

    [GeneratedRegex(@"\[data-step=""(\w+)""\] \{ --fill: (?:light-dark\()?(#[0-9a-f]+)")]
    private static partial Regex StepColour();

    [GeneratedRegex(@"\b(ostler_[a-z_]+)(?:\{([^}]*)\})?")]
    private static partial Regex UsedMetric();
}
