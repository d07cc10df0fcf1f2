using System.Globalization;
using Ostler.Benchmarks.Cluster;
using Ostler.Benchmarks.Harness;
using Ostler.Kubernetes.Client;
using Ostler.Testing.Fleet;

namespace Ostler.Benchmarks.Controllers;

/// <summary>What a controller costs that has 1,000 nodes and nothing to do.</summary>
internal sealed class ControllerBenchmark : IBenchmark
{
    private const int Nodes = 1_000;
    private static readonly TimeSpan Settle = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(60);

    public string Name => "controller";

    public string Summary => "memory, start-up and requests of an idle controller with 1,000 nodes (about 3 minutes)";

    public async Task<IReadOnlyList<Figure>> RunAsync(Action<string> progress, CancellationToken cancellationToken)
    {
        await using var fleet = await SimulatedFleet.StartAsync(
            new(), new() { Timings = new() { HeartbeatPeriod = TimeSpan.FromMinutes(1) }, RemoveNotReadyTaints = true }, progress, cancellationToken);
        progress($"adding {Nodes} nodes");
        var nodes = await fleet.AddNodesAsync(Nodes, SimulatedFleet.NewDigest, cancellationToken);
        var first = await fleet.StartControllerAsync(cancellationToken);
        progress($"the first controller makes {Nodes} NodeOSes, the agents report");
        await fleet.WaitForAgentsAsync(nodes, cancellationToken);
        await fleet.ApplyPolicyAsync(spec => spec, cancellationToken);
        await fleet.WaitForPolicyAsync(TimeSpan.FromMinutes(2), cancellationToken);
        var (_, _, firstPeak) = ProcessStat.Memory(first.ProcessId);
        await first.KillAsync(cancellationToken);

        // Killed, it has left the lease behind; the next one would wait it out, which is no part of a start.
        await fleet.Api.DeleteAsync(KnownResources.Leases, new(Installation.Namespace, "ostler-controller"), null, null, cancellationToken);
        progress("a second controller starts, and has nothing to do");
        var second = await fleet.StartControllerAsync(cancellationToken);
        var started = ProcessStat.StartedAt(second.ProcessId, TimeProvider.System);
        var leading = await LeadingAsync(fleet, cancellationToken);
        await Task.Delay(Settle, TimeProvider.System, cancellationToken);

        var began = TimeProvider.System.GetUtcNow();
        var processor = ProcessStat.Processor(second.ProcessId);
        await Task.Delay(Idle, TimeProvider.System, cancellationToken);
        var used = ProcessStat.Processor(second.ProcessId) - processor;
        var (resident, anonymous, peak) = ProcessStat.Memory(second.ProcessId);
        var requests = fleet.Requests(began).Where(r => r.Agent == "ostler-controller").ToArray();
        var kinds = requests.GroupBy(r => $"{r.Verb} {r.Resource}").Select(g => $"{g.Count()} {g.Key}");
        return
        [
            new("idle requests", requests.Length / Idle.TotalSeconds, "/s", 1, $"all requests of the controller in {Idle.TotalSeconds} s by the audit log: {string.Join(", ", kinds)}"),
            new("resident memory", resident, "MiB", 96, string.Create(
                CultureInfo.InvariantCulture, $"VmRSS of the native program {Settle.TotalSeconds + Idle.TotalSeconds} s after its start, with {Nodes} nodes, their NodeOSes and a policy for all")),
            new("anonymous memory", anonymous, "MiB", null, "RssAnon of the same: what is not the program's file"),
            new("peak memory", peak, "MiB", null, string.Create(CultureInfo.InvariantCulture, $"VmHWM of the same; the first controller, which made the NodeOSes, had {firstPeak:0.0} MiB")),
            new("start-up", (leading - started).TotalSeconds, "s", null, $"from the process's start to the word that it leads with {Nodes} nodes in its caches; the lease was free"),
            new("idle processor time", used / Idle * 100, "%", null, "of one processor"),
            new("program", new FileInfo(Programs.Controller).Length / 1024.0 / 1024, "MiB", null, "size of the file, without symbols"),
        ];
    }

    /// <summary>When the lease was the second controller's and its caches were full, by its own word.</summary>
    private static async Task<DateTimeOffset> LeadingAsync(SimulatedFleet fleet, CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(TimeSpan.FromMinutes(1));
        using var ticks = new PeriodicTimer(TimeSpan.FromMilliseconds(20));
        while (await ticks.WaitForNextTickAsync(deadline.Token))
        {
            // "2026-11-01T00:00:00.000Z info: …LeaderTerm[1] Leading, with …"; the first controller has said so too.
            if (fleet.ControllerLog.Split('\n').Where(line => line.Contains(" Leading, with ", StringComparison.Ordinal)).Skip(1).FirstOrDefault() is { } line)
            {
                return DateTimeOffset.Parse(line.Split(' ')[0], CultureInfo.InvariantCulture);
            }
        }

        throw new TimeoutException("The second controller does not lead.");
    }
}
