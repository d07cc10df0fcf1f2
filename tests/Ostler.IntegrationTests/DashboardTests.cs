using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json.Nodes;
using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;
using Ostler.IntegrationTests.Support;
using Ostler.Testing;
using Ostler.Testing.Hosts;
using Ostler.Testing.Prometheus;
using Ostler.Testing.Waiting;

namespace Ostler.IntegrationTests;

/// <summary>
/// What a Prometheus that scraped a rollout has to tell: the panels of the dashboards, the alerts, the documented metrics.
/// </summary>
public sealed class DashboardTests
{
    [Fact]
    public async Task Every_panel_has_data_of_a_rollout_that_failed_and_of_one_that_went_well()
    {
        await using var rig = await Rig.StartAsync(2, change: o => o with { ServeMetrics = true });
        var (prometheus, whyNot) = await PrometheusServer.StartAsync([rig.Fleet.MetricsAddress!], Rig.Cancel);
        Assert.SkipWhen(prometheus is null, whyNot);
        await using var _ = prometheus!;
        using var http = new HttpClient { BaseAddress = prometheus!.Address };
        var began = DateTimeOffset.UtcNow;

        await rig.PublishAsync(OsTree.Of("2.0").Unhealthy("ostler-lab.service"));
        await rig.ApplyPolicyAsync(Rig.Spec with
        {
            Health = Rig.Spec.Health with { Timeout = Duration.FromSeconds(8) },
            Gates =
            [
                new()
                {
                    Name = "backup",
                    Pods = new()
                    {
                        Selector = new() { MatchLabels = new Dictionary<string, string> { ["app"] = "backup" } },
                        Absent = true,
                        Scope = GateScope.Node,
                    },
                },
            ],
        });
        await rig.PolicyAsync(p => p?.Status is { Nodes: { RolledBack: 1, Updating: 0 } } s && s.Conditions.IsTrue(ConditionTypes.Halted));

        // What halts a rollout is seen while the node still goes back; what is blocked, only when it is there.
        await SeesAsync(http, "max(ostler_rollout_halted) == 1 and on () max(ostler_target_quarantined) == 1 and on () sum(ostler_nodes_blocked) > 0");
        await rig.EverywhereAsync(await rig.PublishAsync(OsTree.Of("3.0")));
        await SeesAsync(http, "min(ostler_policy_ready{reason=\"UpToDate\"}) == 1 and on () sum(increase(ostler_node_updates_total[1m])) > 0");

        var empty = new List<string>();
        foreach (var (panel, query) in Panels())
        {
            if (!await HasDataAsync(http, query, began))
            {
                empty.Add($"{panel}: {query}");
            }
        }

        Assert.Equal([], empty);
        await AssertDocumentedAsync(rig.Fleet.MetricsAddress!);
    }

    /// <summary>Each query of each panel, with Grafana's variables put in.</summary>
    private static IEnumerable<(string Panel, string Query)> Panels() =>
        from file in Directory.EnumerateFiles(Path.Combine(Repository.Config, "grafana"), "*.json").Order(StringComparer.Ordinal)
        from panel in JsonNode.Parse(File.ReadAllText(file))!["panels"]!.AsArray()
        from target in panel!["targets"]?.AsArray() ?? []
        select (
            $"{Path.GetFileName(file)}, {panel["title"]}",
            ((string)target!["expr"]!).Replace("$policy", Rig.Policy, StringComparison.Ordinal)
                .Replace("$cluster", ".*", StringComparison.Ordinal).Replace("$namespace", ".*", StringComparison.Ordinal)
                .Replace("$__rate_interval", "10s", StringComparison.Ordinal).Replace("$__range", "10m", StringComparison.Ordinal));

    /// <summary>Whether there was at any moment of the test a number to show.</summary>
    private static async Task<bool> HasDataAsync(HttpClient http, string query, DateTimeOffset since)
    {
        var range = string.Create(
            CultureInfo.InvariantCulture,
            $"api/v1/query_range?query={Uri.EscapeDataString(query)}&start={since.ToUnixTimeSeconds()}&end={DateTimeOffset.UtcNow.ToUnixTimeSeconds()}&step=1");
        Assert.DoesNotContain("$", query, StringComparison.Ordinal);
        return (await ResultAsync(http, range)).Any(series => series!["values"]!.AsArray().Any(value => (string?)value![1] is not ("NaN" or null)));
    }

    /// <summary>Waits until a scrape has shown it.</summary>
    private static async Task SeesAsync(HttpClient http, string query)
    {
        // Each further series that Prometheus has is progress.
        using var timer = new ProgressTimer(TimeProvider.System, ProgressWait.DefaultPatience);
        using var tick = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        while ((await ResultAsync(http, $"api/v1/query?query={Uri.EscapeDataString(query)}")).Count == 0)
        {
            var series = await ResultAsync(http, $"api/v1/query?query={Uri.EscapeDataString("count({__name__=~\"ostler_.*\"})")}");
            timer.Observe($"{series.FirstOrDefault()?["value"]?[1] ?? "0"} series");
            if (timer.Expired.IsCancellationRequested)
            {
                throw new NoProgressException($"Prometheus answers {query}", timer.Patience, timer.LastState);
            }

            await tick.WaitForNextTickAsync(Rig.Cancel);
        }
    }

    private static async Task<JsonArray> ResultAsync(HttpClient http, string path)
    {
        using var answer = await http.GetAsync(new Uri(path, UriKind.Relative), Rig.Cancel);
        var body = (await answer.Content.ReadFromJsonAsync<JsonObject>(Rig.Cancel))!;
        Assert.True(answer.IsSuccessStatusCode, $"{path}: {body.ToJsonString()}");
        return body["data"]!["result"]!.AsArray();
    }

    /// <summary>Every series of ours that is served is in the table, with just the labels that the table names.</summary>
    private static async Task AssertDocumentedAsync(string address)
    {
        using var http = new HttpClient();
        var text = await http.GetStringAsync(new Uri($"http://{address}/metrics"), Rig.Cancel);
        var rows = (await File.ReadAllLinesAsync(Path.Combine(Repository.Config, "docs", "metrics.md"), Rig.Cancel)).Where(row => row.StartsWith("| `ostler_", StringComparison.Ordinal)).Select(row => row.Split('|'))
            .ToDictionary(row => row[1].Trim(' ', '`'), row => (Type: row[2].Trim(), Labels: row[3].Replace("`", "", StringComparison.Ordinal).Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)));
        var types = text.Split('\n').Where(line => line.StartsWith("# TYPE ostler_", StringComparison.Ordinal)).Select(line => line.Split(' ')).ToDictionary(words => words[2], words => words[3]);

        Assert.NotEmpty(types);
        Assert.All(types, type => Assert.Equal((type.Key, type.Value), (type.Key, rows.GetValueOrDefault(type.Key).Type)));
        foreach (var line in text.Split('\n').Where(line => line.StartsWith("ostler_", StringComparison.Ordinal)))
        {
            var name = types.Keys.Single(n => line.StartsWith(n, StringComparison.Ordinal) && line[n.Length..].Split('{', ' ')[0] is "" or "_bucket" or "_sum" or "_count");
            var labels = line.Contains('{', StringComparison.Ordinal) ? line[(line.IndexOf('{', StringComparison.Ordinal) + 1)..line.LastIndexOf('}')].Split(',').Select(l => l.Split('=')[0]).Where(l => l != "le") : [];
            Assert.Equal(rows[name].Labels.Order(StringComparer.Ordinal), labels.Order(StringComparer.Ordinal));
        }
    }
}
