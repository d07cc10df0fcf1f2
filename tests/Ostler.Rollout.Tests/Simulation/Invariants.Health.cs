using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.Shared;
using Ostler.Rollout.Health;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Planner;
using Ostler.Rollout.Tests.Support;
using Ostler.Simulation;

namespace Ostler.Rollout.Tests.Simulation;

/// <content>What is called Updated: invariant 4.</content>
internal sealed partial class Invariants
{
    private readonly Dictionary<string, DateTimeOffset> _passingSince = [];

    private void JudgeUpdated(SimulatedWorld world, SimulatedPolicy policy, SimulatedNode node, NodeAction.Uncordon uncordon)
    {
        if (uncordon.Reason != Reasons.Updated || node.OS!.Spec.Goal != Goal.Boot)
        {
            return;
        }

        Count("updated");
        EndTrial(node, node.OS.Spec.Image!.Digest);
        var spec = node.OS.Spec;
        Require(4, node.Name, node.Host.Boot.BootID != spec.Previous!.BootSessionID(), "is called Updated in the boot of before");
        Require(4, node.Name, node.Host.Booted.Digest == spec.Image!.Digest, "is called Updated with another tree");
        JudgeChecks(policy, node);

        // Written moments are cut to seconds.
        var soak = (TimeSpan)(policy.Spec ?? Trees.Policy()).Rollout.Soak - TimeSpan.FromSeconds(1);
        Require(
            4, node.Name, _passingSince.TryGetValue(node.Uid, out var since) && world.Now - since >= soak, $"is called Updated before its checks passed for {soak.TotalSeconds:0} s");
    }

    // Told from the tries themselves, whoever counted them.
    private void JudgeChecks(SimulatedPolicy policy, SimulatedNode node)
    {
        foreach (var check in policy.Spec?.Health.Checks ?? [])
        {
            var boot = node.Host.Boot.BootID;
            var tries = node.Tries.Where(t => t.Check == check.Name && t.BootID == boot).TakeLast(check.Successes).ToArray();
            Require(
                4, node.Name, tries.Length == check.Successes && tries.All(t => t.Outcome == CheckOutcome.Passed),
                $"is called Updated although {check.Name} said {string.Join(", ", tries.Select(t => t.Outcome))} of {check.Successes}");
            Count("checked");
        }
    }

    // At each look of the controller: what passes away between two looks, a level-triggered controller does not see.
    // What one look sees and cannot write, because it has passed away meanwhile, is as good as not seen.
    private void Observe(SimulatedWorld world, RolloutPlan plan)
    {
        var losesHealth = plan.Actions.OfType<NodeAction.ApplySpec>().Where(a => a.Spec is { Goal: Goal.Boot, HealthySince: null }).Select(a => a.Node).ToHashSet();
        foreach (var node in world.Nodes)
        {
            var status = node.OS?.Status;
            var passes = status is not null
                && status.Attempt == node.OS!.Spec.Attempt
                && status.Conditions.IsTrue(ConditionTypes.HostHealthy)
                && node.Ready
                && node.KubeletSession == status.BootSessionID()
                && node.Host.Boot.BootID == status.BootSessionID();
            if (!passes && !losesHealth.Contains(node.Name))
            {
                _passingSince.Remove(node.Uid);
            }
            else if (passes)
            {
                _passingSince.TryAdd(node.Uid, world.Now);
            }
        }
    }
}
