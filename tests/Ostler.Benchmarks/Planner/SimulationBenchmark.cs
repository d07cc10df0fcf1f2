using System.Diagnostics;
using System.Globalization;
using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;
using Ostler.Benchmarks.Harness;
using Ostler.Simulation;

namespace Ostler.Benchmarks.Planner;

/// <summary>How long it takes to foretell a rollout over 5,000 nodes that takes most of a week.</summary>
internal sealed class SimulationBenchmark : IBenchmark
{
    private const int Nodes = 5_000;
    private const double Wanted = 10;

    public string Name => "simulation";

    public string Summary => "the forecast of a week for 5,000 nodes";

    public Task<IReadOnlyList<Figure>> RunAsync(Action<string> progress, CancellationToken cancellationToken)
    {
        var figures = new List<Figure>();
        Measure(figures, progress, "bare nodes", Fleet([]));
        Measure(figures, progress, "with 20,000 pods", Fleet(
            [.. Enumerable.Range(1, 100).Select(i => new SimulatedWorkload { Name = string.Create(CultureInfo.InvariantCulture, $"web-{i}"), Replicas = 200, MinAvailable = 180 })]));
        return Task.FromResult<IReadOnlyList<Figure>>(figures);
    }

    private static void Measure(List<Figure> figures, Action<string> progress, string what, FleetDescription fleet)
    {
        progress(what);
        using var process = Process.GetCurrentProcess();
        var (start, used) = (Stopwatch.GetTimestamp(), process.TotalProcessorTime);
        var forecast = RolloutSimulation.Forecast(fleet, "edge", Policy, Target);
        var seconds = Stopwatch.GetElapsedTime(start).TotalSeconds;
        process.Refresh();
        var processor = (process.TotalProcessorTime - used).TotalSeconds;
        foreach (var line in ForecastText.Lines(forecast, mostNodes: 0).Where(l => l.Length < 200))
        {
            progress(line);
        }

        // On a machine that others use, the time that it took says less than the time that it was given.
        figures.Add(new($"a week, {what}", seconds, "s", Wanted, string.Create(
            CultureInfo.InvariantCulture,
            $"once, from a cold start for the first; {processor:0.0} s of processor time; {forecast.Counts.Updated} of {forecast.Counts.Total} updated after {forecast.Total.TotalDays:0.0} days, {forecast.Failures.Count} failed, looks every {forecast.Resolution.TotalSeconds:0} s")));
    }

    // Four hours each night, and so a handful of nights.
    private static UpgradePolicySpec Policy { get; } = new()
    {
        ImageRef = new() { Name = "edge-os" },
        NodeSelector = new() { MatchLabels = new Dictionary<string, string> { ["node-role.kubernetes.io/edge"] = "" } },
        Windows = [new() { Schedule = "0 22 * * *", Duration = Duration.FromMinutes(4 * 60), TimeZone = "Europe/Berlin" }],
        Rollout = new()
        {
            MaxUnavailable = IntOrPercent.Count(40),
            Topology = new() { MaxDomainsAtOnce = 2 },
            Waves = [new() { Name = "canary", Nodes = IntOrPercent.Percent(1), Soak = Duration.FromMinutes(60) }],
        },
        Rollback = new() { MaxFailures = IntOrPercent.Percent(5) },
    };

    private static FleetTarget Target { get; } = new()
    {
        Digest = new('b', 64),
        Version = "42",
        Image = new() { Ostree = new() { Remote = "acme", Url = "https://ostree.acme.example/repo", Ref = "acme/stable/x86_64/edge" } },
    };

    private static FleetDescription Fleet(IReadOnlyList<SimulatedWorkload> workloads) => new()
    {
        Nodes =
        [
            new()
            {
                Name = "edge",
                Count = Nodes,
                Zones = ["a", "b", "c"],
                Labels = new Dictionary<string, string> { ["node-role.kubernetes.io/edge"] = "", ["kubernetes.io/arch"] = "amd64", ["kubernetes.io/os"] = "linux" },
            },
        ],
        Start = new(2026, 11, 2, 8, 0, 0, TimeSpan.Zero),
        Horizon = new(TimeSpan.FromDays(7)),
        Failures = new() { Staging = 0.02, FallsBack = 0.002, Unhealthy = 0.002 },
        Workloads = workloads,
    };
}
