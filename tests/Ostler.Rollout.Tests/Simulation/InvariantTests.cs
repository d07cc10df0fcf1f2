using System.Collections.Concurrent;
using System.Globalization;
using Ostler.Simulation;

namespace Ostler.Rollout.Tests.Simulation;

/// <summary>
/// The invariants of the design over random clusters and random faults. The base seed is fixed, so that a build says the same twice;
/// OSTLER_CASES (a number) and OSTLER_SEED (a number, or "random") explore further. A failure prints the smallest case it found, as it is
/// to be added to <see cref="KeptCases"/>, and its narrative.
/// </summary>
public class InvariantTests(ITestOutputHelper output)
{
    private const int MostFailures = 3;

    [Fact]
    public void Every_random_rollout_keeps_the_invariants_and_ends()
    {
        var (seed, count) = (BaseSeed(), Count());
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"OSTLER_SEED={seed} OSTLER_CASES={count}"));
        var random = new SeededSequence(seed);
        int[] seeds = [.. Enumerable.Range(0, count).Select(_ => 1 + random.Below(int.MaxValue - 1))];
        var seen = new ConcurrentDictionary<string, int>();
        var failed = new ConcurrentBag<RolloutCase>();
        Parallel.ForEach(Partitioner.Create(seeds, loadBalance: true), new() { MaxDegreeOfParallelism = Environment.ProcessorCount }, (s, loop) =>
        {
            var c = RolloutCase.From(s);
            var run = CaseRun.Of(c);
            foreach (var (what, times) in run.Seen)
            {
                seen.AddOrUpdate(what, times, (_, former) => former + times);
            }

            if (run.Complaints.Count > 0)
            {
                failed.Add(c);
                if (failed.Count >= MostFailures)
                {
                    loop.Stop();
                }
            }
        });

        output.WriteLine(string.Join(", ", seen.OrderBy(s => s.Key, StringComparer.Ordinal).Select(s => $"{s.Key}: {s.Value}")));
        if (!failed.IsEmpty)
        {
            Assert.Fail($"OSTLER_SEED={seed}: {string.Join("\n\n", failed.Select(c => CaseRun.Of(CaseRun.Smallest(c))).Select(r => r.Describe()))}");
        }

        // A run in which nothing happens proves nothing.
        Assert.All(
            new[]
            {
                "grant", "stage", "evict", "boot", "reboot", "updated", "uncordon", "checked", "grant in a window", "grant in a later wave", "grant with domains",
                "grant in the control plane", "carried",
            },
            what => Assert.True(seen.GetValueOrDefault(what) > count / 3, what));
        Assert.All(new[] { "untaint", "waited for volumes" }, what => Assert.True(seen.GetValueOrDefault(what) > count / 30, what));

        // An image that nothing proves to be bad is neither quarantined nor taken back. By chance alone that would be almost every case,
        // so that RolloutCase draws a proof for a quarter of them: of 600 cases 142 quarantine, and 59 take healthy nodes back.
        Assert.All(new[] { "quarantined", "grant to go back", "told to go back" }, what =>
            Assert.True(seen.GetValueOrDefault(what) > count / 10, what));
    }

    private static int Count() => int.Parse(Environment.GetEnvironmentVariable("OSTLER_CASES") ?? "10000", CultureInfo.InvariantCulture);

    private static ulong BaseSeed() => Environment.GetEnvironmentVariable("OSTLER_SEED") switch
    {
        null or "" => 20261101,
        "random" => (ulong)Random.Shared.NextInt64(1, long.MaxValue),
        var given => ulong.Parse(given, CultureInfo.InvariantCulture),
    };
}
