using System.Diagnostics;
using System.Globalization;
using Ostler.Benchmarks.Harness;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Status;

namespace Ostler.Benchmarks.Planner;

/// <summary>How long one decision about 5,000 nodes takes, in the middle of a rollout and when there is nothing to do.</summary>
internal sealed class PlannerBenchmark : IBenchmark
{
    private const int Nodes = 5_000;
    private const int ManyNodes = 3_000;
    private const int ManyPolicies = 500;
    private const int WarmUps = 200;
    private const int Runs = 1_000;
    private const double Wanted = 5;

    public string Name => "planner";

    public string Summary => "one plan for 5,000 nodes";

    public Task<IReadOnlyList<Figure>> RunAsync(Action<string> progress, CancellationToken cancellationToken)
    {
        progress("taking 5,000 nodes through a rollout");
        var fleet = new PlannerFleet(Nodes);
        var figures = new List<Figure>();
        Measure(figures, progress, "fresh", fleet.Snapshot(), cancellationToken);
        Measure(figures, progress, "mid-rollout", fleet.RunUntil(IsMidway), cancellationToken);
        Measure(figures, progress, "idle", fleet.RunUntil(plan => plan.Actions.Count == 0 && plan.Nodes.All(n => n.Tally == NodeTally.Updated)), cancellationToken);
        MeasureBesideOthers(figures, progress, fleet.Snapshot(), cancellationToken);
        return Task.FromResult<IReadOnlyList<Figure>>(figures);
    }

    /// <summary>One pass's plan for 3,000 nodes beside 500 other policies, each of which selects a pool of its own.</summary>
    private static void MeasureBesideOthers(
        List<Figure> figures, Action<string> progress, RolloutSnapshot snapshot, CancellationToken cancellationToken)
    {
        var nodes = snapshot.Nodes.Take(ManyNodes).ToArray();
        OtherPolicy[] others =
        [
            .. Enumerable.Range(0, ManyPolicies).Select(i => new OtherPolicy
            {
                Name = string.Create(CultureInfo.InvariantCulture, $"pool-{i:000}"),
                NodeSelector = new()
                {
                    MatchLabels = new Dictionary<string, string>
                    {
                        ["kubernetes.io/os"] = "linux",
                        ["pool"] = i.ToString(CultureInfo.InvariantCulture),
                    },
                },
            }),
        ];
        var known = nodes.Select(n => n with { SelectedBy = [PlannerFleet.Policy] }).ToArray();
        foreach (var (what, beside) in new[]
        {
            ("alone", snapshot with { Nodes = known, OtherPolicies = [] }),
            ("beside 500 policies", snapshot with { Nodes = known, OtherPolicies = others }),
            ("beside 500 policies, every selector matched", snapshot with { Nodes = nodes, OtherPolicies = others }),
        })
        {
            progress($"3,000 nodes {what}");
            var (times, memory) = Time(() => RolloutPlanner.Plan(beside), cancellationToken, warmUps: 5, runs: 20);
            figures.Add(new($"3,000 nodes {what}, median", times.Median, "ms", null, memory));
        }
    }

    private static void Measure(List<Figure> figures, Action<string> progress, string what, RolloutSnapshot snapshot, CancellationToken cancellationToken)
    {
        var plan = RolloutPlanner.Plan(snapshot);
        var tallies = string.Join(", ", plan.Nodes.GroupBy(n => n.Tally).OrderBy(g => g.Key).Select(g => string.Create(CultureInfo.InvariantCulture, $"{g.Count()} {g.Key}")));
        progress($"{what}: {tallies}; {plan.Actions.Count} actions");
        var (times, memory) = Time(() => RolloutPlanner.Plan(snapshot), cancellationToken);
        var (reports, _) = Time(() => RolloutStatus.Compute(snapshot, plan), cancellationToken);
        figures.Add(new($"{what}, median", times.Median, "ms", Wanted, string.Create(CultureInfo.InvariantCulture, $"{Runs} runs after {WarmUps}; {tallies}; {plan.Actions.Count} actions")));
        figures.Add(new($"{what}, p99", times.Percentile(99), "ms", Wanted, memory));
        figures.Add(new($"{what}, status computed, median", reports.Median, "ms", null, "RolloutStatus.Compute on the same plan: the other half of a pass that is no I/O"));
    }

    private static bool IsMidway(RolloutPlan plan) =>
        plan.Nodes.Count(n => n.Tally == NodeTally.Updated) >= Nodes / 2 && plan.Nodes.Where(n => n.InFlight).Select(n => n.Step).Distinct().Count() >= 4;

    private static (Distribution Milliseconds, string Memory) Time(
        Func<object> work, CancellationToken cancellationToken, int warmUps = WarmUps, int runs = Runs)
    {
        for (var i = 0; i < warmUps; i++)
        {
            work();
        }

        // What the warm-up left behind is nobody's cost; what a run leaves behind is its own, and so no collection is kept out of the runs.
        GC.Collect();
        var times = new double[runs];
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var paused = GC.GetTotalPauseDuration();
        int[] collections = [GC.CollectionCount(0), GC.CollectionCount(1), GC.CollectionCount(2)];
        for (var i = 0; i < runs; i++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var start = Stopwatch.GetTimestamp();
            GC.KeepAlive(work());
            times[i] = Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }

        var mebibytes = (GC.GetAllocatedBytesForCurrentThread() - allocated) / (double)runs / (1 << 20);
        return (new(times), string.Create(
            CultureInfo.InvariantCulture,
            $"{mebibytes:0.0} MiB allocated a run; {GC.CollectionCount(0) - collections[0]}/{GC.CollectionCount(1) - collections[1]}/{GC.CollectionCount(2) - collections[2]} collections of generation 0/1/2 in all runs, {(GC.GetTotalPauseDuration() - paused).TotalMilliseconds / runs:0.00} ms of pause a run"));
    }
}
