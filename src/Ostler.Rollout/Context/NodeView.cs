using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Images;
using Ostler.Rollout.Snapshot;

namespace Ostler.Rollout.Context;

/// <summary>One node as one policy sees it: the facts that the decisions are made of.</summary>
internal readonly struct NodeView
{
    private static readonly NodeOSSpec NoSpec = new();

    public NodeView(RolloutContext context, NodeFacts node)
    {
        Node = node;
        Spec = node.OS?.Spec ?? NoSpec;
        Status = node.OS?.Status;
        Selected = context.Selects(node);
        HoldsSlot = node.CordonedBy == context.Policy;
        // A NodeOS that names no policy is nobody's: whoever selects the node, or cordoned it, may take it up.
        OwnedByPolicy = node.OS is not null && (Spec.Policy == context.Policy || (Spec.Policy is null && (Selected || HoldsSlot)));
        Target = context.Trees?.For(node);
        ConflictsWith = Selected ? context.Conflicts.Of(node.Name) : null;
    }

    public NodeFacts Node { get; }

    /// <summary>What the NodeOS asks for; empty when there is none.</summary>
    public NodeOSSpec Spec { get; }

    public NodeOSStatus? Status { get; }

    /// <summary>The target on the node's platform; null: there is none, or not for its platform.</summary>
    public TargetTree? Target { get; }

    /// <summary>Whether it runs the target.</summary>
    public bool RunsTarget => Runs(Target?.Digest);

    /// <summary>Whether the policy selects the node.</summary>
    public bool Selected { get; }

    /// <summary>Whether the node holds a slot of the policy.</summary>
    public bool HoldsSlot { get; }

    /// <summary>Whether the NodeOS is the policy's to write.</summary>
    public bool OwnedByPolicy { get; }

    /// <summary>Another policy that selects the node as well.</summary>
    public string? ConflictsWith { get; }

    /// <summary>Whether it holds a slot, or was told to boot: the slot of a node under way is taken even when its marks are gone.</summary>
    public bool InFlight => HoldsSlot || (OwnedByPolicy && Spec.IsUnderWay());

    /// <summary>Whether it is back in service and keeps its slot for the workloads that its drain displaced.</summary>
    public bool IsRecovering => OwnedByPolicy && Spec.IsRecovering();

    /// <summary>Whether what the agent says is about the present attempt.</summary>
    public bool ReportsOnAttempt => Status is not null && Status.Attempt == Spec.Attempt;

    /// <summary>Whether the agent has seen the present spec.</summary>
    public bool AgentIsCurrent => Status is not null && Status.ObservedGeneration >= Node.OS!.Generation;

    /// <summary>Whether the agent reports from another boot than the one in which the order to boot was given.</summary>
    public bool HasBooted =>
        ReportsOnAttempt && Status!.BootSessionID() is { } now && Spec.Previous?.BootSessionID() is { } before && now != before;

    public bool Runs(string? digest) => digest is not null && Status?.Booted?.Digest == digest;

    /// <summary>Whether the image of the spec lies on the node, locked, ready for the next boot.</summary>
    public bool HasStaged =>
        ReportsOnAttempt && Spec.Image is { } image && Status!.Conditions.IsTrue(ConditionTypes.Staged)
        // What a reboot alone undoes needs nothing to be staged: the agent says so.
        && (Status.Staged?.Digest == image.Digest || ((Spec.IsReconciling() || Spec.IsRebooting()) && Runs(image.Digest)));

    /// <summary>What went wrong with the present attempt on the host.</summary>
    public NodeError? Error => ReportsOnAttempt ? Status!.LastError : null;

    /// <summary>
    /// A failed node that stays as it is until a person decides: its attempt is over (goal Observe), but it kept slot and record.
    /// A release clears previous, and a later attempt has a higher number, so that nothing else looks like this.
    /// </summary>
    public bool IsHeldAfterFailure =>
        HoldsSlot && OwnedByPolicy && Spec.Goal == Goal.Observe && Spec.Previous is not null && Spec.Failure is { } failure && failure.Attempt == Spec.Attempt;

    /// <summary>Whether it holds a slot, and its NodeOS was made anew since: what for, and how far it had come, is not on record.</summary>
    public bool HasNoRecord => HoldsSlot && OwnedByPolicy && Spec is { Goal: Goal.Observe, Attempt: 0 };

    /// <summary>
    /// A healthy node that holds a slot to be taken back to its former tree. Nothing else looks like this: an update is uncordoned before
    /// it is recorded, a release removes the record, and so does the order to stage.
    /// </summary>
    public bool IsGoingBack => HoldsSlot && OwnedByPolicy && Spec.IsUpdated() && !IsRecovering;

    /// <summary>Whether the host still keeps the tree that it ran before its last upgrade.</summary>
    public bool KeepsFormer => Spec.LastUpgrade?.Previous is { } former && Status?.Rollback?.Digest == former.Digest;
}
