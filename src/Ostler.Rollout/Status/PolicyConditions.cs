using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Failures;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Snapshot;

namespace Ostler.Rollout.Status;

/// <summary>The conditions of a policy: one method each, from what was decided.</summary>
internal static class PolicyConditions
{
    public static IEnumerable<Condition> Of(RolloutSnapshot snapshot, RolloutPlan plan, IReadOnlyList<NodeVerdict> verdicts, NodeCounts counts)
    {
        var outlook = RolloutSummary.Of(snapshot, plan, verdicts, counts);
        yield return Make(ConditionTypes.Ready, outlook.IsReady, outlook.Reason, outlook.Message);
        yield return Accepted(plan);
        yield return Make(ConditionTypes.Progressing, outlook.IsMoving, outlook is { IsMoving: true, Reason: not Reasons.RollingBack } ? Reasons.RollingOut : outlook.Reason, outlook.Message);
        yield return Halted(plan);
        yield return Conflicted(plan);
        yield return Make(ConditionTypes.WindowOpen, plan.Window.IsOpen, plan.Window.Reason, plan.Window.Message);

        // kstatus: one of the two at most, and only while True. A pause and a wave that waits for approval are neither: nothing is wrong
        // and nothing is under way. A closed window is Reconciling, though nothing progresses: it goes on by itself.
        if (!outlook.IsReady && (outlook.IsMoving || outlook.WillMove))
        {
            yield return Make(ConditionTypes.Reconciling, true, outlook.Reason, outlook.Message);
        }
        else if (!outlook.IsReady && outlook.NeedsPerson)
        {
            yield return Make(ConditionTypes.Stalled, true, outlook.Reason, outlook.Message);
        }
    }

    // What depends on other objects, or on what was measured, is found by the gates: a circle of dependencies, windows too short for any
    // node.
    private static Condition Accepted(RolloutPlan plan) => plan switch
    {
        { Problems: [var problem, ..] } => Make(
            ConditionTypes.Accepted, false, problem.Reason, string.Join("; ", plan.Problems.Take(5).Select(p => $"{p.Field}: {p.Message}")) + "."),
        { Gate: { NeedsPerson: true, StagingAllowed: true } gate } => Make(ConditionTypes.Accepted, false, gate.Reason, gate.Message),
        _ => Make(ConditionTypes.Accepted, true, Reasons.Succeeded, "The spec is valid."),
    };

    private static Condition Halted(RolloutPlan plan) => plan switch
    {
        { Failures.Halted: true, Target: { } target } => Make(
            ConditionTypes.Halted, true, Reasons.TooManyFailures, FailureRules.HaltMessage(target, plan.Failures) + (plan.TakingBack is { } back ? $" {back.Message}" : "")),
        { Failures.Failed: > 0 } => Make(
            ConditionTypes.Halted, false, Reasons.FailuresTolerated, $"{plan.Failures.Failed} failed, {plan.Failures.Allowed} allowed."),
        _ => Make(ConditionTypes.Halted, false, Reasons.NoFailures, "No node failed on the target."),
    };

    private static Condition Conflicted(RolloutPlan plan) => plan.Conflicts.Count > 0
        ? Make(ConditionTypes.Conflicted, true, Reasons.PolicyConflict, ConflictMessage(plan))
        : Make(ConditionTypes.Conflicted, false, Reasons.NoConflict, "No other policy selects the same nodes.");

    internal static string ConflictMessage(RolloutPlan plan) =>
        string.Join(" ", plan.Conflicts.Select(c =>
            $"Policy {c.Policy} also selects {c.Count} of the same nodes ({string.Join(", ", c.Examples)}{(c.Count > c.Examples.Count ? ", …" : "")})."))
        + " Neither policy acts on them until you change one of the selectors.";

    private static Condition Make(string type, bool holds, string reason, string message) => new()
    {
        Type = type,
        Status = holds ? ConditionStatus.True : ConditionStatus.False,
        Reason = reason,
        Message = message,
    };
}
