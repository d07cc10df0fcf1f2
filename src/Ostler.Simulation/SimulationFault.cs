using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Health;
using Ostler.Simulation.Hosts;

namespace Ostler.Simulation;

/// <summary>Something that befalls the cluster at a moment, counted from the start.</summary>
public abstract record SimulationFault(TimeSpan At)
{
    /// <summary>Something that befalls one node. Nothing happens when there is none of that name by then.</summary>
    public abstract record OfNode(TimeSpan At, string Node) : SimulationFault(At);

    /// <summary>The next boots of the node into a tree other than its first one go like this, one after the other.</summary>
    public sealed record Boots(TimeSpan At, string Node, IReadOnlyList<SimulatedBoot> Outcomes) : OfNode(At, Node);

    /// <summary>Every boot into the tree goes like this, on every node.</summary>
    public sealed record BadTree(TimeSpan At, string Digest, SimulatedBoot Outcome) : SimulationFault(At);

    public sealed record StagingFails(TimeSpan At, string Node, int Times) : OfNode(At, Node);

    public sealed record ControllerRestarts(TimeSpan At) : SimulationFault(At);

    public sealed record AgentRestarts(TimeSpan At, string Node) : OfNode(At, Node);

    /// <summary>The agent does nothing for a while.</summary>
    public sealed record AgentIsAway(TimeSpan At, string Node, TimeSpan For) : OfNode(At, Node);

    /// <summary>From now on the agent writes nonsense into its status: every report is spoilt in another way.</summary>
    public sealed record AgentTurnsHostile(TimeSpan At, string Node) : OfNode(At, Node);

    /// <summary>For a while a webhook denies every write to the NodeOS of the node but the agent's.</summary>
    public sealed record WritesRefused(TimeSpan At, string Node, TimeSpan For) : OfNode(At, Node);

    /// <summary>The host's clock is set: forward, or back.</summary>
    public sealed record NodeClockJumps(TimeSpan At, string Node, TimeSpan By) : OfNode(At, Node);

    /// <summary>The API server's clock is wrong for a while.</summary>
    public sealed record ServerClockJumps(TimeSpan At, TimeSpan By, TimeSpan For) : SimulationFault(At);

    /// <summary>Nobody can reach the API server for a while: neither the controller nor any agent.</summary>
    public sealed record ApiIsAway(TimeSpan At, TimeSpan For) : SimulationFault(At);

    public sealed record HumanCordons(TimeSpan At, string Node) : OfNode(At, Node);

    public sealed record HumanUncordons(TimeSpan At, string Node) : OfNode(At, Node);

    /// <summary>Somebody sets the annotation ostler.dev/hold on the Node. Null: somebody removes it.</summary>
    public sealed record HumanHolds(TimeSpan At, string Node, string? Reason) : SimulationFault(At);

    /// <summary>The kubelet stops reporting for a while.</summary>
    public sealed record KubeletIsAway(TimeSpan At, string Node, TimeSpan For) : OfNode(At, Node);

    /// <summary>The host is power-cycled by itself: what is staged and locked is lost.</summary>
    public sealed record PowerCycle(TimeSpan At, string Node) : OfNode(At, Node);

    /// <summary>Somebody layers a package on the host, and does it again after each of the next boots that undo it.</summary>
    public sealed record Drifts(TimeSpan At, string Node, int Again = 0) : OfNode(At, Node);

    /// <summary>Somebody boots a tree of their own, and does it again some time after each of the next boots that Ostler orders.</summary>
    public sealed record SomebodyBoots(TimeSpan At, string Node, int Again = 0) : OfNode(At, Node);

    /// <summary>Somebody runs kubectl delete nodeos.</summary>
    public sealed record NodeOSDeleted(TimeSpan At, string Node) : OfNode(At, Node);

    public sealed record NodeDeleted(TimeSpan At, string Node) : OfNode(At, Node);

    /// <summary>The Node is deleted and another one registers under its name, with the tree that the first one began with.</summary>
    public sealed record NodeReplaced(TimeSpan At, string Node) : OfNode(At, Node);

    /// <summary>Another node registers.</summary>
    public sealed record NodeJoins(TimeSpan At, SimulatedNodeSpec Node) : SimulationFault(At);

    public sealed record TargetChanges(TimeSpan At, string Digest, string? Version) : SimulationFault(At);

    public sealed record PolicyChanges(TimeSpan At, string Policy, Func<UpgradePolicySpec, UpgradePolicySpec> Change) : SimulationFault(At);

    public sealed record PolicyCreated(TimeSpan At, string Policy, UpgradePolicySpec Spec) : SimulationFault(At);

    public sealed record PolicyDeleted(TimeSpan At, string Policy) : SimulationFault(At);

    /// <summary>Sets retryFailuresBefore to the moment at which this happens.</summary>
    public sealed record Retry(TimeSpan At, string Policy) : SimulationFault(At);

    /// <summary>
    /// From now on the check says these things on each node (or on <paramref name="Node"/> alone), one try after the other, and then the
    /// last of them for good.
    /// </summary>
    public sealed record CheckSays(TimeSpan At, string Check, IReadOnlyList<CheckOutcome> Outcomes, string? Node = null) : SimulationFault(At);

    /// <summary>From now on the gate answers this (to <paramref name="Node"/> alone, with the scope Node). Until then it answers
    /// yes.</summary>
    public sealed record GateSays(TimeSpan At, string Gate, CheckOutcome Outcome, string? Node = null) : SimulationFault(At);

    /// <summary>A pod has done its work.</summary>
    public sealed record PodCompletes(TimeSpan At, string Pod) : SimulationFault(At);

    /// <summary>No volume is detached from the node until it boots.</summary>
    public sealed record VolumesHang(TimeSpan At, string Node) : OfNode(At, Node);

    /// <summary>Changes how many pods of workloads fit on a node.</summary>
    public sealed record CapacityChanges(TimeSpan At, string Node, int? Capacity) : OfNode(At, Node);

    /// <summary>Changes the budget of a workload. Null: it has none any more, nor has its primary.</summary>
    public sealed record BudgetChanges(TimeSpan At, string Workload, int? MinAvailable) : SimulationFault(At);
}
