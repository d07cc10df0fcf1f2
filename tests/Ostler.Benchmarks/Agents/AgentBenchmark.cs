using System.Globalization;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Benchmarks.Cluster;
using Ostler.Benchmarks.Harness;
using Ostler.Kubernetes;
using Ostler.Kubernetes.Core;
using Ostler.Testing;
using Ostler.Testing.ControlPlane;
using Ostler.Testing.Fleet;
using Ostler.Testing.Hosts;

namespace Ostler.Benchmarks.Agents;

/// <summary>What the native agent costs on a real OSTree host: idle, and for one upgrade.</summary>
internal sealed class AgentBenchmark : IBenchmark
{
    private const int Nodes = 3;
    private const string Branch = "acme/stable/x86_64/edge";
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(60);

    public string Name => "agent";

    public string Summary => "memory, start-up and requests of the native agent on 3 real OSTree hosts, and all writes of an upgrade (about 2 minutes)";

    public async Task<IReadOnlyList<Figure>> RunAsync(Action<string> progress, CancellationToken cancellationToken)
    {
        if (OstreeHost.WhyNotAvailable() is { } why)
        {
            throw new InvalidOperationException(why);
        }

        using var audit = new AuditLog();
        await using var fleet = await TestFleet.StartAsync(
            new()
            {
                Nodes = Nodes,
                ControllerProgram = Programs.Controller,
                AgentProgram = Programs.Agent,
                ConfigFolder = Repository.Config,
                ApiServerArguments = audit.ApiServerArguments,
                Progress = progress,
            },
            OsTree.Of("1.0"),
            Branch,
            cancellationToken);
        await fleet.StartControllerAsync(cancellationToken);
        string[] nodes = [.. fleet.Lab.Hosts.Select(h => h.Name)];
        await WaitAsync(fleet, nodes, os => os?.Status?.Booted?.Version == "1.0", cancellationToken);
        progress($"the agents have nothing to do for {Idle.TotalSeconds} s");
        var idle = await IdleAsync(fleet, audit, nodes, cancellationToken);

        progress("upgrading");
        var start = TimeProvider.System.GetUtcNow();
        await UpgradeAsync(fleet, cancellationToken);
        await WaitAsync(fleet, nodes, os => os is { Spec.Goal: Goal.Observe, Status: { Step: NodeStep.Updated, Booted.Version: "2.0" } status } && status.ObservedGeneration == os.Metadata.Generation, cancellationToken);
        var requests = audit.Read().Where(r => r.Received >= start).ToArray();
        return [.. idle, .. StartFigures(fleet, nodes, requests), .. WriteFigures(requests)];
    }

    private static async Task<IReadOnlyList<Figure>> IdleAsync(TestFleet fleet, AuditLog audit, string[] nodes, CancellationToken cancellationToken)
    {
        var began = TimeProvider.System.GetUtcNow();
        await Task.Delay(Idle, TimeProvider.System, cancellationToken);
        var requests = audit.Read().Where(r => r.Agent == "ostler-agent" && r.Received >= began).ToArray();
        var memory = nodes.Select(n => ProcessStat.Memory(ProcessOf(fleet, n))).OrderByDescending(m => m.Resident).ToArray();
        return
        [
            new("idle requests", requests.Count(r => r.Verb != "watch"), "", 0, string.Create(
                CultureInfo.InvariantCulture, $"of {nodes.Length} agents in {Idle.TotalSeconds} s by the audit log, watches aside (of which {requests.Count(r => r.Verb == "watch")} began)")),
            new("resident memory", memory[0].Resident, "MiB", 24, $"VmRSS, the most of {nodes.Length} native agents that watch their NodeOS and have read a real OSTree host"),
            new("anonymous memory", memory[0].Anonymous, "MiB", null, "RssAnon of the same: what is not the program's file"),
            new("peak memory", memory.Max(m => m.Peak), "MiB", null, "VmHWM, the most of them"),
            new("program", new FileInfo(Programs.Agent).Length / 1024.0 / 1024, "MiB", null, "size of the file, without symbols"),
        ];
    }

