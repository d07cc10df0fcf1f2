using Ostler.Api.Schema;

namespace Ostler.Api.NodeOSes;

/// <summary>What the controller notes about a node for its own later decisions.</summary>
public sealed record NodeRecord
{
    internal static NodeRecord Empty { get; } = new();

    /// <summary>The pods that were Ready when the node was told to boot, for each check of that kind.</summary>
    [MaxItems(50)]
    public IReadOnlyList<ReadyPods>? ReadyBefore { get; init; }

    /// <summary>The workloads whose pods the drain makes leave, the first 50 by name. Kept until they are available again.</summary>
    [MaxItems(50)]
    public IReadOnlyList<DisplacedWorkload>? Displaced { get; init; }

    /// <summary>Since when all checks of the present attempt pass.</summary>
    public DateTimeOffset? HealthySince { get; init; }

    /// <summary>The last failed attempt.</summary>
    public NodeFailure? Failure { get; init; }

    /// <summary>Why the node was given back undisturbed, and when it may be tried again.</summary>
    public NodeBackoff? Backoff { get; init; }

    /// <summary>The last order to bring the node back to a tree that it had reached and drifted from, and how often that was done.</summary>
    public NodeReconcile? Reconcile { get; init; }

    /// <summary>When the steps of the upgrade to image happened, once it is complete. From these the pace of the rollout is told.</summary>
    public NodeUpgrade? LastUpgrade { get; init; }
}
