using System.Collections.Concurrent;
using System.Text.Json.Nodes;
using System.Threading.Channels;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Kubernetes;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Informers;

namespace Ostler.Testing.Agents;

/// <summary>
/// The agents of a whole simulated fleet in this process: they speak to the API as the real one does (spec in, status out by server-side
/// apply, one field manager), and stand on <see cref="SimulatedHost"/>s. One watch serves them all.
/// </summary>
public sealed class SimulatedAgents(ApiClient api, ResourceType<NodeOS> nodeOSes, SimulatedAgentOptions options, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, Agent> _agents = new();
    private int _boots;

    /// <summary>Puts an agent on a host. It reports as soon as its NodeOS is there.</summary>
    public void Add(SimulatedHost host)
    {
        host.BootedAt ??= time.GetUtcNow();
        _agents[host.Node] = new Agent(host);
    }

    /// <summary>The host under a node.</summary>
    public SimulatedHost Host(string node) => _agents[node].Host;

    /// <summary>Runs all agents until cancelled.</summary>
    public async Task RunAsync(Informer<NodeOS> informer, CancellationToken cancellationToken)
    {
        informer.AddHandler(change =>
        {
            if (change.New is { } os && _agents.TryGetValue(os.Metadata.Name, out var agent))
            {
                agent.Specs.Writer.TryWrite(os);
            }
        });
        await Task.WhenAll(_agents.Values.Select(agent => RunAsync(agent, cancellationToken)));
    }

    private async Task RunAsync(Agent agent, CancellationToken cancellationToken)
    {
        while (await agent.Specs.Reader.WaitToReadAsync(cancellationToken))
        {
            NodeOS? latest = null;
            while (agent.Specs.Reader.TryRead(out var next))
            {
                latest = next;
            }

            if (latest is not null && !(agent.Seen == (latest.Metadata.Uid, latest.Metadata.Generation)))
            {
                agent.Seen = (latest.Metadata.Uid, latest.Metadata.Generation);
                await ActAsync(agent, latest, cancellationToken);
            }
        }
    }

    private async Task ActAsync(Agent agent, NodeOS os, CancellationToken cancellationToken)
    {
        var (host, spec) = (agent.Host, os.Spec);
        switch (spec.Goal)
        {
            case Goal.Stage when host.Staged?.Digest != spec.Image!.Digest:
                await Task.Delay(options.StageTime, time, cancellationToken);
                host.Stage(spec.Image);
                await ReportAsync(agent, os, NodeStep.Staged, cancellationToken);
                break;
            case Goal.Stage:
                await ReportAsync(agent, os, NodeStep.Staged, cancellationToken);
                break;
            case Goal.Boot when host.Staged?.Digest == spec.Image!.Digest:
                await ReportAsync(agent, os, NodeStep.Rebooting, cancellationToken);
                await PowerCycleAsync(agent, () => host.BootStaged(NextBootID()), cancellationToken);
                await ReportAsync(agent, os, NodeStep.Verifying, cancellationToken);
                break;
            case Goal.Rollback when host.Booted.Digest != spec.Previous!.Digest:
                await ReportAsync(agent, os, NodeStep.RollingBack, cancellationToken);
                await PowerCycleAsync(agent, () => host.BootPrevious(spec.Previous.Digest, NextBootID()), cancellationToken);
                await ReportAsync(agent, os, NodeStep.RolledBack, cancellationToken);
                break;
            case Goal.Boot when agent.Status is { Step: NodeStep.Verifying } said && said.Attempt == spec.Attempt:
                // The beginning of the soak, which the real agent does not answer either.
                break;
            case Goal.Observe:
                await ReportAsync(agent, os, spec.Image?.Digest == host.Booted.Digest ? NodeStep.Updated : NodeStep.Idle, cancellationToken);
                break;
            default:
                await ReportAsync(agent, os, spec.Goal == Goal.Rollback ? NodeStep.RolledBack : NodeStep.Verifying, cancellationToken);
                break;
        }
    }

    private async Task PowerCycleAsync(Agent agent, Action boot, CancellationToken cancellationToken)
    {
        await options.PowerChanged(agent.Host, false, cancellationToken);
        await Task.Delay(options.RebootTime, time, cancellationToken);
        boot();

        // Before the kubelet starts: a heartbeat that is older than the boot is taken for one from before it.
        agent.Host.BootedAt = time.GetUtcNow();
        await options.PowerChanged(agent.Host, true, cancellationToken);
    }

    private string NextBootID() => $"00000000-0000-4000-8000-{Interlocked.Increment(ref _boots):x12}";

    private async Task ReportAsync(Agent agent, NodeOS os, NodeStep step, CancellationToken cancellationToken)
    {
        var host = agent.Host;
        var healthy = step is NodeStep.Verifying or NodeStep.Updated && !options.UnhealthyDigests.Contains(host.Booted.Digest)
            && !options.UnhealthyNodes.Contains(host.Node);
        var wanted = new List<Condition>
        {
            new() { Type = ConditionTypes.Ready, Status = ConditionStatus.True, Reason = Reasons.Observing, Message = "The host was read." },
            new()
            {
                Type = ConditionTypes.Staged,
                Status = host.Staged is null ? ConditionStatus.False : ConditionStatus.True,
                Reason = host.Staged is null ? Reasons.NotStaged : "Staged",
                Message = host.Staged is null ? "Nothing is staged." : $"{host.Staged.Digest} is staged.",
            },
        };
        if (step is NodeStep.Verifying or NodeStep.Updated)
        {
            wanted.Add(new()
            {
                Type = ConditionTypes.HostHealthy,
                Status = healthy ? ConditionStatus.True : ConditionStatus.False,
                Reason = healthy ? Reasons.HostChecksPass : Reasons.HostCheckFailed,
                Message = healthy ? "All checks pass." : "app: edge-app.service is failed",
            });
        }

        var now = time.GetUtcNow();
        agent.Status = new NodeOSStatus
        {
            ObservedGeneration = os.Metadata.Generation,
            Attempt = os.Spec.Attempt,
            Step = step,
            Backend = "ostree",
            BootID = host.BootID,
            Booted = host.Booted,
            Staged = host.Staged,
            Rollback = host.Rollback,
            Conditions = Conditions.Carry(agent.Status?.Conditions, wanted, os.Metadata.Generation, now),
            Timings = host.BootedAt is { } bootedAt ? new NodeTimings { BootedAt = bootedAt } : null,
        };
        var body = JsonNode.Parse(nodeOSes.Serialize(os with { Status = agent.Status }))!.AsObject();
        body.Remove("spec");
        body["metadata"] = new JsonObject { ["name"] = host.Node, ["uid"] = os.Metadata.Uid };
        options.Wrote(host.Node);
        try
        {
            await api.PatchAsync(nodeOSes, new NamespacedName("", host.Node), Patch.Apply(body, force: true).By("ostler-agent"), cancellationToken, "status");
        }
        catch (ApiException gone) when (gone.IsNotFound || gone.IsConflict)
        {
            // The Node was deleted or replaced; the next NodeOS of that name brings the agent back to work.
        }
    }

    private sealed class Agent(SimulatedHost host)
    {
        public SimulatedHost Host => host;

        public Channel<NodeOS> Specs { get; } = Channel.CreateUnbounded<NodeOS>();

        public (string? Uid, long Generation) Seen { get; set; }

        public NodeOSStatus? Status { get; set; }
    }
}
