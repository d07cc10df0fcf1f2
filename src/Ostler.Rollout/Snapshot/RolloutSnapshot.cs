using Ostler.Rollout.Health;

namespace Ostler.Rollout.Snapshot;

/// <summary>
/// Everything that one decision about one policy rests on, read once and never changed. Whoever gathers it must see its own
/// former writes in it; a planner that is shown the world before its last grant would grant again.
/// </summary>
public sealed record RolloutSnapshot
{
    /// <summary>The controller's clock at the moment of gathering.</summary>
    public required DateTimeOffset Now { get; init; }

    /// <summary>Since when the controller has seen the cluster without a break. Null: for as long as it matters.</summary>
    public ControllerSight? Sight { get; init; }

    /// <summary>The policy. One that is gone is still given (by name), so that its nodes are brought to an end.</summary>
    public required PolicyFacts Policy { get; init; }

    /// <summary>The image that the policy names; null when there is none of that name.</summary>
    public ImageFacts? Image { get; init; }

    /// <summary>
    /// The nodes that the policy selects, and those bound to it: whose NodeOS names it in spec.policy or whose Node it cordoned.
    /// </summary>
    public required IReadOnlyList<NodeFacts> Nodes { get; init; }

    /// <summary>All other policies of the cluster.</summary>
    public IReadOnlyList<OtherPolicy> OtherPolicies { get; init; } = [];

    /// <summary>
    /// Every node of the cluster's control plane, whoever selects it: one that is out of service keeps the others from being disrupted.
    /// </summary>
    public IReadOnlyList<ControlPlaneNode> ControlPlane { get; init; } = [];

    /// <summary>
    /// The nodes that other policies have cordoned, with their pods as far as they are known: pods of one workload may wait for each other
    /// on nodes of different policies.
    /// </summary>
    public IReadOnlyList<NodeFacts> OtherDrains { get; init; } = [];

    /// <summary>
    /// What the evaluations of the policy's gates have come to. One that is not here was not evaluated, or its result was lost with a
    /// restart.
    /// </summary>
    public IReadOnlyList<GateObservation> Gates { get; init; } = [];

    /// <summary>The node that runs the controller itself; it goes last. Null: not known.</summary>
    public string? LeaderNode { get; init; }

    /// <summary>Ostler's own namespace: the only one whose Secrets the controller may read.</summary>
    public string Namespace { get; init; } = "ostler-system";
}

/// <summary>A node of the control plane.</summary>
/// <param name="Name">The Node.</param>
/// <param name="InService">Ready, not cordoned by anybody and not in flight on behalf of any policy.</param>
public sealed record ControlPlaneNode(string Name, bool InService);
