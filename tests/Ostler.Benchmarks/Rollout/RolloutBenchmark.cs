using System.Globalization;
using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;
using Ostler.Benchmarks.Cluster;
using Ostler.Benchmarks.Harness;
using Ostler.Kubernetes.Client;
using Ostler.Testing.ControlPlane;
using k8s.Models;

namespace Ostler.Benchmarks.Rollout;

/// <summary>A whole rollout of 100 nodes, ten at a time: how fast the controller reacts, how long it takes, how much it writes.</summary>
internal sealed class RolloutBenchmark : IBenchmark
{
    private const int Nodes = 100;
    private const int Slots = 10;
    private const int PodsPerNode = 2;
    private static readonly TimeSpan Stage = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan Terminate = TimeSpan.FromMilliseconds(500);
    private static readonly TimeSpan Reboot = TimeSpan.FromSeconds(6);
    private static readonly TimeSpan Soak = TimeSpan.FromSeconds(2);

    public string Name => "rollout";

    public string Summary => "100 simulated nodes at maxUnavailable 10%: reactions, wall time, writes (about 2 minutes)";

    public async Task<IReadOnlyList<Figure>> RunAsync(Action<string> progress, CancellationToken cancellationToken)
    {
        await using var fleet = await SimulatedFleet.StartAsync(
            new() { StageTime = Stage, RebootTime = Reboot },
            new()
            {
                Timings = new() { HeartbeatPeriod = TimeSpan.FromSeconds(10) },
                Behavior = _ => new() { TerminationDuration = Terminate },
                RemoveNotReadyTaints = true,
            },
            progress,
            cancellationToken);
        progress($"adding {Nodes} nodes with {PodsPerNode} pods each");
        var nodes = await fleet.AddNodesAsync(Nodes, SimulatedFleet.OldDigest, cancellationToken);
        await AddPodsAsync(fleet, nodes, cancellationToken);
        await fleet.StartControllerAsync(cancellationToken);
        await fleet.WaitForAgentsAsync(nodes, cancellationToken);

        progress("rolling out");
        var start = TimeProvider.System.GetUtcNow();
        await fleet.ApplyPolicyAsync(
            spec => spec with
            {
                Rollout = new() { MaxUnavailable = IntOrPercent.Percent(100 * Slots / Nodes), Soak = new Duration(Soak) },
                Drain = new() { UnmanagedPods = UnmanagedPods.Delete },
            },
            cancellationToken);
        await fleet.WaitForPolicyAsync(TimeSpan.FromMinutes(10), cancellationToken);
        var requests = fleet.Requests(start);
        return [.. ReactionFigures(requests), .. TimeFigures(requests), .. WriteFigures(requests)];
    }

    private static IEnumerable<Figure> ReactionFigures(IReadOnlyList<ApiRequest> requests)
    {
        var reactions = Reactions.Find(requests, Soak, Slots, pod => pod[..pod.LastIndexOf('-')]);
        if (reactions.Count < 4 * Nodes)
        {
            throw new InvalidOperationException($"Only {reactions.Count} steps were found in the requests of {Nodes} nodes: the writes of a step have changed, see {nameof(Reactions)}.");
        }

        var all = new Distribution(reactions.Select(r => r.Delay.TotalMilliseconds));
        yield return new("reaction, p99", all.Percentile(99), "ms", 100, string.Create(
            CultureInfo.InvariantCulture, $"{all.Count} steps of {Nodes} nodes, from the answer to the write that allows a step to the arrival of the controller's, both by the API server's audit log; most {all.Most:0} ms"));
        yield return new("reaction, median", all.Median, "ms", null, "the same steps");
        foreach (var kind in reactions.GroupBy(r => r.Kind).OrderBy(g => g.Key, StringComparer.Ordinal))
        {
            var of = new Distribution(kind.Select(r => r.Delay.TotalMilliseconds));
            yield return new($"reaction, {kind.Key}, p99", of.Percentile(99), "ms", null, string.Create(
                CultureInfo.InvariantCulture, $"{of.Count} steps; median {of.Median:0.0}, most {of.Most:0.0} ms"));
        }
    }

    private static IEnumerable<Figure> TimeFigures(IReadOnlyList<ApiRequest> requests)
    {
        var began = requests.First(r => r is { Resource: "upgradepolicies", Verb: "create" }).Received;
        var ended = requests.Last(r => r is { Resource: "upgradepolicies/status", Agent: "ostler-controller" }).Done;
        var soaked = TimeSpan.FromSeconds(Reactions.Soaks(requests, Soak).Average(s => s.TotalSeconds));
        var path = Stage + (Nodes / Slots * (Terminate + Reboot + soaked));
        var wall = ended - began;
        yield return new("wall time / critical path", wall / path, "x", 1.1, string.Create(
            CultureInfo.InvariantCulture,
            $"{wall.TotalSeconds:0.0} s from the policy's creation to Ready / {path.TotalSeconds:0.0} s = {Stage.TotalSeconds} s to stage + {Nodes / Slots} times {Terminate.TotalSeconds} s pods, {Reboot.TotalSeconds} s reboot, {soaked.TotalSeconds:0.00} s soak as it was given"));
        yield return new("overhead per node", (wall - path).TotalMilliseconds / (Nodes / Slots), "ms", null, "what the wall time has beyond the critical path, over the nodes of one slot");
    }

    private static IEnumerable<Figure> WriteFigures(IReadOnlyList<ApiRequest> requests)
    {
        var writes = requests.Where(r => r.IsWriteOfAnUpgrade).ToArray();
        var kinds = writes.GroupBy(r => $"{(r.Agent == "ostler-agent" ? "agents" : "controller")} {r.Verb} {r.Resource}").OrderByDescending(g => g.Count());
        yield return new("API writes per node", writes.Length / (double)Nodes, "", 12, string.Join(
            ", ", kinds.Select(k => string.Create(CultureInfo.InvariantCulture, $"{k.Count() / (double)Nodes:0.00} {k.Key}"))));
        yield return new("evictions per node", requests.Count(r => r.IsEviction) / (double)Nodes, "", null, string.Create(
            CultureInfo.InvariantCulture,
            $"{PodsPerNode} pods a node; one eviction each, if none is refused; and {requests.Count(r => r.Resource == "pods/eviction" && r.DryRun) / (double)Nodes:0.0} dry runs a node before its cordon"));
        yield return new("writes that conflicted", writes.Count(r => r.Code == 409) / (double)Nodes, "", null, "per node; in the sum above");
    }

    private static async Task AddPodsAsync(SimulatedFleet fleet, IReadOnlyList<string> nodes, CancellationToken cancellationToken) =>
        await Parallel.ForEachAsync(
            nodes.SelectMany(node => Enumerable.Range(1, PodsPerNode).Select(i => (Node: node, Name: $"{node}-{i}"))),
            new ParallelOptions { MaxDegreeOfParallelism = 8, CancellationToken = cancellationToken },
            async (pod, token) => await fleet.Api.CreateAsync(
                KnownResources.Pods,
                new V1Pod
                {
                    Metadata = new() { Name = pod.Name, NamespaceProperty = "default" },
                    Spec = new() { NodeName = pod.Node, Containers = [new() { Name = "app", Image = "registry.example/app:1" }] },
                },
                token));
}
