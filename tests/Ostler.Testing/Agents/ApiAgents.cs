using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Ostler.Api.NodeOSes;
using Ostler.Kubernetes;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Informers;
using Ostler.Rollout.Hosts.Decisions;
using Ostler.Rollout.Hosts.Report;
using Ostler.Simulation.Hosts;

namespace Ostler.Testing.Agents;

/// <summary>
/// The agents of a whole simulated fleet in this process, in real time: they speak to the API as the real one does (spec in, status out by
/// server-side apply, one field manager), and run the real agent's decisions on <see cref="SimulatedHost"/>s. One watch serves them all.
/// </summary>
/// <remarks>For fleets of hundreds of nodes, where a real OSTree sysroot each would measure the disk and not the controller.</remarks>
public sealed class ApiAgents(ApiClient api, ResourceType<NodeOS> nodeOSes, ApiAgentsOptions options, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, Agent> _agents = new();
    private int _boots;

    /// <summary>Puts an agent on a host. It reports as soon as its NodeOS is there.</summary>
    public void Add(SimulatedHost host) => _agents[host.Name] = new Agent(host);

    /// <summary>The host under a node.</summary>
    public SimulatedHost Host(string node) => _agents[node].Host;

    /// <summary>Runs all agents until cancelled.</summary>
    public async Task RunAsync(Informer<NodeOS> informer, CancellationToken cancellationToken)
    {
        informer.AddHandler(change =>
        {
            if (change.New is { } os && _agents.TryGetValue(os.Metadata.Name, out var agent))
            {
                agent.Arrived.Writer.TryWrite(os);
            }
        });
        await Task.WhenAll(_agents.Values.Select(agent => RunAsync(agent, cancellationToken)));
    }

    private async Task RunAsync(Agent agent, CancellationToken cancellationToken)
    {
        while (true)
        {
            agent.TakeLatest();
            var ordered = agent.Latest;
            var again = ordered is null ? null : await PassAsync(agent, ordered, cancellationToken);
            if (again != TimeSpan.Zero)
            {
                await WaitForNewsAsync(agent, ordered, again, cancellationToken);
            }
        }
    }

    /// <summary>
    /// Waits until another order arrives, or for as long as the last pass asked. The echo of the agent's own report is no news.
    /// </summary>
    private async Task WaitForNewsAsync(Agent agent, NodeOS? handled, TimeSpan? limit, CancellationToken cancellationToken)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var timer = limit is { } span ? Task.Delay(span, time, stop.Token) : Task.Delay(Timeout.InfiniteTimeSpan, stop.Token);
        while (NodeOrder.AsksTheSame(handled, agent.Latest))
        {
            var arrival = agent.Arrived.Reader.WaitToReadAsync(stop.Token).AsTask();
            if (await Task.WhenAny(timer, arrival) == timer)
            {
                break;
            }

            // Cancelled, both have ended; without this the loop would never wait again.
            cancellationToken.ThrowIfCancellationRequested();

            agent.TakeLatest();
        }

        await stop.CancelAsync();
        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <returns>After which time to make another pass; null: not before there is news.</returns>
    private async Task<TimeSpan?> PassAsync(Agent agent, NodeOS ordered, CancellationToken cancellationToken)
    {
        var host = agent.Host;
        var pass = host.Pass(ordered, time.GetUtcNow);
        foreach (var step in pass.Steps())
        {
            switch (step)
            {
                case HostStep.Writes:
                    break;
                case HostStep.Reports reports:
                    pass.OS = await StoreAsync(agent, pass.OS!, reports.Status, cancellationToken);
                    break;
                case HostStep.Confirms:
                    pass.OS = await ReadAsync(agent, cancellationToken);
                    break;
                case HostStep.Takes takes:
                    if (!await WorkAsync(agent, ordered, pass, takes, cancellationToken))
                    {
                        return TimeSpan.Zero;
                    }

                    break;
                case HostStep.GoesDown down:
                    await PowerCycleAsync(host, down.Goal, cancellationToken);
                    return TimeSpan.Zero;
                case HostStep.Ends ends:
                    return ends.Again;
                default:
                    throw new InvalidOperationException($"No such step: {step}");
            }

            if (pass.OS is null)
            {
                // The Node was deleted or replaced; the next NodeOS of that name brings the agent back to work.
                agent.Latest = null;
                return null;
            }
        }

        throw new InvalidOperationException($"The pass did not end: {pass.Action}");
    }

    /// <summary>False when the order changed meanwhile.</summary>
    private async Task<bool> WorkAsync(
        Agent agent, NodeOS ordered, AgentPass pass, HostStep.Takes takes, CancellationToken cancellationToken)
    {
        var duration = takes.Work switch
        {
            HostWork.Staging => options.StageTime,
            HostWork.Checks => options.CheckTime,
            _ => throw new InvalidOperationException($"No such work: {takes.Work}"),
        };
        if (takes.Meanwhile is { } status && duration > ActionReports.QuickStep)
        {
            pass.OS = await StoreAsync(agent, pass.OS!, status, cancellationToken);
        }

        await Task.Delay(duration, time, cancellationToken);
        agent.TakeLatest();
        return NodeOrder.AsksTheSame(ordered, agent.Latest);
    }

    private async Task PowerCycleAsync(SimulatedHost host, Goal ordered, CancellationToken cancellationToken)
    {
        var boot = host.GoDown(ordered);
        await options.PowerChanged(host, false, cancellationToken);
        if (boot == SimulatedBoot.NeverReturns)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
        }

        await Task.Delay(options.RebootTime, time, cancellationToken);

        // Before the kubelet starts: a heartbeat that is older than the boot is taken for one from before it.
        host.ComeUp(boot, time.GetUtcNow() + host.ClockSkew, $"00000000-0000-4000-8000-{Interlocked.Increment(ref _boots):x12}");
        if (host.HasKubelet)
        {
            await options.PowerChanged(host, true, cancellationToken);
        }

        if (!host.HasAgent)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
        }
    }

    private async Task<NodeOS?> StoreAsync(Agent agent, NodeOS os, NodeOSStatus status, CancellationToken cancellationToken)
    {
        var body = JsonNode.Parse(nodeOSes.Serialize(os with { Status = status }))!.AsObject();
        body.Remove("spec");
        body["metadata"] = new JsonObject { ["name"] = agent.Host.Name, ["uid"] = os.Metadata.Uid };
        options.Wrote(agent.Host.Name);
        try
        {
            var name = NamespacedName.ClusterScoped(agent.Host.Name);
            var patch = Patch.Apply(body, force: true).By("ostler-agent");
            return agent.Take(await api.PatchAsync(nodeOSes, name, patch, cancellationToken, "status"));
        }
        catch (ApiException gone) when (gone.IsNotFound || gone.IsConflict)
        {
            return null;
        }
    }

    private async Task<NodeOS?> ReadAsync(Agent agent, CancellationToken cancellationToken) =>
        await api.GetAsync(nodeOSes, NamespacedName.ClusterScoped(agent.Host.Name), cancellationToken) is { } os ? agent.Take(os) : null;

    private sealed class Agent(SimulatedHost host)
    {
        public SimulatedHost Host => host;

        public Channel<NodeOS> Arrived { get; } = Channel.CreateUnbounded<NodeOS>();

        /// <summary>The NodeOS as last seen; null: there is none.</summary>
        public NodeOS? Latest { get; set; }

        /// <summary>Keeps an answer of the server, unless the watch has sent a newer state.</summary>
        public NodeOS Take(NodeOS answer)
        {
            var isOlder = Latest is { } latest
                && latest.Metadata.Uid == answer.Metadata.Uid
                && ResourceVersions.IsOlder(answer.Metadata.ResourceVersion ?? "", latest.Metadata.ResourceVersion ?? "");
            Latest = isOlder ? Latest : answer;
            return answer;
        }

        public void TakeLatest()
        {
            while (Arrived.Reader.TryRead(out var next))
            {
                Take(next);
            }
        }
    }
}
