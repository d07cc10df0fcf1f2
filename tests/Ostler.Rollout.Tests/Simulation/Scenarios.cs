using Ostler.Api.Shared;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Tests.Support;
using Ostler.Simulation;

namespace Ostler.Rollout.Tests.Simulation;

/// <summary>Whole rollouts: the usual cluster, and what befalls it.</summary>
internal static class Scenarios
{
    /// <summary>A check that the controller makes.</summary>
    public static HealthCheck Errors { get; } = new()
    {
        Name = "errors",
        Prometheus = new() { Url = "https://prometheus.example", Query = "errors{instance=\"{node}\"}", Want = new() { Operator = SampleOperator.Less, Value = "0.01" } },
    };

    public static TimeSpan Minutes(double minutes) => TimeSpan.FromMinutes(minutes);

    public static IReadOnlyList<SimulatedNodeSpec> Nodes(int count, Func<int, SimulatedNodeSpec, SimulatedNodeSpec>? change = null) =>
        [.. Enumerable.Range(1, count).Select(i =>
        {
            var node = new SimulatedNodeSpec
            {
                Name = $"n{i}",
                Digest = Trees.Old,
                Version = "41",
                Pods =
                [
                    new() { Namespace = "kube-system", Name = $"proxy-{i}", Uid = $"proxy-{i}", Controller = new("DaemonSet", "proxy", "proxy") },
                ],
            };
            return change?.Invoke(i, node) ?? node;
        })];

    public static SimulationScenario Cluster(int nodes, Func<UpgradePolicySpec, UpgradePolicySpec>? policy = null, params SimulationFault[] faults) => new()
    {
        Nodes = Nodes(nodes),
        Policies = new Dictionary<string, UpgradePolicySpec> { ["edge"] = Trees.Policy(policy) },
        Image = Trees.ImageSpec,
        TargetDigest = Trees.New,
        TargetVersion = "42",
        Workloads = [new() { Name = "web", Replicas = nodes + 1, MinAvailable = 1 }],
        Faults = faults,
        Latencies = new() { Staging = (TimeSpan.FromSeconds(10), TimeSpan.FromSeconds(40)), Boot = (TimeSpan.FromSeconds(50), TimeSpan.FromSeconds(90)) },
    };
}