    /// <summary>The agents that run now were started by the boot into the new tree.</summary>
    private static IEnumerable<Figure> StartFigures(TestFleet fleet, string[] nodes, IReadOnlyList<ApiRequest> requests)
    {
        var starts = nodes.Select(n => (Node: n, At: ProcessStat.StartedAt(ProcessOf(fleet, n), TimeProvider.System))).ToArray();
        var firsts = starts.Select(s => First(s, r => true).Received - s.At).Max();
        var reports = starts.Select(s => First(s, r => r.IsWrite).Done - s.At).Max();
        yield return new("start-up", firsts.TotalMilliseconds, "ms", null, $"from the process's start to its first request at the API server, the most of {nodes.Length}, during the boots of an upgrade");
        yield return new("first report", reports.TotalMilliseconds, "ms", null, "from the process's start to the first status that is stored: by then it has asked the host's ostree");

        ApiRequest First((string Node, DateTimeOffset At) start, Func<ApiRequest, bool> which) =>
            requests.First(r => r.Agent == "ostler-agent" && r.Name == start.Node && r.Received > start.At && which(r));
    }

    private static IEnumerable<Figure> WriteFigures(IReadOnlyList<ApiRequest> requests)
    {
        var writes = requests.Where(r => r.IsWriteOfAnUpgrade).ToArray();
        var kinds = writes.GroupBy(r => $"{(r.Agent == "ostler-agent" ? "agents" : "controller")} {r.Verb} {r.Resource}").OrderByDescending(g => g.Count());
        yield return new("API writes per node", writes.Length / (double)Nodes, "", 12, string.Create(
            CultureInfo.InvariantCulture, $"over {Nodes} nodes, one at a time, so that the policy's own status weighs most: {string.Join(", ", kinds.Select(k => string.Create(CultureInfo.InvariantCulture, $"{k.Count() / (double)Nodes:0.0} {k.Key}")))}"));
    }

    private static async Task UpgradeAsync(TestFleet fleet, CancellationToken cancellationToken)
    {
        await fleet.Lab.Repository.CommitAsync(OsTree.Of("2.0"), cancellationToken, Branch);
        await fleet.Api.CreateAsync(
            OstlerResources.OSImages,
            new()
            {
                Metadata = new() { Name = "edge-os" },
                Spec = new() { Version = "2.0", Ostree = new() { Remote = "acme", Url = fleet.Lab.Repository.Url, Ref = Branch, GpgVerify = false } },
            },
            cancellationToken);
        await fleet.Api.CreateAsync(
            OstlerResources.UpgradePolicies,
            new()
            {
                Metadata = new() { Name = "edge" },
                Spec = new()
                {
                    ImageRef = new() { Name = "edge-os" },
                    NodeSelector = new() { MatchExpressions = [new() { Key = "none", Operator = LabelOperator.DoesNotExist }] },
                    Rollout = new() { Soak = Duration.FromSeconds(2) },
                },
            },
            cancellationToken);
    }

    private static async Task WaitAsync(TestFleet fleet, string[] nodes, Func<NodeOS?, bool> condition, CancellationToken cancellationToken)
    {
        foreach (var node in nodes)
        {
            await fleet.Api.WaitForAsync(OstlerResources.NodeOSes, NamespacedName.ClusterScoped(node), condition, cancellationToken, TimeSpan.FromMinutes(3));
        }
    }

    // By name and node alone, agents of another run on this machine would be found too.
    private static int ProcessOf(TestFleet fleet, string node) => ProcessStat.Find("ostler-agent", $"NODE_NAME={node}")
        .Intersect(ProcessStat.Find("ostler-agent", $"OSTLER_API_SERVER={fleet.Cluster.Server}")).Single();
}
