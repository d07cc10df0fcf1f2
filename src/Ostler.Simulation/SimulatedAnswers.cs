using Ostler.Rollout.Drain;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Snapshot;

namespace Ostler.Simulation;

/// <summary>What the controller was told when it asked. It dies with the controller.</summary>
internal sealed class SimulatedAnswers(SimulatedWorld world)
{
    /// <summary>The controller died.</summary>
    public void Clear()
    {
        foreach (var node in world.Nodes)
        {
            node.Known = default;
        }
    }

    public void Answer(Probe question, Ostler.Api.UpgradePolicies.DrainSpec drain)
    {
        if (Of(question) is { } node)
        {
            node.Known = question switch
            {
                Probe.Preflight preflight => node.Known with { Preflight = DryRun(preflight, drain) },
                Probe.Workloads workloads => node.Known with { Workloads = Look(workloads) },
                Probe.Volumes volumes => node.Known with { Volumes = new() { At = world.Now, Attached = world.Volumes.On(question.Node, volumes.Staying) } },
                _ => throw new InvalidOperationException($"No such probe: {question}"),
            };
        }
    }

    /// <summary>Whether the answer would be another one than the last. The real controller must ask to find out.</summary>
    public bool WouldDiffer(Probe question, Ostler.Api.UpgradePolicies.DrainSpec drain) => Of(question) is { Known: var known } && question switch
    {
        Probe.Preflight preflight => !Outcomes(DryRun(preflight, drain)).SequenceEqual(Outcomes(known.Preflight)),
        Probe.Workloads workloads => !Look(workloads).Workloads.SequenceEqual(known.Workloads?.Workloads ?? []),
        Probe.Volumes volumes => !(known.Volumes?.Attached.SequenceEqual(world.Volumes.On(question.Node, volumes.Staying)) ?? false),
        _ => throw new InvalidOperationException($"No such probe: {question}"),
    };

    // An answer about a former node of that name is none.
    private SimulatedNode? Of(Probe question) => world.Find(question.Node) is { } node && node.Uid == question.NodeUid ? node : null;

    private PreflightFacts DryRun(Probe.Preflight question, Ostler.Api.UpgradePolicies.DrainSpec drain)
    {
        var pods = world.Pods.On(question.Node);
        var pass = DrainPass.Over(pods, drain);
        var asked = pass.Evict.Concat(pass.Later).Select(p => p.Uid).ToHashSet(StringComparer.Ordinal);
        return new()
        {
            At = world.Now,
            Pods =
            [
                .. pods.Select(p => asked.Contains(p.Uid)
                    ? p with
                    {
                        LastEviction = world.Pods.Evict(p.Namespace, p.Name, p.Uid, world.Now, dryRun: true),
                        ReadyPeers = world.Pods.SistersOf(p, world),
                    }
                    : p),
            ],
        };
    }

    private WorkloadFacts Look(Probe.Workloads question)
    {
        var names = question.Named.Select(w => w.Name)
            .Concat(question.Of.Where(p => p.Controller?.Kind is "ReplicaSet" or "StatefulSet").Select(p => p.Controller!.Name))
            .Where(world.Pods.Workloads.ContainsKey).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal);
        return new()
        {
            At = world.Now,
            Workloads =
            [
                .. names.Select(n => world.Pods.Workloads[n]).Select(w => new WorkloadState(
                    w.ControllerKind == "ReplicaSet" ? "Deployment" : w.ControllerKind, "apps", w.Name, w.Replicas, world.Pods.Available(w.Name))),
            ],
        };
    }

    private static IEnumerable<(string, EvictionOutcome?, int?)> Outcomes(PreflightFacts? facts) => (facts?.Pods ?? []).Select(p => (p.Uid, p.LastEviction?.Outcome, p.ReadyPeers));
}

/// <summary>What the controller was told about one node.</summary>
internal readonly record struct KnownAnswers(PreflightFacts? Preflight, WorkloadFacts? Workloads, VolumeFacts? Volumes)
{
    /// <summary>Whether nothing was told in between. Not whether the same was: an answer counts by its age.</summary>
    public bool IsStill(KnownAnswers other) =>
        ReferenceEquals(Preflight, other.Preflight) && ReferenceEquals(Workloads, other.Workloads) && ReferenceEquals(Volumes, other.Volumes);
}
