namespace Ostler.Api.NodeOSes;

/// <summary>What a goal means for the slot of its node.</summary>
public static class NodeSlots
{
    /// <summary>Whether the node was told to boot, or keeps its slot for what its drain displaced.</summary>
    public static bool IsUnderWay(this NodeOSSpec spec) => spec.Goal is Goal.Boot or Goal.Rollback || spec.IsRecovering();

    /// <summary>Whether the last thing that happened to the node is an upgrade that went well.</summary>
    public static bool IsUpdated(this NodeOSSpec spec) => spec is { Goal: Goal.Observe, Image: not null, LastUpgrade: not null, Failure: null };

    /// <summary>Whether the node is back in service and keeps its slot for the workloads that its drain displaced.</summary>
    public static bool IsRecovering(this NodeOSSpec spec) => spec is { Goal: Goal.Observe, Deadlines.Recovered: not null };

    /// <summary>Whether the present attempt brings the node back to a tree that it had reached.</summary>
    public static bool IsReconciling(this NodeOSSpec spec) => spec.Reconcile is { } reconcile && reconcile.Attempt == spec.Attempt;

    /// <summary>Whether the present attempt is a reboot and nothing else.</summary>
    public static bool IsRebooting(this NodeOSSpec spec) => spec.RebootBefore is not null;

    /// <summary>Whether the present attempt boots the very tree that ran before it: there is none to go back to.</summary>
    public static bool IsRedeploying(this NodeOSSpec spec) =>
        (spec.IsReconciling() || spec.IsRebooting()) && spec.Previous is { } previous && previous.Digest == spec.Image?.Digest;
}
