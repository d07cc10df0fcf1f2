using Ostler.Api.Meta;
using Ostler.Api.Shared;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Context;
using Ostler.Rollout.Failures;
using Ostler.Rollout.Nodes;
using Ostler.Rollout.OSImages;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Text;

namespace Ostler.Rollout.Planner;

/// <summary>Why no new slot is granted, whatever the budget: the first gate that is closed.</summary>
internal static class Gates
{
    /// <summary>In order. Later gates rely on earlier ones: all but the first know a policy, and all after the third a target.</summary>
    internal static readonly IReadOnlyList<Rule<Func<RolloutContext, RolloutGate?, RolloutGate?>>> Ordered =
    [
        new(nameof(PolicyIsGone), "The policy was deleted: its nodes are released.", PolicyIsGone),
        new(nameof(SpecIsInvalid), "The policy's spec is invalid.", SpecIsInvalid),
        new(nameof(TargetIsNotKnown), "The OSImage is missing, invalid, not resolved or not verified.", TargetIsNotKnown),
        new(nameof(TooManyFailed), "More nodes failed on the target than spec.rollback.maxFailures allows.", TooManyFailed),
        new(nameof(TargetIsQuarantined), "The target is quarantined.", TargetIsQuarantined),
        new(nameof(TargetIsTooYoung), "The target is younger than spec.minAge of the OSImage.", TargetIsTooYoung),
        new(nameof(PolicyIsPaused), "spec.paused is true. Nodes are still staged.", PolicyIsPaused),
        new(nameof(DependencyIsNotReady), "A policy in spec.dependsOn is missing, not Ready, or depends on this one. Nodes are still staged.", DependencyIsNotReady),
        new(nameof(OutsideOfWindows), "No window is open, or a freeze is in force. Nodes are still staged.", OutsideOfWindows),
        new(nameof(WorkloadsAreNotBack), "Workloads that a drain displaced are late. Nodes are still staged.", WorkloadsAreNotBack),
        new(nameof(ClusterGateIsClosed),
            "A gate of spec.gates is closed, cannot be evaluated or finds nothing to judge. Nodes are still staged.", ClusterGateIsClosed),
    ];

    /// <summary>
    /// For nodes that go back though they are well: that disrupts them as an upgrade does, so a pause and closed windows hold for them,
    /// too. What halted the rollout does not, being why they go back; nor do the policies that it depends on.
    /// </summary>
    internal static readonly IReadOnlyList<Rule<Func<RolloutContext, RolloutGate?, RolloutGate?>>> OrderedForRollback =
    [
        new(nameof(RollbackIsPaused), "spec.paused is true.", RollbackIsPaused),
        new(nameof(OutsideOfWindows), "No window is open, or a freeze is in force.", OutsideOfWindows),
        new(nameof(WorkloadsAreNotBack), "Workloads that a drain displaced are late.", WorkloadsAreNotBack),
        new(nameof(ClusterGateOfSlotsIsClosed),
            "A gate of spec.gates with at: Slot is closed, cannot be evaluated or finds nothing to judge.", ClusterGateOfSlotsIsClosed),
    ];

    /// <param name="context">What holds for all nodes, but for the gates.</param>
    /// <param name="ofTarget">Why there is no target; null when there is one.</param>
    public static RolloutGate? Find(RolloutContext context, RolloutGate? ofTarget) => First(Ordered, context, ofTarget);

    /// <summary>Why no slot is granted to a node that is rolled back with its scope.</summary>
    public static RolloutGate? FindForRollback(RolloutContext context) => First(OrderedForRollback, context, null);

    private static RolloutGate? First(IReadOnlyList<Rule<Func<RolloutContext, RolloutGate?, RolloutGate?>>> gates, RolloutContext context, RolloutGate? ofTarget)
    {
        foreach (var gate in gates)
        {
            if (gate.Apply(context, ofTarget) is { } closed)
            {
                return closed;
            }
        }

        return null;
    }

