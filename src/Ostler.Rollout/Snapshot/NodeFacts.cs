using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Health;

namespace Ostler.Rollout.Snapshot;

/// <summary>One Node, its NodeOS and, while it is being drained, its pods.</summary>
public sealed record NodeFacts
{
    public required string Name { get; init; }

    public required string Uid { get; init; }

    public DateTimeOffset CreatedAt { get; init; }

    public IReadOnlyDictionary<string, string>? Labels { get; init; }

    /// <summary>The policies that select the node, by name in ordinal order; null: not known, so that selectors must be matched.</summary>
    public IReadOnlyList<string>? SelectedBy { get; init; }

    /// <summary>Which labels mark the control plane of this cluster.</summary>
    public NodeRoles Roles { get; init; } = NodeRoles.Default;

    /// <summary>Whether it belongs to the control plane.</summary>
    public bool IsControlPlane => Roles.IsControlPlane(Labels);

    /// <summary>What it runs on, as in <c>linux/arm64</c>; null: it does not say.</summary>
    public string? Platform { get; init; }

    /// <summary>spec.unschedulable.</summary>
    public bool Unschedulable { get; init; }

    /// <summary>The policy in the annotation <see cref="NodeAnnotations.CordonedBy"/>; null: the cordon, if any, is not Ostler's.</summary>
    public string? CordonedBy { get; init; }

    /// <summary>The annotation <see cref="NodeAnnotations.CordonedAt"/>; null when absent or unreadable.</summary>
    public DateTimeOffset? CordonedAt { get; init; }

    /// <summary>Whether it has the taint <see cref="NodeMarks.OutdatedTaint"/>, with which it registered.</summary>
    public bool HasJoinTaint { get; init; }

    /// <summary>Who holds it back from upgrades, and why; null: nobody.</summary>
    public NodeHold? Hold { get; init; }

    /// <summary>Whether the condition Ready is True.</summary>
    public bool Ready { get; init; }

    /// <summary>The reason of the condition Ready, for messages.</summary>
    public string? ReadyReason { get; init; }

    /// <summary>The message of the condition Ready, for messages.</summary>
    public string? ReadyMessage { get; init; }

    /// <summary>lastHeartbeatTime of the condition Ready, by the node's clock.</summary>
    public DateTimeOffset? ReadyHeartbeat { get; init; }

    /// <summary>status.nodeInfo.bootID: the boot in which the kubelet wrote the condition.</summary>
    public string? BootID { get; init; }

    /// <summary>The InternalIP of status.addresses.</summary>
    public string? Address { get; init; }

    public string? ResourceVersion { get; init; }

    /// <summary>Whether the Node has a deletion timestamp. Such a node is left alone and counts nowhere.</summary>
    public bool Deleting { get; init; }

    /// <summary>Its NodeOS; null when there is none whose owner reference carries the UID of this Node.</summary>
    public NodeOSFacts? OS { get; init; }

    /// <summary>
    /// The pods bound to it, gathered for nodes that hold a slot. Null: not known, which is never taken for drained.
    /// </summary>
    public IReadOnlyList<PodFacts>? Pods { get; init; }

    /// <summary>What a dry run of its drain gave. Null: not asked yet.</summary>
    public PreflightFacts? Preflight { get; init; }

    /// <summary>The workloads that were asked for on its behalf. Null: not asked yet.</summary>
    public WorkloadFacts? Workloads { get; init; }

    /// <summary>The volumes that are still attached to it. Null: not asked yet.</summary>
    public VolumeFacts? Volumes { get; init; }

    /// <summary>What the API server refuses to let the controller write for the node. Null: nothing, as far as is known.</summary>
    public RefusedWrite? Refused { get; init; }

    /// <summary>
    /// What the controller's health checks found in the present boot. One that is not here was not made yet, or its result was lost with a
    /// restart.
    /// </summary>
    public IReadOnlyList<CheckObservation> Checks { get; init; } = [];

    /// <summary>Whether the node holds a slot of the policy, or was told to boot for it: its marks may be gone.</summary>
    internal bool IsInFlight(string policy) => CordonedBy == policy || (OS is { } os && os.Spec.Policy == policy && os.Spec.IsUnderWay());
}

/// <summary>The NodeOS of a Node.</summary>
public sealed record NodeOSFacts
{
    public string? Uid { get; init; }

    /// <summary>Whether it has a deletion timestamp. What is in progress is finished, and nothing new begins.</summary>
    public bool Deleting { get; init; }

    public long Generation { get; init; }

    public string? ResourceVersion { get; init; }

    public NodeOSSpec Spec { get; init; } = new();

    /// <summary>
    /// Null until the agent has reported for the first time, and while what it reports is not valid. Checked and cleaned when it is set.
    /// </summary>
    public NodeOSStatus? Status
    {
        get;
        init
        {
            (field, InvalidReport) = ReportRules.Read(value);
        }
    }

    /// <summary>What is wrong with the agent's report, which then counts as none; null: nothing.</summary>
    public string? InvalidReport { get; private init; }
}
