using Ostler.Api.NodeOSes;
using Ostler.Rollout.Snapshot;

namespace Ostler.Simulation;

/// <summary>What the controller of the simulation sees.</summary>
internal static class SimulatedSnapshot
{
    public static RolloutSnapshot Gather(SimulatedWorld world, string policy, Dictionary<string, EvictionResult> evictions)
    {
        var facts = world.Policies[policy];
        return new()
        {
            Now = world.Now,
            Policy = new() { Name = policy, Uid = policy, Generation = facts.Generation, Spec = facts.Spec, PreviousStatus = facts.Status },
            Image = new()
            {
                Name = world.Image.Metadata.Name,
                Generation = world.Image.Metadata.Generation,
                Spec = world.Image.Spec,
                Status = world.Image.Status,
            },
            Nodes = [.. world.Nodes.Where(n => IsOf(n, policy, facts)).Select(n => FactsOf(world, n, policy, evictions))],
            OtherPolicies =
            [
                .. world.Policies.Values.Where(p => p.Name != policy && p.Spec is not null)
                    .Select(p => new OtherPolicy
                    {
                        Name = p.Name,
                        NodeSelector = p.Spec!.NodeSelector,
                        Generation = p.Generation,
                        DependsOn = p.Spec.DependsOn,
                        Status = p.Status,
                        ImageDigest = world.Image.Status?.Resolved?.Digest,
                    }),
            ],
            ControlPlane =
            [
                .. world.Nodes.Where(n => n.IsControlPlane)
                    .Select(n => new ControlPlaneNode(n.Name, n is { Ready: true, Unschedulable: false, CordonedBy: null } && n.OS?.Spec.IsUnderWay() != true)),
            ],
            OtherDrains = [.. world.Nodes.Where(n => n.CordonedBy is { } by && by != policy).Select(n => FactsOf(world, n, n.CordonedBy!, evictions))],
            LeaderNode = world.Scenario.LeaderNode,
        };
    }

    private static bool IsOf(SimulatedNode node, string policy, SimulatedPolicy facts) =>
        (facts.Spec is { } spec && node.IsSelectedBy(spec.NodeSelector)) || node.CordonedBy == policy || node.OS?.Spec.Policy == policy;

    private static NodeFacts FactsOf(SimulatedWorld world, SimulatedNode node, string policy, Dictionary<string, EvictionResult> evictions) =>
        node.CordonedBy == policy
            ? node.Facts() with { Pods = [.. world.Pods.On(node.Name).Select(p => p with { LastEviction = evictions.GetValueOrDefault(p.Uid) })] }
            : node.Facts();
}