    private static RolloutGate? PolicyIsGone(RolloutContext context, RolloutGate? ofTarget) => context.Exists
        ? null
        : new(Reasons.Deleting, $"Policy {context.Policy} no longer exists. Its nodes are released.") { ReleasesSlots = true, WithdrawsStaging = true };

    private static RolloutGate? SpecIsInvalid(RolloutContext context, RolloutGate? ofTarget) => context.Problems is [var problem, ..]
        ? new(problem.Reason, $"{problem.Field}: {problem.Message}") { ReleasesSlots = true, NeedsPerson = true }
        : null;

    private static RolloutGate? TargetIsNotKnown(RolloutContext context, RolloutGate? ofTarget) => context.Target is null ? ofTarget : null;

    private static RolloutGate? TooManyFailed(RolloutContext context, RolloutGate? ofTarget) => context.Failures.Halted
        ? new(Reasons.TooManyFailures, FailureRules.HaltMessage(context.Target!, context.Failures)) { ReleasesSlots = true, WithdrawsStaging = true, NeedsPerson = true }
        : null;

    private static RolloutGate? TargetIsQuarantined(RolloutContext context, RolloutGate? ofTarget) =>
        context is { Target: { } target, Snapshot.Image: { } image } && OSImageStatusRules.IsQuarantined(image.Spec, image.Status, target.Digest)
            ? new(
                Reasons.ImageQuarantined,
                $"{MessageText.Of(target)} is quarantined. Release a fixed image, or allow the digest: "
                + $"kubectl ostler quarantine remove {image.Name} {Digest.Shorten(target.Digest)}.")
            {
                ReleasesSlots = true,
                WithdrawsStaging = true,
                NeedsPerson = true,
            }
            : null;

    // The OSImage names what is old enough. Raised since, its minAge holds back what it already named.
    private static RolloutGate? TargetIsTooYoung(RolloutContext context, RolloutGate? ofTarget) =>
        context is { Target: { } target, Snapshot.Image: { Status.Resolved: { } resolved } image }
            && MinAgeRules.EligibleAt(image.Spec, resolved) is var at && at > context.Now
            ? new(
                Reasons.ImageTooYoung,
                $"{MessageText.Of(target)} is younger than spec.minAge of OSImage {image.Name} ({image.Spec.MinAge}). "
                + $"Nodes get it at {MessageText.Of(at)}.")
            {
                OpensAt = at,
            }
            : null;

    private static RolloutGate? PolicyIsPaused(RolloutContext context, RolloutGate? ofTarget) => context.Spec.Paused
        ? new(Reasons.Paused, $"Paused. Nodes stage, but none is disrupted. To continue, run kubectl ostler resume {context.Policy}.")
        {
            StagingAllowed = true,
        }
        : null;

    private static RolloutGate? RollbackIsPaused(RolloutContext context, RolloutGate? ofTarget) => context.Spec.Paused
        ? new(Reasons.Paused, "Paused. No node rolls back. To continue, run kubectl ostler resume.")
        : null;

    private static RolloutGate? DependencyIsNotReady(RolloutContext context, RolloutGate? ofTarget) => Dependencies.Check(context.Snapshot);

    private static RolloutGate? OutsideOfWindows(RolloutContext context, RolloutGate? ofTarget) => context.Window.Gate;

    private static RolloutGate? WorkloadsAreNotBack(RolloutContext context, RolloutGate? ofTarget) => WorkloadRecovery.Gate(context);

    private static RolloutGate? ClusterGateIsClosed(RolloutContext context, RolloutGate? ofTarget) =>
        ClusterGates.Close(ClusterGates.OfSlots(context));

    private static RolloutGate? ClusterGateOfSlotsIsClosed(RolloutContext context, RolloutGate? ofTarget) =>
        ClusterGates.Close(context.ClusterGates.Where(g => g.Spec.At == GatePoint.Slot));
}
