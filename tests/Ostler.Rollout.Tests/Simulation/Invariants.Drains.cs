using Ostler.Api.NodeOSes;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Tests.Support;
using Ostler.Simulation;

namespace Ostler.Rollout.Tests.Simulation;

/// <content>What happens to a node that holds a slot before it goes down: invariant 2.</content>
internal sealed partial class Invariants
{
    private void JudgeEviction(SimulatedWorld world, SimulatedPolicy policy, NodeAction.EvictPod evict)
    {
        Count("evict");
        var drain = (policy.Spec ?? Trees.Policy()).Drain;
        var pods = world.Pods.On(evict.Node).Where(p => p.Controller?.Kind != "DaemonSet" && p.Phase is not ("Succeeded" or "Failed")).ToArray();
        if (pods.FirstOrDefault(p => p.Uid == evict.PodUid) is not { } pod)
        {
            return;
        }

        var (behavior, order) = RuleOf(drain, pod);
        Require(2, evict.Node, behavior == DrainBehavior.Evict, $"has {pod.Name} evicted, which a rule says to {behavior}");
        var before = pods.FirstOrDefault(p => RuleOf(drain, p) is { Behavior: not DrainBehavior.Skip } rule && rule.Order < order);
        Require(2, evict.Node, before is null, $"has {pod.Name} of order {order} evicted before {before?.Name}");
        Require(
            2, evict.Node, world.Find(evict.Node)!.Unschedulable && world.Find(evict.Node)!.CordonedBy == policy.Name, $"has {pod.Name} evicted without a slot");
    }

    private static (DrainBehavior Behavior, int Order) RuleOf(DrainSpec drain, PodFacts pod)
    {
        var rule = (drain.Rules ?? []).FirstOrDefault(
            r => r.PodSelector?.Matches(pod.Labels) != false && r.NamespaceSelector?.Matches(pod.NamespaceLabels) != false);
        return (rule?.Behavior ?? DrainBehavior.Evict, rule?.Order ?? 0);
    }

    private void JudgeBoot(SimulatedWorld world, SimulatedPolicy policy, SimulatedNode node, NodeOSSpec spec)
    {
        Count("boot");
        Require(5, node.Name, world.Image.Status!.Quarantined?.Any(q => q.Digest == spec.Image!.Digest) != true, "is told to boot a quarantined tree");
        Require(8, node.Name, world.Policies.Values.Count(p => p.Spec?.NodeSelector.Matches(node.Labels) == true) == 1, "is told to boot although two policies, or none, select it");
        MustNotBeHeld(node, "told to boot");
        MustBeEmpty(world, policy, node, "boot");
    }

    private void MustBeEmpty(SimulatedWorld world, SimulatedPolicy policy, SimulatedNode node, string what)
    {
        Require(2, node.Name, node.Unschedulable && node.CordonedBy == policy.Name, $"is told to {what} without a slot");
        var left = world.Pods.On(node.Name)
            .Where(p => p.Controller?.Kind != "DaemonSet" && p.Phase is not ("Succeeded" or "Failed"))
            .Where(p => RuleOf(policy.Spec!.Drain, p).Behavior != DrainBehavior.Skip)
            .ToArray();
        var forced = policy.Spec!.Drain.OnTimeout == DrainTimeoutAction.Force && world.Now - node.CordonedAt >= 2 * (TimeSpan)policy.Spec.Drain.Timeout;
        Require(
            2, node.Name, left.Length == 0 || (forced && left.All(p => p.DeletionTimestamp is not null)), $"is told to {what} with {left.Length} pods, {left.FirstOrDefault()?.Name}");
        MustBeDetached(world, policy, node, what);
    }

    // Its last pod may have gone two minutes ago at most, or the time that its volumes have is over.
    private void MustBeDetached(SimulatedWorld world, SimulatedPolicy policy, SimulatedNode node, string what)
    {
        if (policy.Spec!.Drain.VolumeDetachTimeout is null || policy.Spec.Drain.OnTimeout == DrainTimeoutAction.Force)
        {
            return;
        }

        var attached = world.Volumes.On(node.Name);
        Require(
            2, node.Name, attached.Count == 0 || node.OS!.Spec.Deadlines?.Detached <= world.Now, $"is told to {what} while {string.Join(", ", attached)} is attached");
        Count(node.OS!.Spec.Deadlines?.Detached is null ? "found detached" : attached.Count == 0 ? "waited for volumes" : "waited for volumes in vain");
    }

    // It is disrupted as by an upgrade: in a slot, and empty.
    private void JudgeBack(SimulatedWorld world, SimulatedPolicy policy, SimulatedNode node, NodeOSSpec spec)
    {
        Count("told to go back");
        MustNotBeHeld(node, "told to go back for others");
        MustBeEmpty(world, policy, node, "go back");
        Require(2, node.Name, node.Host.Rollback?.Digest == spec.Previous!.Digest, "is told to go back to a tree that its host does not keep");
        Require(2, node.Name, spec.Failure is { } failure && failure.Attempt == spec.Attempt && failure.Digest == node.Host.Booted.Digest, "goes back without a record of why");
    }
}
