using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;

namespace Ostler.Rollout.Plan;

/// <summary>
/// One write. The executor makes them in the order of the plan, without waiting; when one fails, it leaves out the rest of the
/// same node and plans anew. Every prefix of a node's actions is a state from which the next pass goes on.
/// </summary>
/// <param name="Node">The Node's name, which is that of its NodeOS too.</param>
/// <param name="NodeUid">The Node's UID: the write must not hit a node that came back under the same name.</param>
/// <param name="Reason">One of <see cref="Reasons"/>; the Event and the log line carry it.</param>
/// <param name="Message">For people.</param>
public abstract record NodeAction(string Node, string NodeUid, string Reason, string Message)
{
    /// <summary>Whether the Event about it is a Warning.</summary>
    public bool IsWarning { get; init; }

    /// <summary>Writes the whole spec of the node's NodeOS (server-side apply; what is null is removed).</summary>
    public sealed record ApplySpec(string Node, string NodeUid, NodeOSSpec Spec, string Reason, string Message)
        : NodeAction(Node, NodeUid, Reason, Message)
    {
        /// <summary>Of the NodeOS that the decision rests on. Write only over this one: two policies may hand a node over.</summary>
        public string? ResourceVersion { get; init; }
    }

    /// <summary>
    /// Sets spec.unschedulable and both annotations in one patch. <see cref="Grants"/> tells the grant of a slot from the repair of a
    /// cordon that somebody removed.
    /// </summary>
    public sealed record Cordon(string Node, string NodeUid, string Policy, DateTimeOffset At, string Reason, string Message)
        : NodeAction(Node, NodeUid, Reason, Message)
    {
        /// <summary>True for a new slot.</summary>
        public bool Grants { get; init; }

        /// <summary>
        /// When the answers of the gates that a grant rests on are too old: after this, plan again instead. Null: it rests on none.
        /// </summary>
        public DateTimeOffset? NotAfter { get; init; }

        /// <summary>
        /// Of the Node that the decision rests on. A grant must be made over this one: somebody may have cordoned it since.
        /// </summary>
        public string? ResourceVersion { get; init; }
    }

    /// <summary>Clears spec.unschedulable and removes both annotations in one patch.</summary>
    public sealed record Uncordon(string Node, string NodeUid, string Policy, string Reason, string Message)
        : NodeAction(Node, NodeUid, Reason, Message)
    {
        /// <summary>Of the Node that the decision rests on: the cordon may have become somebody else's since.</summary>
        public string? ResourceVersion { get; init; }
    }

    /// <summary>Takes the taint <see cref="NodeMarks.OutdatedTaint"/> off the Node and leaves the others alone.</summary>
    public sealed record RemoveJoinTaint(string Node, string NodeUid, string Reason, string Message) : NodeAction(Node, NodeUid, Reason, Message)
    {
        /// <summary>Of the Node that the decision rests on: taints are one list, and somebody may have added to it since.</summary>
        public string? ResourceVersion { get; init; }
    }

    /// <summary>Evicts a pod (policy/v1 or v1beta1 eviction with the UID as precondition). No grace period: what the pod says.</summary>
    public sealed record EvictPod(
        string Node, string NodeUid, string Namespace, string Pod, string PodUid, long? GracePeriodSeconds, string Reason, string Message)
        : NodeAction(Node, NodeUid, Reason, Message);

    /// <summary>
    /// Deletes a pod without asking any PodDisruptionBudget (UID as precondition). Only under <c>onTimeout: Force</c>. No grace period:
    /// what the pod says.
    /// </summary>
    public sealed record DeletePod(
        string Node, string NodeUid, string Namespace, string Pod, string PodUid, long? GracePeriodSeconds, string Reason, string Message)
        : NodeAction(Node, NodeUid, Reason, Message);

    /// <summary>
    /// Takes back what the eviction of a KubeVirt pod began: the machine stays on its node. One that no eviction marked is left as it is.
    /// </summary>
    public sealed record CancelMigration(string Node, string NodeUid, string Namespace, string Instance, string Reason, string Message)
        : NodeAction(Node, NodeUid, Reason, Message);
}
