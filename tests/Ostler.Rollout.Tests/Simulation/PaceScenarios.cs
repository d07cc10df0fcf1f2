using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Tests.Support;
using Ostler.Simulation;
using Ostler.Simulation.Hosts;

namespace Ostler.Rollout.Tests.Simulation;

/// <summary>
/// Rollouts that are held back: by waves, windows, zones, other policies, and by nodes that come late. They begin on a Sunday at midnight,
/// UTC.
/// </summary>
internal static class PaceScenarios
{
    private static readonly DateTimeOffset Start = new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);

    private const string Zone = "topology.kubernetes.io/zone";

    public static IReadOnlyList<string> Names { get; } =
    [
        "canary-then-zones",
        "manual-approval",
        "wave-below-threshold",
        "window-closes-midway",
        "freeze",
        "control-plane-one-at-a-time",
        "depends-on",
        "newcomers",
        "node-off-during-the-rollout",
    ];

    public static SimulationScenario Of(string scenario) => scenario switch
    {
        "canary-then-zones" => CanaryThenZones(),
        "manual-approval" => ManualApproval(),
        // n1 is the canary and falls back; at 60 min the threshold is lowered by a person who has seen why.
        "wave-below-threshold" => Scenarios.Cluster(
            3, s => Waves(s, new WaveSpec { Name = "canary", Nodes = IntOrPercent.Count(2) }) with { Rollback = new() { MaxFailures = IntOrPercent.Count(1) } },
            new SimulationFault.Boots(At(0), "n1", [SimulatedBoot.FallsBack]),
            new SimulationFault.PolicyChanges(
                At(60), "edge", s => Waves(s, new WaveSpec { Name = "canary", Nodes = IntOrPercent.Count(2), SuccessThreshold = IntOrPercent.Percent(50) }))),
        // n2 holds a slot when the window closes; n3 must wait for the next evening.
        "window-closes-midway" => Scenarios.Cluster(
            3, s => s with
            {
                Windows = [new() { Schedule = "0 1 * * *", Duration = Duration.FromMinutes(6), TimeZone = "Europe/Berlin" }],
                Rollout = s.Rollout with { NodeDuration = Duration.FromMinutes(2), Soak = Duration.FromMinutes(3) },
            }) with
        { Horizon = TimeSpan.FromHours(49) },
        "freeze" => Scenarios.Cluster(
            2, s => s with
            {
                Freezes = [new() { From = Start + At(-60), To = Start + At(90), Reason = "trade fair" }, new() { From = Start + At(100), To = Start + At(240), Reason = "stocktaking" }],
                Rollout = s.Rollout with { NodeDuration = Duration.FromMinutes(8) },
            }) with
        { Horizon = TimeSpan.FromHours(6) },
        "control-plane-one-at-a-time" => ControlPlane(),
        "depends-on" => DependsOn(),
        "newcomers" => Newcomers(),
        "node-off-during-the-rollout" => Scenarios.Cluster(
            3, s => Waves(s with { Rollout = s.Rollout with { MaxUnavailable = IntOrPercent.Count(2) } }, new WaveSpec { Name = "canary", Nodes = IntOrPercent.Count(1) }),
            new SimulationFault.KubeletIsAway(At(0.01), "n1", At(60))),
        _ => throw new ArgumentOutOfRangeException(nameof(scenario), scenario, "no such scenario"),
    };

    private static SimulationScenario CanaryThenZones()
    {
        var canary = new WaveSpec { Name = "canary", NodeSelector = new() { MatchLabels = Labels(("canary", "yes")) }, Soak = Duration.FromMinutes(30) };
        var cluster = Scenarios.Cluster(
            5, s => s with { Rollout = s.Rollout with { MaxUnavailable = IntOrPercent.Count(2), Topology = new(), Waves = [canary] } });
        return cluster with { Nodes = Scenarios.Nodes(5, (i, n) => n with { Labels = Labels(i == 4 ? ("canary", "yes") : null, (Zone, i <= 2 ? "a" : "b")) }) };
    }

    // The first approval is of a tree that is replaced before its wave is reached; the second one opens it.
    private static SimulationScenario ManualApproval()
    {
        static Func<UpgradePolicySpec, UpgradePolicySpec> Approve(string digest) =>
            s => s with { Rollout = s.Rollout with { Approvals = [new() { Wave = "fleet", Digest = digest }] } };
        return Scenarios.Cluster(
            3, s => Waves(
                s,
                new() { Name = "canary", Nodes = IntOrPercent.Count(1) },
                new() { Name = "fleet", Nodes = IntOrPercent.Percent(100), Approval = WaveApproval.Manual }),
            new SimulationFault.PolicyChanges(At(30), "edge", Approve(Trees.Old)),
            new SimulationFault.PolicyChanges(At(60), "edge", Approve("sha256:" + Trees.New)),
            new SimulationFault.TargetChanges(At(90), Trees.Newer, "43"));
    }

    // Three nodes of the control plane of which this policy selects two; the third one is cordoned by a person for a while.
    private static SimulationScenario ControlPlane() => Scenarios.Cluster(
        4, s => s with
        {
            NodeSelector = new() { MatchExpressions = [new() { Key = "foreign", Operator = LabelOperator.DoesNotExist }] },
            Rollout = s.Rollout with { MaxUnavailable = IntOrPercent.Count(3) },
        },
        new SimulationFault.HumanCordons(At(0.01), "n3"),
        new SimulationFault.HumanUncordons(At(20), "n3")) with
    {
        Nodes = Scenarios.Nodes(4, (i, n) => n with
        {
            Labels = i == 4 ? null : Labels((i == 1 ? NodeMarks.MasterLabel : NodeMarks.ControlPlaneLabel, ""), i == 3 ? ("foreign", "yes") : null),
        }),
    };

    private static SimulationScenario DependsOn()
    {
        static LabelSelector Role(string role) => new() { MatchLabels = new Dictionary<string, string> { ["role"] = role } };
        var cluster = Scenarios.Cluster(4, null, new SimulationFault.TargetChanges(At(60), Trees.Newer, "43"));
        return cluster with
        {
            Nodes = Scenarios.Nodes(4, (i, n) => n with { Labels = Labels(("role", i <= 2 ? "server" : "worker")) }),
            Policies = new Dictionary<string, UpgradePolicySpec>
            {
                ["servers"] = Trees.Policy(s => s with { NodeSelector = Role("server") }),
                ["workers"] = Trees.Policy(s => s with { NodeSelector = Role("worker"), DependsOn = ["servers"] }),
            },
        };
    }

    // An autoscaler adds nodes with the old tree: one while the rollout is under way, one long after it, both kept free of workloads until
    // they are upgraded.
    private static SimulationScenario Newcomers()
    {
        static SimulatedNodeSpec New(string name) => new() { Name = name, Digest = Trees.Old, Version = "41", HasJoinTaint = true };
        return Scenarios.Cluster(
            2, s => Waves(s with { Rollout = s.Rollout with { JoinTaint = true } }, new WaveSpec { Name = "canary", Nodes = IntOrPercent.Count(1), Soak = Duration.FromMinutes(10) }),
            new SimulationFault.NodeJoins(At(6), New("a1")),
            new SimulationFault.NodeJoins(At(60), New("a2")));
    }

    private static TimeSpan At(double minutes) => TimeSpan.FromMinutes(minutes);

    private static UpgradePolicySpec Waves(UpgradePolicySpec spec, params WaveSpec[] waves) => spec with { Rollout = spec.Rollout with { Waves = waves } };

    private static Dictionary<string, string> Labels(params (string Key, string Value)?[] labels) =>
        labels.OfType<(string Key, string Value)>().ToDictionary(l => l.Key, l => l.Value);
}
