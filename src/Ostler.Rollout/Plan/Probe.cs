using Ostler.Api.NodeOSes;
using Ostler.Rollout.Snapshot;

namespace Ostler.Rollout.Plan;

/// <summary>
/// Something that the plan needs to know of one node and that is too dear to be known of all. Whoever carries the plan out asks it when it
/// is due and plans anew with the answer in the <see cref="NodeFacts"/>; an answer that gets lost is asked for again.
/// </summary>
/// <param name="Node">The Node's name.</param>
/// <param name="NodeUid">The Node's UID: an answer about a former node of that name is none.</param>
/// <param name="DueAt">Not before this.</param>
public abstract record Probe(string Node, string NodeUid, DateTimeOffset DueAt)
{
    /// <summary>May its pods be evicted? Asked by a dry run, which moves nothing. Answered by <see cref="NodeFacts.Preflight"/>.</summary>
    public sealed record Preflight(string Node, string NodeUid, DateTimeOffset DueAt) : Probe(Node, NodeUid, DueAt);

    /// <summary>How do these workloads stand, and those of these pods? Answered by <see cref="NodeFacts.Workloads"/>.</summary>
    public sealed record Workloads(string Node, string NodeUid, DateTimeOffset DueAt) : Probe(Node, NodeUid, DueAt)
    {
        /// <summary>Pods whose workloads are asked for: those that no known kind started belong to none.</summary>
        public IReadOnlyList<PodFacts> Of { get; init; } = [];

        /// <summary>Workloads by name.</summary>
        public IReadOnlyList<DisplacedWorkload> Named { get; init; } = [];
    }

    /// <summary>Which volumes are attached to it, but for those of these pods? Answered by <see cref="NodeFacts.Volumes"/>.</summary>
    public sealed record Volumes(string Node, string NodeUid, DateTimeOffset DueAt, IReadOnlyList<PodFacts> Staying) : Probe(Node, NodeUid, DueAt);
}
