using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Tests.Support;
using Ostler.Simulation;
using Ostler.Simulation.Hosts;

namespace Ostler.Rollout.Tests.Simulation;

/// <summary>Rollouts of which more goes back than the node that failed.</summary>
internal static class ScopeScenarios
{
    public static readonly string[] Names = ["rollback-wave", "rollback-policy", "rollback-policy-overtaken"];

    public static SimulationScenario? Of(string scenario) => scenario switch
    {
        "rollback-wave" => Taken(RollbackScope.Wave, "n4", 5, s => s with
        {
            Rollout = s.Rollout with { Waves = [new() { Name = "canary", Nodes = IntOrPercent.Count(1) }, new() { Name = "early", Nodes = IntOrPercent.Count(3) }] },
        }),
        "rollback-policy" => Taken(RollbackScope.Policy, "n3", 3),

        // A better tree appears while they go back: those that were not told to go back yet go forward from where they are.
        "rollback-policy-overtaken" => Taken(RollbackScope.Policy, "n4", 4, null, new SimulationFault.TargetChanges(Scenarios.Minutes(24), Trees.Newer, "43")),
        _ => null,
    };

    private static SimulationScenario Taken(
        RollbackScope scope, string fails, int nodes, Func<UpgradePolicySpec, UpgradePolicySpec>? change = null, params SimulationFault[] faults) =>
        Scenarios.Cluster(
            nodes, s => (change?.Invoke(s) ?? s) with { Rollback = new() { Scope = scope } },
            [new SimulationFault.Boots(TimeSpan.Zero, fails, [SimulatedBoot.Unhealthy]), .. faults]);
}
