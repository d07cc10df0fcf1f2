using System.Globalization;
using FsCheck;
using FsCheck.Fluent;
using Ostler.Rollout.Simulation;

namespace Ostler.Rollout.Tests.Simulation;

/// <summary>
/// The invariants of the design over random clusters and random faults. The seed is fixed, so that a build says the same twice; OSTLER_RUNS and
/// OSTLER_SEED (a number, or "random") explore further. A failure prints the smallest case it found and its narrative.
/// </summary>
public class InvariantTests(ITestOutputHelper output)
{
    [Fact]
    public void Every_random_rollout_keeps_the_invariants_and_ends()
    {
        var seen = new Dictionary<string, int>();
        // FsCheck shrinks by trying: the last case that failed is the smallest.
        RolloutCase? smallest = null;
        var property = Prop.ForAll(RolloutCase.Arbitrary, c =>
        {
            var (complaints, _, counts) = Run(c);
            smallest = complaints.Count > 0 ? c : smallest;
            foreach (var (what, count) in counts)
            {
                seen[what] = seen.GetValueOrDefault(what) + count;
            }

            return complaints.Count == 0;
        });

        try
        {
            Check.One(Settings(), property);
        }
        catch (Exception e) when (smallest is not null)
        {
            var (complaints, simulation, _) = Run(smallest);
            Assert.Fail($"{string.Join('\n', complaints)}\n{smallest}\n{string.Join('\n', simulation.World.Timeline)}\n{e.Message}");
        }

        output.WriteLine(string.Join(", ", seen.OrderBy(s => s.Key).Select(s => $"{s.Key}: {s.Value}")));
        Assert.All(
            new[]
            {
                "grant", "stage", "evict", "boot", "reboot", "updated", "uncordon", "checked", "grant in a window", "grant in a later wave", "grant with domains",
                "grant in the control plane",
            },
            what => Assert.True(seen.GetValueOrDefault(what) > 100, what));
        Assert.All(new[] { "untaint", "grant to go back", "told to go back" }, what => Assert.True(seen.GetValueOrDefault(what) > 10, what));
    }

    private static (IReadOnlyList<string> Complaints, RolloutSimulation Simulation, Dictionary<string, int> Seen) Run(RolloutCase c)
    {
        var simulation = new RolloutSimulation(c.Scenario());
        var invariants = Invariants.Watch(simulation);
        var ended = simulation.Run();
        invariants.CheckEnd();
        List<string> complaints = [.. invariants.Broken];
        if (!ended)
        {
            complaints.Add($"6: the rollout does not end; {simulation.World.Timeline.Count} lines");
        }

        return (complaints, simulation, invariants.Seen);
    }

    private static Config Settings()
    {
        var runs = int.Parse(Environment.GetEnvironmentVariable("OSTLER_RUNS") ?? "250", CultureInfo.InvariantCulture);
        var config = Config.QuickThrowOnFailure.WithMaxTest(runs).WithName("invariants");
        return Environment.GetEnvironmentVariable("OSTLER_SEED") is "random"
            ? config
            : config.WithReplay(ulong.Parse(Environment.GetEnvironmentVariable("OSTLER_SEED") ?? "20261101", CultureInfo.InvariantCulture), 1UL);
    }
}
