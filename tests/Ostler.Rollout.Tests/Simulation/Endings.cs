using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.UpgradePolicies;
using Ostler.Simulation;

namespace Ostler.Rollout.Tests.Simulation;

/// <summary>
/// What a policy must say when nothing is left to happen: that all is done, or why not, in a way that a person can act on.
/// </summary>
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
            }
            else if (ready.Status != ConditionStatus.True && !conditions.IsTrue(ConditionTypes.Stalled) && ready.Reason is not (Reasons.Paused or Reasons.WaitingForApproval))
            {
                CheckMayHeal(world, policy, ready, complain);
            }
        }
    }

    // It says that it goes on, and nothing is left to happen: then something outside must be able to make it go on.
    private static void CheckMayHeal(SimulatedWorld world, SimulatedPolicy policy, Condition ready, Action<string> complain)
    {
        var selected = world.Nodes.Where(n => policy.Spec!.NodeSelector.Matches(n.Labels)).ToArray();
        // A machine that is off may be switched on again: nobody but us knows that it never will. Whoever cordoned a node that is not the
        // policy's may undo it, and may be another policy.
        var mayHeal = selected.Any(n => !n.Ready)
            || (ready.Reason == Reasons.WaitingForControlPlane
                && world.Nodes.Any(n => n.Unschedulable && NodeRoles.Default.IsControlPlane(n.Labels) && !policy.Spec!.NodeSelector.Matches(n.Labels)));
        if (mayHeal && ready.Message.Length > 0)
        {
            return;
        }

        // Nor does anybody know that a budget, which the controller asks time and again, will never say another thing. But that excuses
        // nobody else.
        var blocked = (policy.Status!.Blocked ?? []).ToDictionary(b => b.Node, StringComparer.Ordinal);
        var waits = selected.Where(n => !IsAtRest(world, policy, n) && !blocked.ContainsKey(n.Name)).Select(n => n.Name).ToArray();
        if (waits.Length > 0 || !blocked.Values.Any(b => IsBlockedByBudget(world, b)))
        {
            complain($"6: {policy.Name} goes on for ever with nothing left to happen for {string.Join(", ", waits)}: {ready.Reason}: {ready.Message}");
        }
    }

    private static bool IsBlockedByBudget(SimulatedWorld world, BlockedNode blocked) =>
        blocked.Reason is Reasons.DrainWouldBlock or Reasons.DrainBlocked
        || (blocked.Reason == Reasons.BackingOff && world.Find(blocked.Node)?.OS?.Spec.Backoff?.Reason == Reasons.DrainBlocked);

    // Where the policy wants it, or where it must stay.
    private static bool IsAtRest(SimulatedWorld world, SimulatedPolicy policy, SimulatedNode node)
    {
        var spec = node.OS?.Spec;
        var target = world.Image.Status?.Resolved?.Digest;
        if (node.CordonedBy is not null || spec is null or { Goal: not Goal.Observe })
        {
            return false;
        }

        var failed = spec.Failure is { } failure && failure.Digest == target && !(failure.At <= policy.Spec!.Rollout.RetryFailuresBefore);
        return failed || (node.Host.Booted.Digest == target && !IsToGoBack(policy, spec));
    }

    private static bool IsToGoBack(SimulatedPolicy policy, NodeOSSpec spec) =>
        policy.Spec!.Rollback is { Automatic: true, Scope: RollbackScope.Policy } && spec.IsUpdated()
        && policy.Status!.Conditions.Find(ConditionTypes.Ready)!.Reason == Reasons.RollingBack;
}
