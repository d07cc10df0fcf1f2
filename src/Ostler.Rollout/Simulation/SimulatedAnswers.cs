namespace Ostler.Rollout.Simulation;

/// <summary>What the controller was told when it asked. It dies with the controller.</summary>
internal sealed class SimulatedAnswers(SimulatedWorld world)
{
    private readonly Dictionary<string, PreflightFacts> _preflight = new(StringComparer.Ordinal);
    private readonly Dictionary<string, WorkloadFacts> _workloads = new(StringComparer.Ordinal);
    private readonly Dictionary<string, VolumeFacts> _volumes = new(StringComparer.Ordinal);

    /// <summary>The node's facts with what is known about it.</summary>
    public NodeFacts With(NodeFacts node) => node with
    {
        Preflight = _preflight.GetValueOrDefault(node.Uid),
        Workloads = _workloads.GetValueOrDefault(node.Uid),
        Volumes = _volumes.GetValueOrDefault(node.Uid),
    };

    public void Clear()
    {
        _preflight.Clear();
        _workloads.Clear();
        _volumes.Clear();
    }

    public void Answer(NodeQuestion question, Api.DrainSpec drain)
    {
        switch (question)
        {
            case NodeQuestion.Preflight preflight:
                _preflight[question.NodeUid] = DryRun(preflight, drain);
                break;
            case NodeQuestion.Workloads workloads:
                _workloads[question.NodeUid] = Look(workloads);
                break;
            case NodeQuestion.Volumes volumes:
                _volumes[question.NodeUid] = new() { At = world.Now, Attached = world.Volumes.On(question.Node, volumes.Staying) };
                break;
        }
    }

    /// <summary>Whether the answer would be another one than the last. The real controller must ask to find out.</summary>
    public bool WouldDiffer(NodeQuestion question, Api.DrainSpec drain) => question switch
    {
        NodeQuestion.Preflight preflight =>
            !Outcomes(DryRun(preflight, drain)).SequenceEqual(Outcomes(_preflight.GetValueOrDefault(question.NodeUid))),
        NodeQuestion.Workloads workloads =>
            !Look(workloads).Workloads.SequenceEqual(_workloads.GetValueOrDefault(question.NodeUid)?.Workloads ?? []),
        NodeQuestion.Volumes volumes =>
            !(_volumes.GetValueOrDefault(question.NodeUid)?.Attached.SequenceEqual(world.Volumes.On(question.Node, volumes.Staying)) ?? false),
        _ => false,
    };

    private PreflightFacts DryRun(NodeQuestion.Preflight question, Api.DrainSpec drain)
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
                        Sisters = world.Pods.SistersOf(p, world.Nodes),
                    }
                    : p),
            ],
        };
    }

    private WorkloadFacts Look(NodeQuestion.Workloads question)
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

    private static IEnumerable<(string, EvictionOutcome?, int?)> Outcomes(PreflightFacts? facts) => (facts?.Pods ?? []).Select(p => (p.Uid, p.LastEviction?.Outcome, p.Sisters));
}
