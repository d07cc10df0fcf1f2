using Ostler.Api;
using Ostler.Rollout.Simulation;

namespace Ostler.Rollout.Tests.Simulation;

/// <summary>What a policy must say when nothing is left to happen: that all is done, or why not, in a way that a person can act on.</summary>
internal static class Endings
{
    public static void Check(SimulatedWorld world, Action<string> complain)
    {
        foreach (var policy in world.Policies.Values.Where(p => p.Spec is not null))
        {
            var conditions = policy.Status?.Conditions;
            if (conditions.Find(ConditionTypes.Ready) is not { } ready)
            {
                complain($"6: {policy.Name} has never said how it stands");
                continue;
            }

            if (ready.Status == ConditionStatus.True)
            {
                continue;
            }

            var isHeld = conditions.IsTrue(ConditionTypes.Stalled) || ready.Reason is Reasons.Paused or Reasons.WaitingForApproval;
            // A machine that is off may be switched on again: nobody but us knows that it never will.
            var mayHeal = world.Nodes.Any(n => policy.Spec!.NodeSelector.Matches(n.Labels) && !n.Ready)
                // Nor that a budget, which the controller asks time and again, will never say another thing.
                || policy.Status!.Blocked?.Any(b => b.Reason is Reasons.DrainWouldBlock or Reasons.DrainBlocked) == true;
            // Whoever cordoned a node that is not the policy's may undo it, and may be another policy.
            mayHeal |= ready.Reason == Reasons.WaitingForControlPlane
                && world.Nodes.Any(n => n.Unschedulable && NodeMarks.IsControlPlane(n.Labels) && !policy.Spec!.NodeSelector.Matches(n.Labels));
            if (!isHeld && !(mayHeal && ready.Message.Length > 0))
            {
                complain($"6: {policy.Name} goes on for ever with nothing left to happen: {ready.Reason}: {ready.Message}");
            }
        }
    }
}
