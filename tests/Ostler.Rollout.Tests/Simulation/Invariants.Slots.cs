using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Plan;
using Ostler.Simulation;

namespace Ostler.Rollout.Tests.Simulation;

/// <content>Who is granted a slot: invariants 1, 5, 7 and 8.</content>
internal sealed partial class Invariants
{
    private void JudgeGrants(SimulatedWorld world, SimulatedPolicy policy, NodeAction.Cordon[] granted)
    {
        Count("grant");
        var spec = policy.Spec;
        Require(7, policy.Name, spec is { Paused: false }, "grants a slot although it is paused or gone");
        if (spec is null)
        {
            return;
        }

        var selected = world.Nodes.Where(n => spec.NodeSelector.Matches(n.Labels)).ToArray();
        var unavailable = selected.Count(n => n.Unschedulable || !n.Ready || IsInFlight(n, policy.Name));
        var limit = Math.Max(1, spec.Rollout.MaxUnavailable.Of(selected.Length));
        Require(1, policy.Name, unavailable + granted.Length <= limit, $"{unavailable} unavailable of {limit} allowed, and {granted.Length} more granted");

        var target = world.Image.Status!.Resolved!.Digest;
        // One that runs what is rolled out can only be granted a slot to go back.
        var back = granted.Where(g => world.Find(g.Node) is { OS: { } os } node && node.Host.Booted.Digest == target && os.Spec.Image?.Digest == target && os.Spec.Goal == Goal.Observe).ToArray();
        var forward = granted.Length - back.Length;
        var failed = selected.Count(n =>
            n.OS?.Spec.Failure is { } f && f.Reason is not (Reasons.RolledBackByScope or Reasons.RebootFailed) && f.Digest == target
                && !(f.At <= spec.Rollout.RetryFailuresBefore));
        Require(7, policy.Name, forward == 0 || failed <= spec.Rollback.MaxFailures.Of(selected.Length), $"grants a slot although {failed} nodes failed");
        Require(7, policy.Name, forward == 0 || back.Length == 0, "grants slots forward and back at once");
        Require(7, policy.Name, back.Length == 0 || spec.Rollback is { Automatic: true, Scope: not RollbackScope.Node }, "takes nodes back although the scope is one node");
        var recorded = policy.Status?.FailedDigests?.Any(d => d.Digest == target && !(d.At <= spec.Rollout.RetryFailuresBefore)) == true;
        Require(7, policy.Name, back.Length == 0 || recorded || failed > spec.Rollback.MaxFailures.Of(selected.Length), $"takes nodes back although {failed} nodes failed");
        Require(7, policy.Name, back.Length == 0 || IsProved(target), "takes nodes back although the tree failed on no node that ran it");
        var late = selected.Where(n => IsRecovering(n) && n.OS!.Spec.Deadlines!.Recovered is { } until && until <= world.Now && !(until <= spec.Rollout.RetryFailuresBefore));
        Require(7, policy.Name, !late.Any(), $"grants a slot although workloads of {late.FirstOrDefault()?.Name} are not available again");
        _pace.JudgeGrants(world, policy, spec, selected, [.. granted.Select(g => world.Find(g.Node)!)], target);
        foreach (var grant in granted)
        {
            var node = world.Find(grant.Node)!;
            if (back.Contains(grant))
            {
                Count("grant to go back");
                Require(1, node.Name, node is { Unschedulable: false, Ready: true }, "is granted a slot to go back although it is cordoned or not Ready");
                MustNotBeHeld(node, "granted a slot to go back");
                continue;
            }

            MustBeFree(world, policy.Name, node, target, "granted a slot");
            Require(1, node.Name, node is { Unschedulable: false, Ready: true }, "is granted a slot although it is cordoned or not Ready");
            Require(4, node.Name, (node.OS!.Status is { Staged: { } staged } && staged.Digest == target)
                || (node.OS.Spec.RebootBefore is not null && node.Host.Booted.Digest == target),
                "is granted a slot although the target is not staged");
        }
    }

    /// <summary>A hold is never violated: nothing new begins on the node, and no reboot is ordered.</summary>
    private void MustNotBeHeld(SimulatedNode node, string what) =>
        Require(13, node.Name, node.Hold is null, $"is {what} although a user holds it");

    /// <summary>From when the image was first there, as whoever published it knows.</summary>
    private void MustBeOldEnough(SimulatedWorld world, SimulatedNode node, string digest, string what)
    {
        var scenario = world.Scenario;
        var there = digest == scenario.TargetDigest ? TimeSpan.Zero
            : scenario.Faults.OfType<SimulationFault.TargetChanges>().Where(t => t.Digest == digest).Min(t => t.At);

        // Written moments are cut to seconds.
        Require(14, node.Name, world.Now >= scenario.Start + there + scenario.Image.MinAge - TimeSpan.FromSeconds(1),
            $"is {what} with an image that is younger than {scenario.Image.MinAge}");
    }

    private void MustBeFree(SimulatedWorld world, string policy, SimulatedNode node, string digest, string what)
    {
        Require(5, node.Name, world.Image.Status?.Quarantined?.Any(q => q.Digest == digest) != true, $"is {what} with a quarantined tree");
        var others = world.Policies.Values.Where(p => p.Name != policy && p.Spec?.NodeSelector.Matches(node.Labels) == true).Select(p => p.Name);
        Require(8, node.Name, !others.Any(), $"is {what} by {policy} although {string.Join(", ", others)} selects it");
        var retry = world.Policies[policy].Spec?.Rollout.RetryFailuresBefore;
        MustNotBeHeld(node, what);
        MustBeOldEnough(world, node, digest, what);
        Require(7, node.Name, node.OS!.Spec.Failure is not { } f || f.Digest != digest || f.At <= retry, $"is {what} again with the tree that failed on it");
    }
}
