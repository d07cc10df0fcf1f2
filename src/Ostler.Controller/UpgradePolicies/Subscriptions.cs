using Ostler.Controller.Drain;
using Ostler.Controller.Health;
using Ostler.Rollout.Planner;

namespace Ostler.Controller.UpgradePolicies;

/// <summary>
/// The last step of a pass: begins to watch and check what the plan names, and ends the rest of the policy's. Waits for nothing.
/// </summary>
internal sealed class Subscriptions(IDrainingPods pods, IHealthChecks checks, IGateEvaluations gates)
{
    public void Carry(string policy, Watches watches)
    {
        pods.Retain(policy, watches.Pods);
        checks.Retain(policy, watches.Checks);
        gates.Retain(policy, watches.Gates);
    }
}
