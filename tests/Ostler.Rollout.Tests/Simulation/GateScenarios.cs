using Ostler.Api.Meta;
using Ostler.Api.Shared;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Health;
using Ostler.Simulation;

namespace Ostler.Rollout.Tests.Simulation;

/// <summary>Rollouts that wait for something else in the cluster.</summary>
internal static class GateScenarios
{
    public static IReadOnlyList<string> Names { get; } =
        ["gate-closes-midway", "gate-of-each-node", "gate-of-a-wave", "gate-with-errors", "controller-restarts-at-a-gate"];

    public static SimulationScenario? Of(string scenario) => scenario switch
    {
        // Closed at first; open from 20 min on, which has to last for 2 min; closed while n1 is in flight, which finishes.
        "gate-closes-midway" => Scenarios.Cluster(
            2, s => s with { Gates = [Alerts with { For = Duration.FromMinutes(2) }] },
            Says(0, CheckOutcome.False), Says(20, CheckOutcome.Passed), Says(23, CheckOutcome.False), Says(60, CheckOutcome.Passed)),
        // n1 runs a backup until 40 min; n2 does not wait for it.
        "gate-of-each-node" => Scenarios.Cluster(
            2, s => s with { Gates = [Backup] },
            new SimulationFault.GateSays(At(0), "backup", CheckOutcome.False, "n1"),
                new SimulationFault.GateSays(At(40), "backup", CheckOutcome.Passed, "n1")),
        // The canary may begin. The gate closes while it is in flight, and holds up the rest until 60 min; then the rest goes on to its
        // end.
        "gate-of-a-wave" => Scenarios.Cluster(
            3, s => s with
            {
                Gates = [Alerts with { At = GatePoint.Wave }],
                Rollout = s.Rollout with { Waves = [new() { Name = "canary", Nodes = IntOrPercent.Count(1) }] }
            },
            Says(1.5, CheckOutcome.False), Says(60, CheckOutcome.Passed), Says(61, CheckOutcome.False)),
        // One gate is open with errors; the other finds nothing to judge until 30 min.
        "gate-with-errors" => Scenarios.Cluster(
            1, s => s with { Gates = [Alerts with { OnError = GateErrorHandling.Open }, Alerts with { Name = "ceph" }] },
            Says(0, CheckOutcome.Error), new SimulationFault.GateSays(At(0), "ceph", CheckOutcome.Missing),
                new SimulationFault.GateSays(At(30), "ceph", CheckOutcome.Passed)) with
        { Workloads = [] },
        // What it has counted is lost: the gate must hold for its 10 min again.
        "controller-restarts-at-a-gate" => Scenarios.Cluster(
            1, s => s with { Gates = [Alerts with { For = Duration.FromMinutes(10) }] }, new SimulationFault.ControllerRestarts(At(8))) with
        { Workloads = [] },
        _ => null,
    };

    private static GateSpec Alerts =>
        new() { Name = "alerts", Alerts = new() { Matchers = [new() { Name = "severity", Value = "critical" }] } };

    private static GateSpec Backup => new()
    {
        Name = "backup",
        Pods = new()
        {
            Selector = new() { MatchLabels = new Dictionary<string, string> { ["app"] = "backup" } },
            Absent = true,
            Scope = GateScope.Node
        },
    };

    private static SimulationFault.GateSays Says(double minutes, CheckOutcome outcome) => new(At(minutes), "alerts", outcome);

    private static TimeSpan At(double minutes) => TimeSpan.FromMinutes(minutes);
}
